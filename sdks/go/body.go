package spigot

import (
	"bytes"
	"io"
	"net/http"
)

// bodyShownMax is the most that is shown of a body: as much as Envoy's configuration has.
const bodyShownMax = 64 << 10

// again is a body of which a part was read, from its beginning.
type again struct {
	io.Reader
	io.Closer
}

// begun is the beginning of a request's body, and whether that is all of it. The application finds it where it was.
func begun(r *http.Request) ([]byte, *bool) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	// One more than is shown tells whether there is more.
	read, err := io.ReadAll(io.LimitReader(r.Body, bodyShownMax+1))
	complete := err == nil && len(read) <= bodyShownMax
	r.Body = again{io.MultiReader(bytes.NewReader(read), r.Body), r.Body}
	return read[:min(len(read), bodyShownMax)], &complete
}

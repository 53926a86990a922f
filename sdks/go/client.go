// Package spigot asks a Spigot that runs beside the application: what a widget's token is worth (Verify), what to do with
// a request or an action (Decide, Middleware), and tells it how attempts ended (Outcome).
//
// Nothing passes because a question failed: every failure is an *Error, unless FailOpen asks for the opposite.
package spigot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Keys for tests; they count only with a service that has test_keys switched on, as `spigot demo` has.
const (
	TestSecretPasses = "0x0000000000000000000000000000000000000001"
	TestSecretFails  = "0x0000000000000000000000000000000000000002"
	TestSecretSpent  = "0x0000000000000000000000000000000000000003"
)

const (
	defaultTimeout = 3 * time.Second
	// A batch of 32 challenge pages is below it; whoever sends more is no Spigot.
	answerBytesMax = 4 << 20
)

// Client asks one service on behalf of one site. It is safe for concurrent use; fields are set before the first call.
type Client struct {
	// Timeout bounds a whole call, its second try included. 3 seconds when it is zero.
	Timeout time.Duration
	// FailOpen lets through what could not be checked: Verify and Decide then say Checked: false. A refused secret, or a
	// question that the service refuses, stays an error.
	FailOpen bool

	base   *url.URL
	secret secret
	http   *http.Client
}

// secret does not show itself where a Client is printed.
type secret string

func (secret) String() string   { return "(secret)" }
func (secret) GoString() string { return "(secret)" }

// New makes a client of the service at base, such as http://127.0.0.1:8082, for the site that the secret is of.
func New(base, siteSecret string) (*Client, error) {
	address, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") {
		return nil, errors.New("spigot: the service's address is written like http://127.0.0.1:8082")
	}
	if siteSecret == "" {
		return nil, errors.New("spigot: the secret is empty; `spigot site rotate NAME` makes one")
	}
	// Idle connections are few: a question is short, and the service is beside the application. No proxy of the
	// environment's: it would read the secret.
	transport := &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second}
	return &Client{
		base: address, secret: secret(siteSecret),
		http: &http.Client{
			Transport: transport,
			// The secret would go along.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// ask posts a question within the client's deadline. What may be asked twice without harm is, when the connection breaks.
func (c *Client) ask(ctx context.Context, path string, question any, twice bool) ([]byte, error) {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	body, err := json.Marshal(question)
	if err != nil {
		return nil, &Error{Kind: Refused, Detail: "the question is no JSON: " + err.Error()}
	}
	answer, err := c.post(ctx, path, body)
	var failure *Error
	if twice && errors.As(err, &failure) && failure.Kind == Unreachable && ctx.Err() == nil {
		answer, err = c.post(ctx, path, body)
	}
	return answer, err
}

func (c *Client) post(ctx context.Context, path string, body []byte) ([]byte, error) {

	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.String()+path, bytes.NewReader(body))
	if err != nil {
		return nil, &Error{Kind: Refused, Detail: err.Error()}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+string(c.secret))
	response, err := c.http.Do(request)
	if err != nil {
		return nil, broken(ctx, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, answerBytesMax+1))
	switch {
	case err != nil:
		return nil, broken(ctx, err)
	case len(text) > answerBytesMax:
		return nil, &Error{Kind: Unreadable, Status: response.StatusCode, Detail: "the answer is larger than 4 MiB"}
	case response.StatusCode != http.StatusOK:
		return nil, refused(response, text)
	}
	return text, nil
}

// broken tells a deadline from a connection that is none.
func broken(ctx context.Context, err error) *Error {
	if ctx.Err() != nil {
		return &Error{Kind: TimedOut, Detail: "the service did not answer in time", cause: ctx.Err()}
	}
	return &Error{Kind: Unreachable, Detail: "the service cannot be reached", cause: err}
}

// refused reads an answer that is not 200.
func refused(response *http.Response, text []byte) *Error {
	failure := &Error{Status: response.StatusCode, Detail: "the service answered " + response.Status}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		failure.RetryAfter = time.Duration(seconds) * time.Second
	}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind == "application/problem+json" {
		failure.tell(text)
	}
	failure.Kind = kindOf(response.StatusCode)
	return failure
}

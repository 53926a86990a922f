package spigot

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
)

// below is where Spigot's own pages and files are; the middleware hands these requests on to the service.
const below = "/.spigot/"

// Middleware decides every request before the application sees it. Options are set before it is used.
type Middleware struct {
	Client *Client
	// Address is the visitor's; the connection's own when it is nil. Behind a proxy of yours, read what that proxy sets.
	Address func(*http.Request) string
	// Failed hears of what could not be decided.
	Failed func(*http.Request, error)
	// ShowsBody says of which requests the service sees the body's first 64 KiB, of none when it is nil. The application
	// reads it whole all the same.
	ShowsBody func(*http.Request) bool
}

// Middleware is the plain one: the connection's address, and nobody hears of failures.
func (c *Client) Middleware(next http.Handler) http.Handler {
	return Middleware{Client: c}.Wrap(next)
}

type decisionKey struct{}

// DecisionOf gives a request's decision to the handlers behind the middleware; nil where there is none.
func DecisionOf(ctx context.Context) *Decision {
	decision, _ := ctx.Value(decisionKey{}).(*Decision)
	return decision
}

// Wrap puts the middleware before a handler.
func (m Middleware) Wrap(next http.Handler) http.Handler {
	service := m.service()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		removeOurs(r.Header)
		if isBelow(r.URL.RequestURI()) {
			service.ServeHTTP(w, r)
			return
		}
		request := m.describe(r)
		if m.ShowsBody != nil && m.ShowsBody(r) {
			request.Body, request.BodyComplete = begun(r)
		}
		decision, err := m.Client.Decide(r.Context(), request)
		if err != nil {
			if m.Failed != nil {
				m.Failed(r, err)
			}
			unavailable(w)
			return
		}
		if !decision.Passes {
			send(w, r, decision.Response)
			return
		}
		for _, name := range decision.RemoveHeaders {
			r.Header.Del(name)
		}
		for _, header := range decision.RequestHeaders {
			r.Header.Set(header[0], header[1])
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), decisionKey{}, decision)))
	})
}

func (m Middleware) address(r *http.Request) string {
	if m.Address != nil {
		return m.Address(r)
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func (m Middleware) describe(r *http.Request) Request {
	headers := make([][2]string, 0, len(r.Header))
	for name, values := range r.Header {
		for _, value := range values {
			headers = append(headers, [2]string{name, value})
		}
	}
	return Request{
		Method: r.Method, Scheme: scheme(r), Host: r.Host, Path: r.URL.RequestURI(), Address: m.address(r), Headers: headers,
	}
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// service hands on what is Spigot's own: the challenge's files and its solution.
func (m Middleware) service() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(m.Client.base)
			p.Out.Host = p.In.Host
			p.Out.Header.Set("X-Forwarded-For", m.address(p.In))
			p.Out.Header.Set("X-Forwarded-Proto", scheme(p.In))
		},
		Transport: m.Client.http.Transport,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if m.Failed != nil {
				m.Failed(r, err)
			}
			unavailable(w)
		},
	}
}

// isBelow says whether a request is for Spigot itself. One whose path may lead elsewhere is decided upon like any other.
func isBelow(target string) bool {
	path, _, _ := strings.Cut(strings.ToLower(target), "?")
	rest, found := strings.CutPrefix(path, strings.TrimSuffix(below, "/"))
	if !found || !strings.HasPrefix(rest, "/") {
		return false
	}
	// Below it nothing begins with a dot, nor is written otherwise than it is.
	for _, other := range []string{"/.", "\\", "%2e", "%2f", "%5c"} {
		if strings.Contains(rest, other) {
			return false
		}
	}
	return true
}

// removeOurs takes away what only Spigot may say, in every spelling that some server takes for it.
func removeOurs(headers http.Header) {
	for name := range headers {
		plain := strings.ReplaceAll(strings.ToLower(name), "_", "-")
		if strings.HasPrefix(plain, "x-spigot-") || plain == "x-captcha-reason" {
			delete(headers, name)
		}
	}
}

func send(w http.ResponseWriter, r *http.Request, response *Response) {
	for _, header := range response.Headers {
		w.Header().Add(header[0], header[1])
	}
	w.WriteHeader(response.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(response.Body))
	}
}

func unavailable(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", "5")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": "about:blank", "title": "This cannot be checked at the moment", "status": 503,
		"detail": "Please try again in a few seconds.", "code": "unavailable",
	})
}

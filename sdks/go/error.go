package spigot

import (
	"encoding/json"
	"time"
)

// Kind is what kept a question from an answer.
type Kind string

const (
	// Unreachable: no connection, or one that broke.
	Unreachable Kind = "unreachable"
	// TimedOut: no whole answer within the deadline.
	TimedOut Kind = "timed_out"
	// Unreadable: an answer that no Spigot gives.
	Unreadable Kind = "unreadable"
	// Unavailable: the service says that it cannot answer now.
	Unavailable Kind = "unavailable"
	// Refused: the service does not take the question; Code says why. FailOpen does not change it.
	Refused Kind = "refused"
)

// Error is every failure of a call.
type Error struct {
	Kind Kind
	// Code is the service's own word, such as secret_unknown; empty when it said none.
	Code string
	// Status is the HTTP status of the answer; 0 when there was none.
	Status int
	// RetryAfter is when asking again makes sense; 0 when nothing was said.
	RetryAfter time.Duration
	// Detail is a sentence for the log.
	Detail string

	cause error
}

func (e *Error) Error() string {
	text := "spigot: " + string(e.Kind)
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap gives what is behind it: a context's end, a broken connection.
func (e *Error) Unwrap() error { return e.cause }

func (e *Error) opens() bool { return e.Kind != Refused }

// tell takes code and detail of a problem (RFC 9457).
func (e *Error) tell(text []byte) {
	var problem struct{ Code, Detail string }
	if json.Unmarshal(text, &problem) == nil {
		e.Code = problem.Code
		if problem.Detail != "" {
			e.Detail = problem.Detail
		}
	}
}

func kindOf(status int) Kind {
	switch {
	case status >= 500 && status < 600:
		return Unavailable
	case status >= 400 && status < 500:
		return Refused
	}
	return Unreadable
}

func unreadable(why string) *Error {
	return &Error{Kind: Unreadable, Status: 200, Detail: why}
}

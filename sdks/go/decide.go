package spigot

import (
	"context"
	"encoding/json"
	"errors"
)

// Request describes what is to be decided upon. Host and Address are needed, and Path or Action.
type Request struct {
	// Method is GET when it is empty.
	Method string `json:"method,omitempty"`
	// Scheme is "https" or "http" as the visitor's browser has it.
	Scheme string `json:"scheme,omitempty"`
	Host   string `json:"host"`
	// Path is as it came, with its query.
	Path string `json:"path,omitempty"`
	// Action names something that is no request, such as "checkout": routes of the policy match it as
	// POST /.spigot/action/checkout.
	Action string `json:"action,omitempty"`
	// Address is the visitor's.
	Address string `json:"address"`
	// Headers are names and values in the order in which they came.
	Headers [][2]string `json:"headers,omitempty"`
	// Account is the identifier that the request is about, where the application knows it.
	Account string `json:"account,omitempty"`
	// Body is what the policy may look into.
	Body []byte `json:"body_base64,omitempty"`
	// BodyComplete is nil or true, or false where Body is its beginning only.
	BodyComplete *bool `json:"body_complete,omitempty"`
}

// Decision is what to do with a request.
type Decision struct {
	// ID is what support and Outcome know it by; empty where FailOpen let it pass.
	ID string
	// Action is what the policy asks for: allow, log, throttle, challenge, shadow, block.
	Action string
	// Effective is what is done: in monitor mode always allow.
	Effective string
	// Risk is 0 to 100.
	Risk int
	// Reasons are why.
	Reasons []Reason
	// Passes: the application goes on, with RequestHeaders. Otherwise Response is what to send.
	Passes bool
	// Checked is false only where FailOpen let it pass unseen.
	Checked bool
	// RequestHeaders are for the application, in place of what the visitor sent under these names.
	RequestHeaders [][2]string
	// RemoveHeaders are names of what was for Spigot alone, such as a client's key; the application does not see them.
	RemoveHeaders []string
	// Response is there exactly when it does not pass.
	Response *Response
}

// Reason is one finding of a decision.
type Reason struct{ Kind, Name, Gave, Evidence string }

// Response is what the visitor gets in place of the application's.
type Response struct {
	Status  int
	Headers [][2]string
	Body    string
}

// Decided is one answer of DecideAll: a decision, or why there is none.
type Decided struct {
	Decision *Decision
	Err      error
}

// Decide asks what to do with a request. It is not asked again when the connection breaks: it would count twice.
func (c *Client) Decide(ctx context.Context, request Request) (*Decision, error) {
	text, err := c.ask(ctx, "/v1/decide", request, false)
	var decision *Decision
	if err == nil {
		decision, err = readDecision(text)
	}
	if c.passesUnseen(err) {
		return unseen(), nil
	}
	return decision, err
}

// DecideAll asks about up to 32 requests at once; there is one answer for each, in their order.
func (c *Client) DecideAll(ctx context.Context, requests []Request) ([]Decided, error) {
	if len(requests) == 0 {
		return nil, nil
	}
	text, err := c.ask(ctx, "/v1/decide", map[string]any{"requests": requests}, false)
	var decided []Decided
	if err == nil {
		decided, err = readBatch(text, len(requests))
	}
	if c.passesUnseen(err) {
		decided, err = make([]Decided, len(requests)), nil
		for i := range decided {
			decided[i].Decision = unseen()
		}
	}
	for i := range decided {
		if c.passesUnseen(decided[i].Err) {
			decided[i] = Decided{Decision: unseen()}
		}
	}
	return decided, err
}

func (c *Client) passesUnseen(err error) bool {
	var failure *Error
	// A visitor who closes the connection ends the question, and would pass by that.
	return c.FailOpen && errors.As(err, &failure) && failure.opens() && !errors.Is(err, context.Canceled)
}

func unseen() *Decision {
	return &Decision{Action: "allow", Effective: "allow", Passes: true}
}

func readBatch(text []byte, wanted int) ([]Decided, error) {
	var answer struct{ Decisions []json.RawMessage }
	if err := json.Unmarshal(text, &answer); err != nil || len(answer.Decisions) != wanted {
		return nil, unreadable("there is not one decision for each request")
	}
	decided := make([]Decided, wanted)
	for i, item := range answer.Decisions {
		var refusal struct{ Problem json.RawMessage }
		if json.Unmarshal(item, &refusal) == nil && refusal.Problem != nil {
			decided[i].Err = problem(refusal.Problem)
			continue
		}
		decision, err := readDecision(item)
		if err != nil {
			return nil, err
		}
		decided[i].Decision = decision
	}
	return decided, nil
}

func problem(text []byte) *Error {
	var told struct{ Status int }
	_ = json.Unmarshal(text, &told)
	failure := &Error{Kind: kindOf(told.Status), Status: told.Status}
	failure.tell(text)
	return failure
}

func readDecision(text []byte) (*Decision, error) {
	var told struct {
		ID, Action, Effective *string
		Risk                  int
		Reasons               []Reason
		Passes                *bool
		RequestHeaders        [][2]string `json:"request_headers"`
		RemoveHeaders         []string    `json:"remove_headers"`
		Response              *Response
	}
	if err := json.Unmarshal(text, &told); err != nil {
		return nil, unreadable("the decision cannot be read")
	}
	if told.ID == nil || told.Action == nil || told.Effective == nil || told.Passes == nil {
		return nil, unreadable("the decision is not whole")
	}
	if response := told.Response; !*told.Passes && (response == nil || response.Status < 200 || response.Status > 599) {
		return nil, unreadable("the decision does not say what to send")
	}
	return &Decision{
		ID: *told.ID, Action: *told.Action, Effective: *told.Effective, Risk: told.Risk, Reasons: told.Reasons,
		Passes: *told.Passes, Checked: true, RequestHeaders: told.RequestHeaders, RemoveHeaders: told.RemoveHeaders,
		Response: told.Response,
	}, nil
}

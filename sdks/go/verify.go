package spigot

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
)

// tokenLetters is what a token has at most; longer ones are not asked about.
const tokenLetters = 2048

// Expect is what a token has to be of. Empty fields expect nothing.
type Expect struct {
	// Address is the visitor's, where the application knows it.
	Address string
	// Action is what the widget of that form was given.
	Action string
	// Hostname is the page's host.
	Hostname string
}

// Verification is what a token is worth.
type Verification struct {
	// Success: it counts, and it is what was expected.
	Success bool
	// Checked is false only where FailOpen let it pass unseen.
	Checked bool
	// Codes say why it does not count: those of docs/service.md, action-mismatch and hostname-mismatch.
	Codes []string
	// What was sealed into the token when it was solved.
	Hostname, Action, Data string
	// SolvedAt is when that was (RFC 3339).
	SolvedAt string
}

// Verify asks once what a token is worth. A token counts once.
func (c *Client) Verify(ctx context.Context, token string, expect Expect) (*Verification, error) {
	if token == "" {
		return &Verification{Checked: true, Codes: []string{"missing-input-response"}}, nil
	}
	if len(token) > tokenLetters {
		return &Verification{Checked: true, Codes: []string{"invalid-input-response"}}, nil
	}
	question := map[string]string{
		"secret": string(c.secret), "response": token,
		// Under it the same question may be asked again when the connection breaks before the answer.
		"idempotency_key": uuid(),
	}
	if expect.Address != "" {
		question["remoteip"] = expect.Address
	}
	verification, err := c.verification(ctx, question, expect)
	if c.passesUnseen(err) {
		return &Verification{Success: true}, nil
	}
	return verification, err
}

func (c *Client) verification(ctx context.Context, question any, expect Expect) (*Verification, error) {
	text, err := c.ask(ctx, "/turnstile/v0/siteverify", question, true)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Success  *bool
		Codes    any `json:"error-codes"`
		Hostname any
		Action   any
		Data     any `json:"cdata"`
		SolvedAt any `json:"challenge_ts"`
		Metadata any
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Success == nil {
		return nil, unreadable("the answer does not say success")
	}
	found := &Verification{
		Checked: true, Codes: texts(answer.Codes), Hostname: word(answer.Hostname), Action: word(answer.Action),
		Data: word(answer.Data), SolvedAt: word(answer.SolvedAt),
	}
	for _, code := range found.Codes {
		switch code {
		case "missing-input-secret", "invalid-input-secret":
			return nil, &Error{Kind: Refused, Code: code, Status: 200, Detail: "check the secret with `spigot site show`"}
		case "internal-error":
			return nil, &Error{Kind: Unavailable, Code: code, Status: 200, Detail: "the token cannot be checked now"}
		}
	}
	if *answer.Success && !ofTests(answer.Metadata) {
		found.expect(expect)
	}
	found.Success = *answer.Success && len(found.Codes) == 0
	return found, nil
}

func (v *Verification) expect(expect Expect) {
	if expect.Action != "" && v.Action != expect.Action {
		v.Codes = append(v.Codes, "action-mismatch")
	}
	if expect.Hostname != "" && v.Hostname != expect.Hostname {
		v.Codes = append(v.Codes, "hostname-mismatch")
	}
}

// ofTests: a secret for tests knows no action and no host.
func ofTests(metadata any) bool {
	members, _ := metadata.(map[string]any)
	return members["result_with_testing_key"] == true
}

func word(value any) string {
	text, _ := value.(string)
	return text
}

func texts(value any) []string {
	list, _ := value.([]any)
	found := make([]string, 0, len(list))
	for _, item := range list {
		if text, is := item.(string); is {
			found = append(found, text)
		}
	}
	return found
}

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // It ends the program rather than fail.
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

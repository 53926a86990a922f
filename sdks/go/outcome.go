package spigot

import (
	"context"
	"encoding/json"
)

// Outcome tells how an attempt ended whose decision the application was given (ID, or X-Spigot-Decision); whether it was
// counted by this report. The same report twice is counted once.
func (c *Client) Outcome(ctx context.Context, decision string, success bool) (bool, error) {
	outcome := "failure"
	if success {
		outcome = "success"
	}
	text, err := c.ask(ctx, "/v1/outcome", map[string]string{"decision": decision, "outcome": outcome}, true)
	if err != nil {
		return false, err
	}
	var answer struct{ Counted *bool }
	if err := json.Unmarshal(text, &answer); err != nil || answer.Counted == nil {
		return false, unreadable("the answer does not say counted")
	}
	return *answer.Counted, nil
}

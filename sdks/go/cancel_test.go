package spigot

import (
	"context"
	"net"
	"testing"
)

// A visitor who closes the connection ends the question; what could not be asked passes where that is wanted, and what the
// visitor broke off does not.
func TestWhoLeavesDoesNotPass(t *testing.T) {
	// It takes connections and says nothing.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	client, err := New("http://"+silent.Addr().String(), "secret")
	if err != nil {
		t.Fatal(err)
	}
	client.FailOpen = true
	ctx, leave := context.WithCancel(context.Background())
	leave()
	request := Request{Host: "shop.example", Path: "/", Address: "192.0.2.1"}
	if decision, err := client.Decide(ctx, request); err == nil || decision != nil {
		t.Errorf("decided %v", decision)
	}
	if decided, err := client.DecideAll(ctx, []Request{request}); err == nil || decided != nil {
		t.Errorf("decided %v", decided)
	}
	if verification, err := client.Verify(ctx, "token", Expect{}); err == nil || verification != nil {
		t.Errorf("verified %v", verification)
	}
}

// The driver that the shared checks talk to: calls of a line each, or an application behind the middleware.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"spigot.dev/go/spigot"
)

type call struct {
	Call, Base, Secret, Token, Address, Action, Hostname, Decision string
	TimeoutMillis                                                  int  `json:"timeout_millis"`
	FailOpen                                                       bool `json:"fail_open"`
	Success                                                        bool
	Request                                                        request
	Requests                                                       []request
}

type request struct {
	spigot.Request
	Body string `json:"body"`
}

func (r request) asked() spigot.Request {
	r.Request.Body = []byte(r.Body)
	return r.Request
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		serve()
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var asked call
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		answer, _ := json.Marshal(run(asked))
		fmt.Println(string(answer))
	}
}

func run(asked call) any {
	client, err := spigot.New(asked.Base, asked.Secret)
	if err != nil {
		panic(err)
	}
	client.Timeout = time.Duration(asked.TimeoutMillis) * time.Millisecond
	client.FailOpen = asked.FailOpen
	result, err := calls(client, asked)
	if err != nil {
		return failed(err)
	}
	return map[string]any{"result": result}
}

func calls(client *spigot.Client, asked call) (any, error) {
	ctx := context.Background()
	switch asked.Call {
	case "verify":
		expect := spigot.Expect{Address: asked.Address, Action: asked.Action, Hostname: asked.Hostname}
		found, err := client.Verify(ctx, asked.Token, expect)
		if err != nil {
			return nil, err
		}
		return map[string]any{
			"success": found.Success, "checked": found.Checked, "codes": append([]string{}, found.Codes...),
			"hostname": found.Hostname, "action": found.Action, "data": found.Data, "solved_at": found.SolvedAt,
		}, nil
	case "outcome":
		counted, err := client.Outcome(ctx, asked.Decision, asked.Success)
		return map[string]any{"counted": counted}, err
	case "decide":
		decision, err := client.Decide(ctx, asked.Request.asked())
		if err != nil {
			return nil, err
		}
		return told(decision), nil
	case "decide_all":
		requests := []spigot.Request{}
		for _, described := range asked.Requests {
			requests = append(requests, described.asked())
		}
		decided, err := client.DecideAll(ctx, requests)
		all := []any{}
		for _, one := range decided {
			if one.Err != nil {
				all = append(all, failed(one.Err))
			} else {
				all = append(all, told(one.Decision))
			}
		}
		return all, err
	}
	panic("no such call: " + asked.Call)
}

func failed(err error) any {
	var failure *spigot.Error
	if !errors.As(err, &failure) {
		panic(err)
	}
	return map[string]any{"error": map[string]any{
		"kind": failure.Kind, "code": failure.Code, "retry_after_seconds": int(failure.RetryAfter.Seconds()), "text": err.Error(),
	}}
}

func told(decision *spigot.Decision) any {
	reasons := []string{}
	for _, reason := range decision.Reasons {
		reasons = append(reasons, reason.Name)
	}
	var response any
	if r := decision.Response; r != nil {
		response = map[string]any{"status": r.Status, "headers": r.Headers, "body": r.Body}
	}
	return map[string]any{
		"id": decision.ID, "action": decision.Action, "effective": decision.Effective, "risk": decision.Risk,
		"reasons": reasons, "passes": decision.Passes, "checked": decision.Checked,
		"request_headers": append([][2]string{}, decision.RequestHeaders...), "response": response,
	}
}

// serve is an application that tells what it was given, until its standard input ends.
func serve() {
	client, err := spigot.New(os.Getenv("SPIGOT_BASE"), os.Getenv("SPIGOT_SECRET"))
	if err != nil {
		panic(err)
	}
	client.FailOpen = os.Getenv("SPIGOT_FAIL_OPEN") != ""
	millis, _ := strconv.Atoi(os.Getenv("SPIGOT_TIMEOUT_MILLIS"))
	client.Timeout = time.Duration(millis) * time.Millisecond
	application := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		headers := [][2]string{}
		for name, values := range r.Header {
			for _, value := range values {
				headers = append(headers, [2]string{strings.ToLower(name), value})
			}
		}
		sort.Slice(headers, func(i, j int) bool { return headers[i][0] < headers[j][0] })
		_ = json.NewEncoder(w).Encode(map[string]any{
			"method": r.Method, "path": r.URL.RequestURI(), "routed": r.URL.Path, "headers": headers, "body": string(body),
		})
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("{\"port\": %d}\n", listener.Addr().(*net.TCPAddr).Port)
	shows := func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/shown/") }
	guarded := spigot.Middleware{Client: client, ShowsBody: shows}.Wrap(application)
	go func() { _ = http.Serve(listener, guarded) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// A service that is down for a moment does not disturb a read.
func Example() {
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "hello")
	}))
	defer srv.Close()

	client, err := transport.New(transport.Config{
		Limiter: rate.NewLimiter(rate.Every(10*time.Millisecond), 5), // share it between clients
		Retry:   transport.RetryPolicy{MinWait: time.Millisecond},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.Do(context.Background(), &transport.Request{
		Operation: "demo.read",
		URL:       srv.URL + "/greeting",
		Class:     transport.Read,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resp.Status, string(resp.Body), "in", resp.Attempts, "attempts")
	// Output: 200 hello in 2 attempts
}

// A creating call whose answer is lost is not sent again, and says so.
func ExampleClient_Do_create() {
	var arrivals atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrivals.Add(1)
		panic(http.ErrAbortHandler) // the work may be done; the answer is lost
	}))
	defer srv.Close()

	client, err := transport.New(transport.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Do(context.Background(), &transport.Request{
		Operation: "demo.register",
		Method:    http.MethodPost,
		URL:       srv.URL,
		Body:      []byte("<register/>"),
		Class:     transport.Create,
	})
	fmt.Println(errors.Is(err, passerelle.ErrUnavailable), passerelle.OutcomeOf(err), arrivals.Load())
	// Output: true unknown 1
}

// A Judge knows the protocol: the SOAP fault in a 500 is an answer.
func ExampleRequest_judge() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, "<Fault>unknown person</Fault>")
	}))
	defer srv.Close()

	client, err := transport.New(transport.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.Do(context.Background(), &transport.Request{
		Method: http.MethodPost,
		URL:    srv.URL,
		Body:   []byte("<register/>"),
		Judge: func(r *transport.Response) transport.Verdict {
			if strings.Contains(string(r.Body), "<Fault>") {
				return transport.Final
			}
			return transport.ByStatus
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(resp.Body), passerelle.OutcomeOf(resp.Err()))
	// Output: <Fault>unknown person</Fault> answered
}

// Prepare runs for each attempt, so that what must be new each time is.
func ExampleRequest_prepare() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("request", r.Header.Get("X-Request-Id"))
		if r.Header.Get("X-Request-Id") == "1" {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer srv.Close()

	client, err := transport.New(transport.Config{Retry: transport.RetryPolicy{MinWait: time.Millisecond}})
	if err != nil {
		fmt.Println(err)
		return
	}
	id := 0
	_, err = client.Do(context.Background(), &transport.Request{
		URL:   srv.URL,
		Class: transport.Read,
		Prepare: func(r *http.Request) error {
			id++
			r.Header.Set("X-Request-Id", fmt.Sprint(id))
			return nil
		},
	})
	fmt.Println(err)
	// Output:
	// request 1
	// request 2
	// <nil>
}

// Every fault of a Config is told at once.
func ExampleNew() {
	_, err := transport.New(transport.Config{AttemptTimeout: -time.Second, MaxBody: -1})
	fmt.Println(err)
	// Output: AttemptTimeout: range: want no negative value; 0 is the default; MaxBody: range: want no negative value; 0 is the default
}

package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestNothingPersonalIsShown drives a request that holds an INE and a token
// everywhere it can through every way to fail, with a service that repeats them
// everywhere it can, and looks at every log line and error text.
func TestNothingPersonalIsShown(t *testing.T) {
	t.Parallel()
	const ine, name, token = "123456789AB", "Lefèvre-Example", "Tok3nTok3nTok3n"
	var leaks testutil.Leaks
	leaks.Secret(t, ine, url.QueryEscape(ine), name, url.QueryEscape(name), token)

	echo := "\r\nX-Ine: " + ine + "\r\nWWW-Authenticate: " + token + "\r\nContent-Length: 30\r\n\r\n" + ine + strings.Repeat(" ", 19)
	services := []string{
		"", // refuses the connection
		answer200(echo),
		"HTTP/1.1 404 " + ine + echo,
		"HTTP/1.1 429 " + ine + "\r\nRetry-After: " + ine + echo,
		"HTTP/1.1 503 " + ine + "\r\nRetry-After: 7200" + echo,
		"HTTP/1.1 500 " + ine + echo,
		"HTTP/1.1 302 Found\r\nLocation: http://" + token + "@other.invalid/" + ine + echo,
		"HTTP/1.1 302 Found\r\nLocation: http://%zz/" + ine + echo,
		"HTTP/1.1 302 Found\r\nLocation: " + ine + ":opaque" + echo,
		ine + " is no HTTP\r\n\r\n",
		"HTTP/1.1 " + ine + " no status\r\n\r\n",
		"HTTP/1.1 200 OK\r\nbroken header " + ine + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: " + ine + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + ine,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + ine + "\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + ine + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + ine,
		"HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat(ine, 200),
	}
	failed := 0
	see := func(err error) {
		if err == nil {
			return
		}
		failed++
		if e, ok := errors.AsType[*url.Error](err); ok {
			t.Errorf("the whole URL is reachable from the error: %v", e)
		}
		leaks.Error(err)
		leaks.Error(fmt.Errorf("wrapped: %w", err))
		leaks.Error(fmt.Errorf("%v %+v %s %q", err, err, err, err))
		leaks.Logger().Error("failed", "err", err)
	}
	try := func(base http.RoundTripper, target string) {
		c := newClient(t, Config{Base: base, Logger: leaks.Logger(), MaxBody: 1000, AttemptTimeout: time.Second,
			Retry: RetryPolicy{MaxAttempts: 2, MinWait: time.Millisecond, MaxWait: time.Millisecond}})
		for _, class := range []Class{Read, Create} {
			r := &Request{
				Operation: "test.leaks", Method: "POST", Class: class, Token: StaticToken(token),
				URL:    target + "/students/" + ine + "?name=" + url.QueryEscape(name) + "&ine=" + ine,
				Header: http.Header{"X-Ine": {ine}, "Cookie": {"n=" + ine}},
				Body:   []byte("<ine>" + ine + "</ine><name>" + name + "</name>"),
			}
			resp, err := c.Do(t.Context(), r)
			see(err)
			if err == nil {
				see(resp.Err())
			}
			s, err := c.Stream(t.Context(), r)
			see(err)
			if err == nil {
				_, err := io.Copy(io.Discard, s)
				see(err)
				s.Close()
			}
			if class == Read { // redirects without credentials, which net/http follows itself
				r.Method, r.Token, r.Header = "GET", nil, nil
				_, err := c.Do(t.Context(), r)
				see(err)
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			_, err = c.Do(ended, r)
			see(err)
		}
	}
	for _, text := range services {
		p := newPeer(t, func(p *peer, conn net.Conn) {
			if p.read(conn) {
				io.WriteString(conn, text)
			}
		})
		if text == "" {
			p.Close()
		}
		try(nil, p.url("http"))
		try(nil, p.url("https"))
	}
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	srv.Config.ErrorLog = discardLog
	defer srv.Close()
	try(nil, srv.URL) // unknown authority
	try(srv.Client().Transport, srv.URL)
	try(memory(func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: errors.New("foreign " + r.URL.String())}
	}), "http://service.invalid")
	try(memory(func(r *http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "remote error", Err: errors.New(r.URL.String())}
	}), "http://service.invalid")
	try(nil, "http://no such host/")
	try(nil, "http://me:"+token+"@service.invalid")

	if failed < 100 {
		t.Errorf("only %d failures were seen", failed)
	}
	for _, part := range []string{"http attempt", "http retry", "test.leaks", `"status":404`, `"bytes":30`, `"duration":`} {
		if !strings.Contains(leaks.Log(), part) {
			t.Errorf("the log has no %s", part)
		}
	}
	leaks.Check(t)
}

// answer200 is a success with the given end of head and body.
func answer200(rest string) string { return "HTTP/1.1 200 OK" + rest }

package transport

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// peer is a service that answers each connection by hand and counts the requests
// that it read whole.
type peer struct {
	net.Listener
	arrivals atomic.Int32
}

// newPeer starts a peer; serve has one connection, which is closed after it.
func newPeer(tb testing.TB, serve func(*peer, net.Conn)) *peer {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &peer{Listener: l}
	tb.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(p, conn)
			}()
		}
	}()
	return p
}

func (p *peer) url(scheme string) string { return scheme + "://" + p.Addr().String() }

// read reads one whole request and counts it.
func (p *peer) read(conn io.Reader) bool {
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return false
	}
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return false
	}
	p.arrivals.Add(1)
	return true
}

// reset makes the close of conn an RST.
func reset(conn net.Conn) { conn.(*net.TCPConn).SetLinger(0) }

// answering returns a peer that reads a request and sends text.
func answering(text string) func(*peer, net.Conn) {
	return func(p *peer, conn net.Conn) {
		if p.read(conn) {
			io.WriteString(conn, text)
		}
	}
}

// status returns a peer that answers with a complete response.
func status(code int) func(*peer, net.Conn) {
	return answering(fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody", code))
}

// want is what a request of one class comes to.
type want struct {
	attempts int32 // tried by the client
	arrivals int32 // read whole by the service
	outcome  passerelle.Outcome
}

const (
	unknown  = passerelle.Unknown
	notSent  = passerelle.NotSent
	answered = passerelle.Answered
)

// TestFailureTable is the policy: with three attempts at most, what each class
// makes of each failure.
func TestFailureTable(t *testing.T) {
	t.Parallel()
	hang := func(conn net.Conn) { conn.SetReadDeadline(time.Now().Add(2 * time.Second)); io.Copy(io.Discard, conn) }
	again := func(o passerelle.Outcome) want { return want{3, 3, o} }
	once := func(o passerelle.Outcome) want { return want{1, 1, o} }
	tests := map[int]struct {
		name     string
		serve    func(*peer, net.Conn) // nil: nobody listens
		scheme   string
		sentinel error
		status   int
		repeat   want // of Read and Idempotent
		create   want
		text     string // part of the error's text
	}{
		0: {name: "connection refused", sentinel: passerelle.ErrUnavailable,
			repeat: want{3, 0, notSent}, create: want{3, 0, notSent}, text: "connection refused"},
		1: {name: "closed before reading", serve: func(_ *peer, c net.Conn) {}, sentinel: passerelle.ErrUnavailable,
			repeat: want{3, 0, unknown}, create: want{1, 0, unknown}},
		2: {name: "reset while reading", serve: func(_ *peer, c net.Conn) { c.Read(make([]byte, 1)); reset(c) }, sentinel: passerelle.ErrUnavailable,
			repeat: want{3, 0, unknown}, create: want{1, 0, unknown}},
		3: {name: "closed after reading", serve: func(p *peer, c net.Conn) { p.read(c) }, sentinel: passerelle.ErrUnavailable,
			repeat: again(unknown), create: once(unknown), text: "connection closed before the end of the answer"},
		4: {name: "reset after reading", serve: func(p *peer, c net.Conn) { p.read(c); reset(c) }, sentinel: passerelle.ErrUnavailable,
			repeat: again(unknown), create: once(unknown), text: "connection reset by peer"},
		5: {name: "silent after reading", serve: func(p *peer, c net.Conn) { p.read(c); hang(c) }, sentinel: passerelle.ErrUnavailable,
			repeat: again(unknown), create: once(unknown), text: "no answer within the time-out of an attempt"},
		6: {name: "body cut", serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), sentinel: passerelle.ErrUnavailable, status: 200,
			repeat: again(unknown), create: once(unknown), text: "200 OK: connection closed before the end of the answer"},
		7: {name: "body stalls", serve: func(p *peer, c net.Conn) {
			p.read(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
			hang(c)
		}, sentinel: passerelle.ErrUnavailable, status: 200, repeat: again(unknown), create: once(unknown), text: "time-out of an attempt"},
		8: {name: "chunk cut", serve: answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), sentinel: passerelle.ErrUnavailable, status: 200,
			repeat: again(unknown), create: once(unknown)},
		9: {name: "not HTTP", serve: answering("SSH-2.0-peer 123456789AB\r\n"), sentinel: passerelle.ErrProtocol,
			repeat: again(unknown), create: once(unknown), text: "answer is not well-formed HTTP"},
		10: {name: "header not HTTP", serve: answering("HTTP/1.1 200 OK\r\nbroken 123456789AB\r\n\r\n"), sentinel: passerelle.ErrProtocol,
			repeat: again(unknown), create: once(unknown), text: "answer is not well-formed HTTP"},
		11: {name: "body too long", serve: answering("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + strings.Repeat("x", 2000)), sentinel: passerelle.ErrProtocol, status: 200,
			repeat: once(unknown), create: once(unknown), text: "answer longer than the limit"},
		12: {name: "body announced too long", serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"), sentinel: passerelle.ErrProtocol, status: 200,
			repeat: once(unknown), create: once(unknown), text: "answer longer than the limit"},
		13: {name: "plain HTTP where TLS is spoken", scheme: "https", serve: answering("HTTP/1.1 400 Bad Request\r\n\r\n"), sentinel: passerelle.ErrUnavailable,
			repeat: want{3, 0, notSent}, create: want{3, 0, notSent}},
		14: {name: "closed in the TLS handshake", scheme: "https", serve: func(_ *peer, c net.Conn) { c.Read(make([]byte, 64)) }, sentinel: passerelle.ErrUnavailable,
			repeat: want{3, 0, notSent}, create: want{3, 0, notSent}},
		15: {name: "429", serve: status(429), sentinel: passerelle.ErrRateLimited, status: 429, repeat: again(answered), create: once(answered)},
		16: {name: "502", serve: status(502), sentinel: passerelle.ErrUnavailable, status: 502, repeat: again(unknown), create: once(unknown)},
		17: {name: "503", serve: status(503), sentinel: passerelle.ErrUnavailable, status: 503, repeat: again(unknown), create: once(unknown), text: "503 Service Unavailable"},
		18: {name: "504", serve: status(504), sentinel: passerelle.ErrUnavailable, status: 504, repeat: again(unknown), create: once(unknown)},
		19: {name: "500", serve: status(500), sentinel: passerelle.ErrUnavailable, status: 500, repeat: once(unknown), create: once(unknown)},
		20: {name: "501", serve: status(501), sentinel: passerelle.ErrUnavailable, status: 501, repeat: once(answered), create: once(answered)},
		21: {name: "520", serve: status(520), sentinel: passerelle.ErrUnavailable, status: 520, repeat: once(unknown), create: once(unknown)},
		22: {name: "400", serve: status(400), sentinel: passerelle.ErrInvalid, status: 400, repeat: once(answered), create: once(answered)},
		23: {name: "401", serve: status(401), sentinel: passerelle.ErrUnauthorized, status: 401, repeat: once(answered), create: once(answered)},
		24: {name: "403", serve: status(403), sentinel: passerelle.ErrForbidden, status: 403, repeat: once(answered), create: once(answered)},
		25: {name: "404", serve: status(404), sentinel: passerelle.ErrNotFound, status: 404, repeat: once(answered), create: once(answered)},
		26: {name: "405", serve: status(405), sentinel: passerelle.ErrProtocol, status: 405, repeat: once(answered), create: once(answered)},
		27: {name: "408", serve: status(408), sentinel: passerelle.ErrUnavailable, status: 408, repeat: once(unknown), create: once(unknown)},
		28: {name: "409", serve: status(409), sentinel: passerelle.ErrConflict, status: 409, repeat: once(answered), create: once(answered)},
		29: {name: "410", serve: status(410), sentinel: passerelle.ErrGone, status: 410, repeat: once(answered), create: once(answered)},
		30: {name: "422", serve: status(422), sentinel: passerelle.ErrInvalid, status: 422, repeat: once(answered), create: once(answered)},
		31: {name: "302 without Location", serve: status(302), sentinel: passerelle.ErrProtocol, status: 302, repeat: once(answered), create: once(answered)},
		32: {name: "length not a number", serve: answering("HTTP/1.1 200 OK\r\nContent-Length: 123456789AB\r\n\r\n"), sentinel: passerelle.ErrProtocol,
			repeat: again(unknown), create: once(unknown), text: "answer is not well-formed HTTP"},
		33: {name: "unknown transfer encoding", serve: answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: 123456789AB\r\n\r\n"), sentinel: passerelle.ErrProtocol,
			repeat: again(unknown), create: once(unknown), text: "answer is not well-formed HTTP"},
		34: {name: "chunk not a chunk", serve: answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n123456789XY\r\n"), sentinel: passerelle.ErrProtocol, status: 200,
			repeat: again(unknown), create: once(unknown), text: "answer is not well-formed HTTP"},
		35: {name: "endless headers", serve: answering("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 1<<17) + "\r\n\r\n"), sentinel: passerelle.ErrProtocol,
			repeat: again(unknown), create: once(unknown), text: "answer is not well-formed HTTP"},
		36: {name: "not gzip", serve: answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n123456789AB"), sentinel: passerelle.ErrProtocol, status: 200,
			repeat: again(unknown), create: once(unknown), text: "answer is not well-formed HTTP"},
	}
	for i, tt := range tests {
		for _, class := range []Class{Read, Idempotent, Create} {
			t.Run(fmt.Sprintf("%d %s %s", i, tt.name, class), func(t *testing.T) {
				t.Parallel()
				p := newPeer(t, tt.serve)
				if tt.serve == nil {
					p.Close()
				}
				scheme := tt.scheme
				if scheme == "" {
					scheme = "http"
				}
				base := &http.Transport{MaxResponseHeaderBytes: 1 << 16}
				t.Cleanup(base.CloseIdleConnections)
				c := newClient(t, Config{Base: base, AttemptTimeout: 150 * time.Millisecond, MaxBody: 1000})
				resp, err := c.Do(t.Context(), &Request{Operation: "test.do", Method: "POST", URL: p.url(scheme) + "/x", Body: []byte("<a/>"), Class: class})
				if err == nil {
					err = resp.Err()
				}
				e, ok := errors.AsType[*Error](err)
				if !ok {
					t.Fatalf("got %v, want an *Error", err)
				}
				w := tt.repeat
				if class == Create {
					w = tt.create
				}
				if got := (want{int32(e.Attempts), p.arrivals.Load(), passerelle.OutcomeOf(err)}); got != w {
					t.Errorf("attempts, arrivals and outcome are %v, want %v; error: %v", got, w, err)
				}
				if !errors.Is(err, tt.sentinel) {
					t.Errorf("errors.Is(err, %v) is false for: %v", tt.sentinel, err)
				}
				if e.Status != tt.status {
					t.Errorf("status %d, want %d", e.Status, tt.status)
				}
				if !strings.Contains(err.Error(), tt.text) {
					t.Errorf("%q does not say %q", err, tt.text)
				}
				if strings.Contains(err.Error(), "123456789AB") {
					t.Errorf("what the service sent is in the text: %v", err)
				}
				if tt.status > 299 && string(e.Body) != "body" {
					t.Errorf("body of the last answer is %q, want %q", e.Body, "body")
				}
			})
		}
	}
}

// TestNoReplayOfCreate watches net/http itself, which sends a request again on
// its own when an idle connection breaks and the request looks replayable.
func TestNoReplayOfCreate(t *testing.T) {
	t.Parallel()
	key := http.Header{"Idempotency-Key": {"one"}, "X-Idempotency-Key": {"one"}}
	tests := map[int]struct {
		name     string
		request  Request
		arrivals int32 // after the first request, which is answered
	}{
		0: {"create", Request{Method: "POST", Body: []byte("x")}, 1},
		1: {"create without a body", Request{Method: "POST"}, 1},
		2: {"create with a key", Request{Method: "POST", Body: []byte("x"), Header: key}, 1},
		3: {"create with a key and without a body", Request{Method: "POST", Header: key}, 1},
		4: {"create with a key set by Prepare", Request{Method: "POST", Prepare: func(r *http.Request) error { r.Header.Set("Idempotency-Key", "one"); return nil }}, 1},
		5: {"idempotent with a key: the control that net/http would do it", Request{Method: "POST", Body: []byte("x"), Header: key, Class: Idempotent}, 2},
		6: {"read by GET", Request{Class: Read}, 2},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i, " ", tt.name), func(t *testing.T) {
			t.Parallel()
			var keys atomic.Int32
			p := newPeer(t, func(p *peer, conn net.Conn) {
				buf := bufio.NewReader(conn)
				for {
					req, err := http.ReadRequest(buf)
					if err != nil {
						return
					}
					io.Copy(io.Discard, req.Body)
					if req.URL.Path == "/first" {
						io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
						continue
					}
					p.arrivals.Add(1)
					if req.Header.Get("Idempotency-Key") != "" {
						keys.Add(1)
					}
					return // closes an idle connection that was used again
				}
			})
			c := newClient(t, Config{Retry: RetryPolicy{MaxAttempts: 1}})
			if _, err := c.Do(t.Context(), &Request{URL: p.url("http") + "/first", Class: Read}); err != nil {
				t.Fatal(err)
			}
			r := tt.request
			r.URL = p.url("http") + "/second"
			_, err := c.Do(t.Context(), &r)
			if err == nil {
				t.Fatal("no error from a service that never answers")
			}
			if got := p.arrivals.Load(); got != tt.arrivals {
				t.Errorf("the request arrived %d times, want %d", got, tt.arrivals)
			}
			if passerelle.OutcomeOf(err) != passerelle.Unknown {
				t.Errorf("outcome %v, want unknown", passerelle.OutcomeOf(err))
			}
			if hasKey := r.Header != nil || r.Prepare != nil; hasKey != (keys.Load() > 0) {
				t.Errorf("the service saw the key %d times", keys.Load())
			}
		})
	}
}

// TestHTTP2 checks a stream that the service ends after it read the request.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	var arrivals atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if r.ProtoMajor != 2 {
			t.Errorf("spoken to in %s", r.Proto)
		}
		if r.URL.Path == "/lost" {
			arrivals.Add(1)
			panic(http.ErrAbortHandler)
		}
		w.Write([]byte("fine"))
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	for class, w := range map[Class]want{Read: {3, 3, unknown}, Create: {1, 1, unknown}} {
		arrivals.Store(0)
		c := newClient(t, Config{Base: srv.Client().Transport})
		resp, err := c.Do(t.Context(), &Request{Method: "POST", URL: srv.URL, Body: []byte("x")})
		if err != nil || string(resp.Body) != "fine" {
			t.Fatalf("got %v, %v", resp, err)
		}
		_, err = c.Do(t.Context(), &Request{Method: "POST", URL: srv.URL + "/lost", Body: []byte("x"), Class: class, Header: http.Header{"Idempotency-Key": {"one"}}})
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Fatalf("got %v, want an *Error", err)
		}
		if got := (want{int32(e.Attempts), arrivals.Load(), e.Outcome()}); got != w {
			t.Errorf("%s: attempts, arrivals and outcome are %v, want %v; error: %v", class, got, w, err)
		}
	}
}

// TestTLS is about certificates, where trying again is of no use.
func TestTLS(t *testing.T) {
	t.Parallel()
	var arrivals atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrivals.Add(1) }))
	srv.Config.ErrorLog = discardLog
	srv.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())

	tests := map[int]struct {
		name     string
		tls      *tls.Config
		sentinel error
		attempts int
		text     string
	}{
		0: {"unknown authority", &tls.Config{}, passerelle.ErrUnavailable, 1, "certificate signed by unknown authority"},
		1: {"wrong name", &tls.Config{RootCAs: roots, ServerName: "ines.invalid"}, passerelle.ErrUnavailable, 1, "not ines.invalid"},
		2: {"no client certificate, TLS 1.3", &tls.Config{RootCAs: roots}, passerelle.ErrUnauthorized, 1, "refused the client certificate"},
		3: {"no client certificate, TLS 1.2", &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS12}, passerelle.ErrUnavailable, 3, "handshake failure"},
		4: {"client certificate of another authority", &tls.Config{RootCAs: roots, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return selfSigned(t), nil
		}}, passerelle.ErrUnauthorized, 1, "refused the client certificate"},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i, " ", tt.name), func(t *testing.T) {
			t.Parallel()
			base := &http.Transport{TLSClientConfig: tt.tls}
			t.Cleanup(base.CloseIdleConnections)
			c := newClient(t, Config{Base: base})
			_, err := c.Do(t.Context(), &Request{Method: "POST", URL: srv.URL, Body: []byte("x")})
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("got %v, want an *Error", err)
			}
			if !errors.Is(err, tt.sentinel) || e.Outcome() != notSent || e.Attempts != tt.attempts || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, outcome %v, %d attempts; want %v saying %q, not sent, %d attempts", err, e.Outcome(), e.Attempts, tt.sentinel, tt.text, tt.attempts)
			}
		})
	}
	t.Cleanup(func() {
		if n := arrivals.Load(); n != 0 {
			t.Errorf("%d requests arrived", n)
		}
	})
}

func selfSigned(tb testing.TB) *tls.Certificate {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

package transport

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkPost compares a call over loopback with the same work of net/http
// alone, and the policy alone with a Base that costs nothing.
func BenchmarkPost(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 2<<10)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Write(body)
	}))
	defer srv.Close()
	base := &http.Transport{}
	defer base.CloseIdleConnections()

	b.Run("loopback/nethttp", func(b *testing.B) {
		b.ReportAllocs()
		client := &http.Client{Transport: base}
		for b.Loop() {
			resp, err := client.Post(srv.URL, "text/xml", bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadAll(resp.Body); err != nil {
				b.Fatal(err)
			}
			resp.Body.Close()
		}
	})
	b.Run("loopback/Do", func(b *testing.B) {
		benchmarkDo(b, newClient(b, Config{Base: base}), srv.URL, body)
	})
	b.Run("memory/nethttp", func(b *testing.B) {
		b.ReportAllocs()
		client := &http.Client{Transport: memory(func(*http.Request) (*http.Response, error) { return reply(200, "ok"), nil })}
		for b.Loop() {
			resp, err := client.Post("http://service.invalid/", "text/xml", bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadAll(resp.Body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("memory/Do", func(b *testing.B) {
		c := newClient(b, Config{Base: memory(func(*http.Request) (*http.Response, error) { return reply(200, "ok"), nil })})
		benchmarkDo(b, c, "http://service.invalid/", body)
	})
}

func benchmarkDo(b *testing.B, c *Client, url string, body []byte) {
	b.ReportAllocs()
	r := &Request{Operation: "bench", Method: "POST", URL: url, Header: http.Header{"Content-Type": {"text/xml"}}, Body: body}
	for b.Loop() {
		if _, err := c.Do(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}

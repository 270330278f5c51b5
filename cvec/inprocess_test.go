package cvec_test

import (
	"net/http"
	"net/http/httptest"
)

// inProcess hands requests to a handler without a network, so that time can be that of
// a test bubble.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// recorder notes where it was asked.
type recorder struct {
	inProcess
	url string
}

func (p *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	p.url = r.URL.String()
	return p.inProcess.RoundTrip(r)
}

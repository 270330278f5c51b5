package monitoring_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/monitoring"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// keeper keeps the last report.
type keeper struct{ last *monitoring.Report }

func (k *keeper) Report(_ context.Context, _ ewpserver.Parties, r monitoring.Report) error {
	if r.ClientMessage == "full" {
		return passerelle.ErrUnavailable
	}
	k.last = &r
	return nil
}

// TestServe sends reports by the rules of the API, and against them.
func TestServe(t *testing.T) {
	t.Parallel()
	s := ewptest.NewNetwork(t, ewptest.Config{}).University("uni-b.example").Server
	var k keeper
	if err := monitoring.Register(s, &k, ewpserver.Security(ewp.ClientAnonymous|ewp.RequestTLS|ewp.ResponseTLS)); err != nil {
		t.Fatal(err)
	}
	good := monitoring.Report{ServerHEI: uniB, API: "iias", Endpoint: "get", Status: 500, ServerMessage: "no", ClientMessage: "it said no"}
	form := func(change ...string) url.Values {
		v := good.Params()
		for i := 0; i < len(change); i += 2 {
			if change[i+1] == "-" {
				v.Del(change[i])
				continue
			}
			v[change[i]] = strings.Split(change[i+1], "|")
		}
		return v
	}
	short := good
	short.Endpoint, short.ServerMessage, short.ClientMessage = "", "", ""
	for name, test := range map[string]struct {
		form   url.Values
		status int
		want   *monitoring.Report
		in     string // in the refusal
	}{
		"good":                       {form(), 200, &good, ""},
		"an error says it all":       {form("endpoint_name", "", "server_message", "", "client_message", ""), 200, &short, ""},
		"optional ones left out":     {form("endpoint_name", "-", "server_message", "-", "client_message", "-"), 200, &short, ""},
		"no institution":             {form("server_hei_id", "-"), 400, nil, "server_hei_id: required"},
		"an institution that is not": {form("server_hei_id", "a b"), 400, nil, "server_hei_id: identifier"},
		"no API":                     {form("api_name", "-"), 400, nil, "api_name: required"},
		"an empty API":               {form("api_name", ""), 400, nil, "api_name: required"},
		"echo":                       {form("api_name", "echo"), 400, nil, "api_name: reported"},
		"discovery":                  {form("api_name", "discovery"), 400, nil, "api_name: reported"},
		"monitoring":                 {form("api_name", "monitoring"), 400, nil, "api_name: reported"},
		"registry":                   {form("api_name", "registry"), 400, nil, "api_name: reported"},
		"two APIs":                   {form("api_name", "iias|iias"), 400, nil, "api_name: single"},
		"two messages":               {form("client_message", "a|b"), 400, nil, "client_message: single"},
		"a word for a status":        {form("http_code", "abc"), 400, nil, "http_code"},
		"a status of four digits":    {form("http_code", "0500"), 400, nil, "http_code"},
		"no such status":             {form("http_code", "999"), 400, nil, "http_code"},
		"no status, no message":      {form("http_code", "", "client_message", ""), 400, nil, "client_message: required"},
		"success without message":    {form("http_code", "200", "client_message", ""), 400, nil, "client_message: required"},
		"nowhere to keep it":         {form("client_message", "full"), 503, nil, ""},
	} {
		k.last = nil
		r := httptest.NewRequest("POST", "/monitoring", strings.NewReader(test.form.Encode()))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.in) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if (k.last == nil) != (test.want == nil) || k.last != nil && *k.last != *test.want {
			t.Errorf("%s: kept %+v, want %+v", name, k.last, test.want)
		}
		if w.Code == 200 {
			testutil.Equal(t, name, w.Body.String(), `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+
				`<monitoring-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-monitoring/tree/stable-v1"></monitoring-response>`+"\n")
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/monitoring?"+form().Encode(), nil))
	testutil.Equal(t, "status of a GET", w.Code, 405)
	if err := monitoring.Register(s, nil); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no provider: %v", err)
	}
}

// TestFaultsAndParams: what Faults lets through is what the server takes.
func TestFaultsAndParams(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		r      monitoring.Report
		faults string
	}{
		0: {monitoring.Report{ServerHEI: uniA, API: "iias", Status: 404}, ""},
		1: {monitoring.Report{ServerHEI: uniA, API: "iias", ClientMessage: "time-out"}, ""},
		2: {monitoring.Report{}, "server_hei_id api_name client_message"},
		3: {monitoring.Report{ServerHEI: uniA, API: "echo", Status: 42}, "api_name http_code client_message"},
	} {
		var fields []string
		for _, f := range test.r.Faults() {
			fields = append(fields, f.Field)
		}
		if got := strings.Join(fields, " "); got != test.faults {
			t.Errorf("%d: faults %q, want %q", i, got, test.faults)
		}
	}
	testutil.Equal(t, "form", monitoring.Report{ServerHEI: uniA, API: "iias", ClientMessage: "x"}.Params().Encode(),
		"api_name=iias&client_message=x&endpoint_name=&http_code=&server_hei_id=uni-a.example&server_message=")
}

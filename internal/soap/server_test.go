package soap_test

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

func post(s *soap.Server, contentType, action, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/services/Etudiant?wsdl", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if action != "" {
		r.Header.Set("SOAPAction", action)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func says(name string) soap.Handler {
	return func(context.Context, *soap.Request) (*etree.Element, error) { return etree.NewElement(name), nil }
}

func TestServerDispatch(t *testing.T) {
	t.Parallel()
	s := &soap.Server{Understood: []xml.Name{soap.Security}}
	s.Handle("urn:a", "one", says("byName"))
	s.HandleAction("urn:act", says("byAction"))
	const secured = `<s:Header><w:Security xmlns:w="` + wsse + `" s:mustUnderstand="1"/></s:Header>`
	for i, tc := range map[int]struct {
		contentType, action, body string
		status                    int
		want                      string // element in the body, or code of the fault
	}{
		0:  {"text/xml", `""`, head11 + `<s:Body><one xmlns="urn:a"/></s:Body>` + tail, 200, "byName"},
		1:  {"text/xml; charset=UTF-8", `"urn:act"`, head11 + `<s:Body><one xmlns="urn:a"/></s:Body>` + tail, 200, "byName"},
		2:  {"text/xml", `"urn:act"`, head11 + `<s:Body><two/></s:Body>` + tail, 200, "byAction"},
		3:  {"text/xml", `urn:act`, head11 + `<s:Body/>` + tail, 200, "byAction"},
		4:  {`application/soap+xml; action="urn:act"`, "", head12 + `<s:Body><two/></s:Body>` + tail, 200, "byAction"},
		5:  {"application/soap+xml", "", head12 + `<s:Body><one xmlns="urn:a"/></s:Body>` + tail, 200, "byName"},
		6:  {"text/xml", "", head11 + secured + `<s:Body><one xmlns="urn:a"/></s:Body>` + tail, 200, "byName"},
		10: {"text/xml", `"urn:other"`, head11 + `<s:Body><one/></s:Body>` + tail, 500, "Client"},
		11: {"application/soap+xml", "", head12 + `<s:Body><one/></s:Body>` + tail, 400, "Sender"},
		12: {"text/xml", "", head12 + `<s:Body><one xmlns="urn:a"/></s:Body>` + tail, 500, "VersionMismatch"},
		13: {"application/soap+xml", "", head11 + `<s:Body><one xmlns="urn:a"/></s:Body>` + tail, 500, "VersionMismatch"},
		14: {"text/xml", "", `<s:Envelope xmlns:s="urn:soap13"><s:Body/></s:Envelope>`, 500, "VersionMismatch"},
		15: {"text/xml", "", head11 + `<s:Header><h xmlns="urn:h" s:mustUnderstand="1"/></s:Header><s:Body/>` + tail, 500, "MustUnderstand"},
		16: {"text/xml", "", `<!DOCTYPE x>` + head11 + `<s:Body/>` + tail, 500, "Client"},
		17: {"application/soap+xml", "", "garbage", 400, "Sender"},
		18: {"text/xml; charset=utf-16", "", head11 + `<s:Body/>` + tail, 500, "Client"},
	} {
		w := post(s, tc.contentType, tc.action, tc.body)
		env, err := new(soap.Options).DecodeResponse(w.Header().Get("Content-Type"), w.Code, w.Body.Bytes())
		got := ""
		if f, ok := errors.AsType[*soap.Fault](err); ok {
			got = f.Code.Local
		} else if err != nil {
			t.Errorf("%d: %v", i, err)
		} else {
			got = env.Body.Tag
		}
		if got != tc.want || w.Code != tc.status {
			t.Errorf("%d: %s with status %d, want %s with %d", i, got, w.Code, tc.want, tc.status)
		}
		if wantType := strings.HasPrefix(tc.contentType, "application/soap+xml"); strings.HasPrefix(w.Header().Get("Content-Type"), "application/soap+xml") != wantType {
			t.Errorf("%d: answered as %s", i, w.Header().Get("Content-Type"))
		}
	}
}

func TestServerHTTP(t *testing.T) {
	t.Parallel()
	s := &soap.Server{WSDL: []byte("<definitions/>"), Limits: xmlx.Limits{MaxBytes: 1000}}
	get := func(method, target string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, target, nil))
		return w
	}
	for _, target := range []string{"/x?wsdl", "/x?WSDL", "/x?a=1&Wsdl=1"} {
		if w := get(http.MethodGet, target); w.Code != 200 || w.Body.String() != "<definitions/>" || w.Header().Get("Content-Type") != "text/xml" {
			t.Errorf("GET %s: %d %q", target, w.Code, w.Body)
		}
	}
	if w := get(http.MethodGet, "/x"); w.Code != 404 {
		t.Errorf("GET without wsdl: %d, want 404", w.Code)
	}
	if w := get(http.MethodPut, "/x"); w.Code != 405 || w.Header().Get("Allow") != "GET, POST" {
		t.Errorf("PUT: %d, want 405", w.Code)
	}
	if w := post(s, "application/json", "", "{}"); w.Code != 415 {
		t.Errorf("JSON: %d, want 415", w.Code)
	}
	if w := post(s, "", "", head11); w.Code != 415 {
		t.Errorf("no content type: %d, want 415", w.Code)
	}
	if w := post(s, "text/xml", "", head11+strings.Repeat(" ", 1000)); w.Code != 413 {
		t.Errorf("too much: %d, want 413", w.Code)
	}
	s.WSDL = nil
	if w := get(http.MethodGet, "/x?wsdl"); w.Code != 404 {
		t.Errorf("GET without a contract: %d, want 404", w.Code)
	}
	s.Charset = "UTF-16"
	if w := post(s, "text/xml", "", head11+tail); w.Code != 500 || soap.IsFault(w.Header().Get("Content-Type"), w.Body.Bytes()) {
		t.Errorf("a server in an unknown character set: %d %s", w.Code, w.Body)
	}
}

func TestServerAuthenticates(t *testing.T) {
	t.Parallel()
	v := verifier(rentree)
	s := &soap.Server{
		Understood: []xml.Name{soap.Security},
		Check:      func(r *soap.Request) error { _, err := v.Verify(r.Envelope); return err },
	}
	s.Handle("urn:a", "one", says("in"))
	for i, tc := range map[int]struct {
		password string
		version  soap.Version
		status   int
	}{0: {"secret&é", soap.V11, 200}, 1: {"wrong", soap.V11, 500}, 2: {"secret&é", soap.V12, 200}, 3: {"wrong", soap.V12, 400}} {
		token := soap.UsernameToken{Username: "univ", Password: tc.password, Digest: true, MustUnderstand: true, Version: tc.version, Now: v.Now}
		o := soap.Options{Version: tc.version, Header: token.Header}
		msg, err := o.EncodeRequest(t.Context(), "", soap.Operation{Name: "one", Namespace: "urn:a"}.Element())
		if err != nil {
			t.Fatal(err)
		}
		w := post(s, msg.Header.Get("Content-Type"), "", string(msg.Body))
		if w.Code != tc.status {
			t.Errorf("%d: status %d, want %d: %s", i, w.Code, tc.status, w.Body)
		}
	}
}

func TestServerCannotWrite(t *testing.T) {
	t.Parallel()
	var reported []error
	s := &soap.Server{Charset: "ISO-8859-1", Report: func(err error) { reported = append(reported, err) }}
	s.Handle("urn:a", "one", func(context.Context, *soap.Request) (*etree.Element, error) {
		return soap.Operation{Name: "r"}.Element(soap.Field{Name: "nom", Value: "Œ"}), nil
	})
	s.Handle("urn:a", "two", func(context.Context, *soap.Request) (*etree.Element, error) {
		return nil, soap.NewFault("Client", "Œ")
	})
	w := post(s, "text/xml", "", head11+`<s:Body><one xmlns="urn:a"/></s:Body>`+tail)
	_, err := new(soap.Options).DecodeResponse(w.Header().Get("Content-Type"), w.Code, w.Body.Bytes())
	if f, ok := errors.AsType[*soap.Fault](err); !ok || !f.Server() {
		t.Errorf("an answer that cannot be written: %v, want a fault of the server", err)
	}
	if len(reported) != 1 || !strings.Contains(reported[0].Error(), "Envelope/Body/r/nom") {
		t.Errorf("reported %v, want the element", reported)
	}
	w = post(s, "text/xml", "", head11+`<s:Body><two xmlns="urn:a"/></s:Body>`+tail)
	_, err = new(soap.Options).DecodeResponse(w.Header().Get("Content-Type"), w.Code, w.Body.Bytes())
	if f, ok := errors.AsType[*soap.Fault](err); !ok || !f.Server() || w.Code != 500 {
		t.Errorf("a fault that cannot be written: %v", err)
	}
	testutil.Equal(t, "reports", len(reported), 2)
}

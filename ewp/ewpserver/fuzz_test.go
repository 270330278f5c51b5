package ewpserver_test

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// publishedKey is the public test key of ewp-specs-sec-rsa-aes128gcm, by which the
// vectors below are signed. Its private half is not needed here: whatever is
// accepted was signed by the official signer.
const publishedKey = `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAl8UYbSjdXHIkDCzbO4Rn9c/kb4xm3e2A3WSWQ/WtoTqrEy9/nJNe7ehP9gaUrbUf9KCMF0fHypQ6oVasPr/6
zCiHV0LDwiImWbbo+9zehT4foahcdRqPqfEVeRJgMr7hfvcrvtzFO7yFLHkYkt4r4MLy3GIkSys2arr3vs8V/JY826qTlIi4tLifeeY9I6adMDXPtAoHr9er2XdOt4LW
uLOxqHpddrnuSJhnlY0I1mz8b9LCoN15gwW9d1G/H1KFmIkWu0ty205XUW5c/YRXxjK1WZcXlfobTyVyeeK2yeEeXdKRm0zuIlBruij3VZ+/dmPXdtn0zGlStOS5UhjS
NQIDAQAB`

// vectors are requests by the official signer.
var vectors = []string{
	`GET /ewp/echo?echo=a&echo=b&echo=a HTTP/1.1
Host: example.com
Date: Tue, 05 Sep 2017 08:49:37 GMT
Digest: SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
X-Request-Id: dc05b425-4e86-4106-8dde-1257fccf53e5
Authorization: Signature keyId="035013774f596e1887344bda8a06462030759592355db3f51c8498ffd0b18add",algorithm="rsa-sha256",headers="(request-target) host date digest x-request-id",signature="jryG+DYdVsjleG3x6++eao1+WWzJsCHS2NfkeYFW/diXcAZIhhmCl44cdw1xllozTihK/8EdiqS5Krh1NDIhFjUYP7bu4Tfk3XLTrAxf/C4neId9oUZx0mpbN1UhAwEx8WUybSyYnvlITLdPpioaEiXTlxrHT+cS+g5L2MNGSrLupae8TYQ7Z6z342p5YxUP7Bm5qjl+vioiHc8rNFJcOfJqlktesTHxDYyKYMIw6YVPUre3MrLF+7Hz/O1tr0XMPIDsKoWHsbfp0jALdzouH5Nh3d5ObJ15bZ9XxDBlTSXohRU6RLEJRVXtQcI8HpciF2m/a0r9pCX6AqnDJ7L0eg=="

`,
	`POST /ewp/echo HTTP/1.1
Host: example.com
Content-Type: application/x-www-form-urlencoded
Content-Length: 20
Original-Date: Tue, 05 Sep 2017 08:49:37 GMT
X-Request-Id: dc05b425-4e86-4106-8dde-1257fccf53e5
Digest: SHA-256=PSN9yGmH0vD0yVxAu8TDtVaEycbuwfzHwBezadL+saY=
Authorization: Signature keyId="035013774f596e1887344bda8a06462030759592355db3f51c8498ffd0b18add",algorithm="rsa-sha256",headers="(request-target) host original-date digest x-request-id content-type",signature="l8T57XrGmAdO7njicHbygENH+wDGN/AFIs8tLL5+EBNEIfAoVjp6ajyllrdoKsNfWs9+tP0ASKMHQCjuRXqnPtP8LtixNQ/6FTNRrjjhroBv/xNxZAFV81hyWSBIBYOgCw/IGG3wl5+tkOrcCWmNV7isxk5ogh7mR1pAiXXv6fijhTBAvTYodGLfip9KCfwOyOvsBh61ju9irpHR6wHJwnYxJWOvUQO8qL446hWYp5jsQatkbz/d/GPpZ2WeMkMQ2YQGM5ivS4zLnBwhV3yUgY3W6C6I/wzPs1vfUyDItlOv4qnk+jx6rRtt/75aX8YZoRqd0kLCnUEL2rOd4R+V4Q=="

echo=a&echo=b&echo=a`,
}

// wire returns a vector as it is on the wire.
func wire(text string) []byte {
	head, body, _ := strings.Cut(text, "\n\n")
	return []byte(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + body)
}

// always takes every request for a new one.
type always struct{}

func (always) First(context.Context, httpsig.Nonce) (bool, error) { return true, nil }

// fuzzed is a server in whose catalogue the published key is a client key of partner,
// or a server key only.
type fuzzed struct {
	*ewpserver.Server
	served *ewpserver.Request // by its last request; nil where none came through
	stack  []byte
}

func newFuzzed(tb testing.TB, role string) *fuzzed {
	tb.Helper()
	key, err := ewp.ParsePublicKey(publishedKey)
	if err != nil {
		tb.Fatal(err)
	}
	index, err := registry.Parse(strings.NewReader(`<catalogue xmlns="`+ewp.NamespaceRegistry+`"><host><institutions-covered><hei-id>partner.example</hei-id></institutions-covered>`+
		`<`+role+`-credentials-in-use><rsa-public-key sha-256="`+key.Fingerprint().String()+`"/></`+role+`-credentials-in-use></host>`+
		`<institutions/><binaries><rsa-public-key sha-256="`+key.Fingerprint().String()+`">`+key.String()+`</rsa-public-key></binaries></catalogue>`), registry.Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	f := &fuzzed{}
	f.Server, err = ewpserver.New(ewpserver.Config{
		Institutions: []ewpserver.Institution{{HEI: own, Path: "/ewp"}},
		Catalogue:    index, Hosts: []string{"example.com"}, Signer: newSigner(tb, ownKey(), nil), Replays: always{},
		Policy:  httpsig.Policy{Clock: func() time.Time { return time.Date(2017, 9, 5, 8, 49, 37, 0, time.UTC) }},
		Bodies:  httpsig.SpoolConfig{Max: 1 << 20},
		Observe: func(_ context.Context, x ewpserver.Exchange) { f.stack = x.Stack },
	})
	if err != nil {
		tb.Fatal(err)
	}
	if err := f.Handle(ewp.Echo, "", ewpserver.HandlerFunc(func(_ context.Context, r *ewpserver.Request, a *ewpserver.Answer) error {
		f.served = r
		return a.Document(r.Root()).Close()
	})); err != nil {
		tb.Fatal(err)
	}
	return f
}

// serve answers the bytes of a request, and reports whether they are one.
func (f *fuzzed) serve(data []byte) (*httptest.ResponseRecorder, bool) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data)))
	if err != nil {
		return nil, false
	}
	f.served, f.stack = nil, nil
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w, true
}

// FuzzRequest sends whole requests. None makes the server panic; none is accepted but
// the ones that the official signer signed, whatever stands around what it signed.
func FuzzRequest(f *testing.F) {
	right, wrong := newFuzzed(f, "client"), newFuzzed(f, "server")
	for i, v := range vectors {
		data := wire(v)
		if _, ok := right.serve(data); !ok || right.served == nil {
			f.Fatalf("%d: the fuzzing would prove nothing: the vector is not accepted", i)
		}
		f.Add(data)
		f.Add(bytes.Replace(data, []byte("\r\nHost"), []byte("\r\nAccept-Signature: rsa-sha256\r\nAccept-Encoding: gzip\r\nHost"), 1))
		f.Add(bytes.Replace(data, []byte("echo=a"), []byte("echo=%61"), 1))
		f.Add(bytes.Replace(data, []byte("\r\nHost"), []byte("\r\nContent-Encoding: gzip\r\nHost"), 1))
		f.Add(bytes.Replace(data, []byte(`headers="`), []byte(`headers="digest `), 1))
		f.Add(bytes.Replace(data, []byte("/ewp/echo"), []byte("/ewp/iias/get"), 1))
		f.Add(bytes.Replace(data, []byte("POST"), []byte("PUT"), 1))
		f.Add(bytes.Replace(data, []byte("Signature keyId"), []byte("Basic keyId"), 1))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w, ok := wrong.serve(data)
		if !ok {
			t.Skip("not a request that net/http reads")
		}
		if wrong.served != nil || w.Code < 400 || wrong.stack != nil {
			t.Fatalf("with a server key: status %d, served %v, stack %s", w.Code, wrong.served, wrong.stack)
		}
		w, _ = right.serve(data)
		if right.stack != nil || w.Code == 500 {
			t.Fatalf("panic: %d %s", w.Code, right.stack)
		}
		r := right.served
		if r == nil {
			if w.Code < 400 {
				t.Fatalf("status %d without being served", w.Code)
			}
			return
		}
		if r.Caller != partner || !slices.Equal(r.Params["echo"], []string{"a", "b", "a"}) || len(r.Params) != 1 {
			t.Fatalf("accepted what nobody signed: %+v", r)
		}
		for name := range r.Header {
			if !slices.Contains([]string{"Date", "Original-Date", "Digest", "X-Request-Id", "Content-Type", "Authorization"}, name) {
				t.Fatalf("accepted a header that nobody signed: %s", name)
			}
		}
	})
}

// FuzzBody sends bodies in any coding to the handlers, past the signature.
func FuzzBody(f *testing.F) {
	s := newFuzzed(f, "client")
	open := ewpserver.Security(ewp.ClientAnonymous | ewp.RequestTLS | ewp.ResponseTLS)
	for _, err := range []error{
		s.Handle(ewp.OrganizationalUnits, "", ewpserver.Get[thing]{ID: "ounit_id", Max: 2, Code: "ounit_code", Owner: ewpserver.Owner{Param: "hei_id"}, Item: "ounit", Find: find}, open),
		s.Handle(ewp.OMobilityLAs, "index", ewpserver.Index{Owner: ewpserver.Owner{Param: "sending_hei_id"}, Years: "receiving_academic_year_id", Since: true, Item: "omobility-id", List: list}, open),
		s.Handle(ewp.IIACNR, "", ewpserver.Notification{ID: "iia_id", Take: func(context.Context, ewpserver.Notice) error { return nil }}, open),
		s.Handle(ewp.OMobilities, "update", ewpserver.Update[proposal]{Root: xmlName(updateNS, "omobilities-update-request"), Apply: func(context.Context, ewpserver.Parties, *proposal) (ewp.Texts, error) {
			return nil, nil
		}}, open),
	} {
		if err != nil {
			f.Fatal(err)
		}
	}
	paths := []string{"/ewp/organizational-units", "/ewp/omobility-las/index", "/ewp/iia-cnr", "/ewp/omobilities/update"}
	f.Add(uint8(0), "", []byte("hei_id=own.example&ounit_id=id-1&ounit_id=x"))
	f.Add(uint8(1), "", []byte("sending_hei_id=own.example&receiving_academic_year_id=2010/2011&modified_since=2000-02-12T15:19:21%2B01:00"))
	f.Add(uint8(2), "gzip", []byte(zip("iia_id=1")))
	f.Add(uint8(3), "", []byte(`<omobilities-update-request xmlns="`+updateNS+`"><approve-proposal-v1><number>1</number></approve-proposal-v1></omobilities-update-request>`))
	f.Fuzz(func(t *testing.T, at uint8, coding string, body []byte) {
		r := httptest.NewRequest("POST", paths[int(at)%len(paths)], bytes.NewReader(body))
		r.Header["Content-Encoding"] = []string{coding}
		w := httptest.NewRecorder()
		s.stack = nil
		s.ServeHTTP(w, r)
		if s.stack != nil || w.Code >= 500 {
			t.Fatalf("status %d, stack %s", w.Code, s.stack)
		}
	})
}

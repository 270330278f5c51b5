package ewptest

import (
	"bytes"
	"crypto/rsa"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// exchange is a request that meets a fault, and its answer. A host that is too lax is
// played by one that is strict, behind something that puts right what should have been
// refused: the network has the keys of all its members, so it signs again in the name
// of whoever called.
type exchange struct {
	u        *University
	req      *http.Request // as Server will see it
	body     []byte
	ref      httpsig.Ref // of the request as it came
	repaired bool
	recorder *httptest.ResponseRecorder
	refused  bool // answered without Server

	status int
	header http.Header
	answer []byte
}

func (u *University) newExchange(r *http.Request) (*exchange, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, httpsig.DefaultSpoolMax))
	if err != nil {
		return nil, err
	}
	x := &exchange{u: u, ref: httpsig.RefOf(r), req: r.Clone(r.Context()), recorder: httptest.NewRecorder()}
	x.setBody(body)
	return x, nil
}

func (x *exchange) setBody(body []byte) {
	x.body = body
	x.req.Body = io.NopCloser(bytes.NewReader(body))
	x.req.ContentLength = int64(len(body))
}

// refuse answers in place of Server, signed where the request asked for it.
func (x *exchange) refuse(status int, message string) {
	x.refused = true
	writeError(x.recorder, status, message)
}

// finish takes over what Server answered. Where the request was repaired, the answer
// must speak of the request as it came.
func (x *exchange) finish() {
	result := x.recorder.Result()
	x.status, x.header, x.answer = result.StatusCode, result.Header, x.recorder.Body.Bytes()
	x.header.Del("Content-Length")
	if x.repaired {
		if x.header.Del("X-Request-Id"); x.ref.ID != "" {
			x.header.Set("X-Request-Id", x.ref.ID)
		}
	}
	if x.refused && httpsig.AsksSigned(x.req.Header) || x.repaired && x.signed() {
		x.sign()
	}
}

// signed reports whether the answer is signed.
func (x *exchange) signed() bool { return x.header.Get("Signature") != "" }

// sign signs the answer as the host does.
func (x *exchange) sign() {
	signer := x.signer(x.u.ServerKey)
	x.header.Del("Signature")
	if err := signer.SignResponse(x.header, x.ref, httpsig.Bytes(x.answer)); err != nil {
		x.fail(err)
	}
}

// signAgain signs the same headers as before, but for those named, with what is in
// them now.
func (x *exchange) signAgain(key *rsa.PrivateKey, without ...string) {
	if !x.signed() {
		return
	}
	names := signedNames(x.header.Get("Signature"))
	names = slices.DeleteFunc(names, func(n string) bool {
		return slices.Contains(without, n) || x.header.Get(n) == "" && n != "(request-target)"
	})
	if err := x.signer(key).SignResponseAs(x.header, x.ref, names); err != nil {
		x.fail(err)
	}
}

func (x *exchange) signer(key *rsa.PrivateKey) *httpsig.Signer {
	signer, err := x.u.signer(key)
	if err != nil {
		x.fail(err) // a key of the network cannot be wrong
	}
	return signer
}

// fail ends the connection: the fault could not be played.
func (x *exchange) fail(err error) {
	x.u.network.logger.Error("ewptest: a fault could not be played: " + err.Error())
	panic(http.ErrAbortHandler)
}

// signedList is the parameter with the names that a signature covers.
var signedList = regexp.MustCompile(`headers="([^"]*)"`)

// signedNames returns the names that a signature covers.
func signedNames(signature string) []string {
	m := signedList.FindStringSubmatch(signature)
	if m == nil {
		return nil
	}
	return strings.Fields(m[1])
}

// keyIDParam is the parameter with the fingerprint of the key.
var keyIDParam = regexp.MustCompile(`keyId="([0-9a-f]{64})"`)

// caller returns the university that a request names by its key, and the key.
func (x *exchange) caller() (*University, *rsa.PrivateKey) {
	m := keyIDParam.FindStringSubmatch(x.req.Header.Get("Authorization"))
	if m == nil {
		return nil, nil
	}
	return x.u.network.ownerOf(ewp.MustParseFingerprint(m[1]))
}

// repair signs the request again with a key, with what is in it now: the names that it
// signed before and that are there, and others.
func (x *exchange) repair(key *rsa.PrivateKey, more ...string) {
	names := signedNames(x.req.Header.Get("Authorization"))
	names = slices.DeleteFunc(names, func(n string) bool {
		return n != "(request-target)" && n != "host" && x.req.Header.Get(n) == ""
	})
	for _, name := range more {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	x.req.RequestURI = x.req.URL.RequestURI()
	if err := x.signer(key).SignRequestAs(x.req, names); err != nil {
		x.fail(err)
	}
	x.repaired = true
}

// adopt signs a request that is not signed in the name of a member.
func (x *exchange) adopt(u *University) {
	h := x.req.Header
	h.Set("Original-Date", x.now().Format(http.TimeFormat))
	h.Del("Date")
	if h.Get("X-Request-Id") == "" {
		h.Set("X-Request-Id", uuid.NewString())
	}
	h.Set("Digest", sha256Digest(x.body))
	x.repair(u.ClientKey, everything(h)...)
}

// verified reports whether the request is good in every way, if its body has the
// digest that it says.
func (x *exchange) verified(body httpsig.Body) bool {
	index, err := x.u.Catalogue.Index()
	if err != nil {
		return false
	}
	keys := httpsig.Keys{}
	for _, u := range x.u.network.Universities() {
		if key, ok := index.Key(public(u.ClientKey).Fingerprint()); ok {
			keys[key.Fingerprint()] = key.RSA()
		}
	}
	v, err := httpsig.NewRequestVerifier(httpsig.RequestVerifierConfig{
		Keys: keys, Hosts: []string{x.req.Host}, Policy: httpsig.Policy{Clock: x.u.network.Clock.Now},
	})
	if err != nil {
		x.fail(err)
	}
	_, err = v.Verify(x.req, body)
	return err == nil
}

// send writes the answer, or breaks the connection where a fault says so.
func (x *exchange) send(w http.ResponseWriter, taken []Injection) {
	has := func(f Fault) bool { return slices.ContainsFunc(taken, func(i Injection) bool { return i.Fault == f }) }
	if has(LostAnswer) {
		panic(http.ErrAbortHandler)
	}
	clear(w.Header())
	for name, values := range x.header {
		w.Header()[name] = values
	}
	if !has(Truncated) {
		w.WriteHeader(x.status)
		_, _ = w.Write(x.answer)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(x.answer)))
	w.WriteHeader(x.status)
	_, _ = w.Write(x.answer[:len(x.answer)/2])
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}

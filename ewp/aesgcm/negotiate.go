package aesgcm

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
)

// Coding is the name of the coding in Content-Encoding and Accept-Encoding. Write
// it like this; read it in any case.
const Coding = "ewp-rsa-aes128gcm"

// keyHeader names the key to encrypt an answer for.
const keyHeader = "Accept-Response-Encryption-Key"

// Ask puts on a request, before it is signed, that an encrypted answer is wanted.
// key is the one to encrypt for; the zero value leaves it at the key that signs the
// request.
func Ask(h http.Header, key ewp.PublicKey) {
	if !Accepted(h) {
		h.Set("Accept-Encoding", strings.TrimPrefix(strings.Join(h.Values("Accept-Encoding"), ", ")+", "+Coding, ", "))
	}
	h.Del(keyHeader)
	if !key.IsZero() {
		h.Set(keyHeader, key.String())
	}
}

// Accepted reports whether a request lists the coding in Accept-Encoding with a
// weight above 0: its answer must then be encrypted. "*" does not list it.
func Accepted(h http.Header) bool {
	accepted := false
	for _, value := range h.Values("Accept-Encoding") {
		for item := range strings.SplitSeq(value, ",") {
			name, params, _ := strings.Cut(item, ";")
			if strings.EqualFold(strings.TrimSpace(name), Coding) {
				accepted = weight(params) > 0
			}
		}
	}
	return accepted
}

// weight returns the q among the parameters of an item, 1 where there is none, and
// 0 for one that is no number.
func weight(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				return 0
			}
			return q
		}
	}
	return 1
}

// RequestedKey returns the key that a request names for its answer, the zero value
// where it names none: the answer is then for the key that signed the request. Ask
// after unsigned headers were dropped, or anyone can have put it there. Its error
// is a *passerelle.ParseError, which is answered with 400.
func RequestedKey(h http.Header) (ewp.PublicKey, error) {
	values := h.Values(keyHeader)
	if len(values) == 0 {
		return ewp.PublicKey{}, nil
	}
	key, err := ewp.ParsePublicKey(strings.Join(values, ", ")) // several are no base64
	if err != nil {
		return ewp.PublicKey{}, err
	}
	return key, key.Usable()
}

package ewpserver

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// decode undoes the content coding of the body of a POST, the last coding first.
// Names are read in any case. One that is not known, and one that is missing
// though the endpoint takes encrypted requests only, is answered with 415
// (ewp-specs-sec-reqencr-rsa-aes128gcm 0.4.0 would have 400 for the first; 415 is
// what the registry does).
func (x *exchange) decode(body *httpsig.Spool) (*httpsig.Spool, error) {
	security := x.route.Security
	codings := codingsOf(x.r.Header)
	encrypted := slices.Contains(codings, aesgcm.Coding)
	if x.r.Method != http.MethodPost {
		if encrypted || !security.Has(ewp.RequestTLS) {
			return nil, refuse(http.StatusMethodNotAllowed, "an encrypted request is sent by POST", nil)
		}
		return body, nil
	}
	if !encrypted && !security.Has(ewp.RequestTLS) {
		return nil, refuse(http.StatusUnsupportedMediaType, "Content-Encoding: want "+aesgcm.Coding, nil)
	}
	if len(codings) > 2 { // none is of use twice
		return nil, refuse(http.StatusUnsupportedMediaType, "Content-Encoding: want two codings at most", nil)
	}
	for i := len(codings) - 1; i >= 0; i-- {
		var err error
		switch coding := codings[i]; {
		case coding == "gzip" || coding == "x-gzip":
			body, err = x.unzip(body)
		case coding == aesgcm.Coding && security.Has(ewp.RequestGCM):
			body, err = x.decrypt(body)
		default:
			err = refuse(http.StatusUnsupportedMediaType, "Content-Encoding: want one that this endpoint takes", nil)
		}
		if err != nil {
			return nil, err
		}
	}
	return body, nil
}

// codingsOf returns the codings of a body in lower case, in the order in which they
// were applied.
func codingsOf(h http.Header) []string {
	var codings []string
	for _, value := range h.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(value, ",") {
			coding = strings.ToLower(strings.TrimSpace(coding))
			if coding != "" && coding != "identity" {
				codings = append(codings, coding)
			}
		}
	}
	return codings
}

func (x *exchange) unzip(body *httpsig.Spool) (*httpsig.Spool, error) {
	broken := refuse(http.StatusBadRequest, "the body is not what gzip makes", nil)
	z, err := gzip.NewReader(body.Reader())
	if err != nil {
		return nil, broken
	}
	plain := x.spool(x.s.cfg.Bodies)
	switch _, err := io.Copy(plain, z); {
	case errors.Is(err, httpsig.ErrTooLarge):
		return nil, bodyError(err)
	case isBroken(err):
		return nil, broken
	case err != nil:
		return nil, err
	}
	return plain, nil
}

// isBroken reports whether a gzip stream is wrong in itself.
func isBroken(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return corrupt || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF)
}

func (x *exchange) decrypt(body *httpsig.Spool) (*httpsig.Spool, error) {
	data, err := io.ReadAll(io.LimitReader(body.Reader(), aesgcm.DefaultMaxSize+1))
	if err != nil {
		return nil, err
	}
	text, err := x.s.cfg.Decrypter.Decrypt(data)
	switch {
	case errors.Is(err, aesgcm.ErrTooLarge):
		return nil, bodyError(httpsig.ErrTooLarge)
	case err != nil:
		return nil, refuse(http.StatusBadRequest, aesgcm.ErrDecrypt.Error(), nil)
	}
	plain := x.spool(x.s.cfg.Bodies)
	_, err = plain.Write(text)
	return plain, bodyError(err)
}

// answerCoding is how the bodies of answers are coded.
type answerCoding struct {
	gzip bool
	key  ewp.PublicKey // to encrypt for; zero encrypts nothing
}

// negotiate finds out how the answer may and must be coded. Only what is left of
// the headers after those that were not signed were dropped counts.
func (x *exchange) negotiate() (c answerCoding, err error) {
	h, security := x.r.Header, x.route.Security
	if security.Has(ewp.ResponseGCM) && aesgcm.Accepted(h) {
		c.key, err = aesgcm.RequestedKey(h)
		if err != nil {
			return answerCoding{}, refuse(http.StatusBadRequest, "Accept-Response-Encryption-Key: want the base64 of an RSA public key", err)
		}
		if c.key.IsZero() && x.verified != nil {
			c.key, _ = x.r.Context().Value(lookupKey{}).(*lookup).index.Key(x.verified.Key)
		}
		if c.key.IsZero() {
			return answerCoding{}, refuse(http.StatusNotAcceptable, "Accept-Response-Encryption-Key: want a key to encrypt the answer for", nil)
		}
	}
	if c.key.IsZero() && !security.Has(ewp.ResponseTLS) {
		return answerCoding{}, refuse(http.StatusNotAcceptable, "Accept-Encoding: want "+aesgcm.Coding, nil)
	}
	c.gzip = accepts(h, "gzip")
	return c, nil
}

// encryptRefusal lets a refusal be encrypted for a client that accepts it, also where
// nothing of the request was proved: for the key by which it says that it is signed, if
// the catalogue has that, or, where it is not signed, for the key it names. Errors are
// coded as any answer would be (ewp-specs-architecture; the official validator wants it
// of every error).
func (x *exchange) encryptRefusal() {
	if x.route == nil || !x.answers.key.IsZero() || !x.route.Security.Has(ewp.ResponseGCM) || !aesgcm.Accepted(x.r.Header) {
		return
	}
	if x.r.Header.Get("Authorization") == "" {
		if key, err := aesgcm.RequestedKey(x.r.Header); err == nil {
			x.answers.key = key
		}
		return
	}
	_, rest, _ := strings.Cut(x.r.Header.Get("Authorization"), `keyId="`)
	name, _, _ := strings.Cut(rest, `"`)
	id, err := ewp.ParseFingerprint(name)
	if err != nil {
		return
	}
	index, err := x.s.cfg.Catalogue.Index()
	if err != nil {
		return
	}
	if key, known := index.Key(id); known && key.Usable() == nil {
		x.answers.key = key
	}
}

// accepts reports whether Accept-Encoding names a coding with a weight above 0 (RFC
// 9110, 12.5.3). "*" does not name it.
func accepts(h http.Header, coding string) bool {
	for _, value := range h.Values("Accept-Encoding") {
		for item := range strings.SplitSeq(value, ",") {
			name, params, _ := strings.Cut(item, ";")
			if !strings.EqualFold(strings.TrimSpace(name), coding) {
				continue
			}
			q, found := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
			weight, err := strconv.ParseFloat(q, 64)
			return !found || err == nil && weight > 0
		}
	}
	return false
}

package ewptest

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// sha256Digest returns the value of a Digest header.
func sha256Digest(body []byte) string {
	sum := sha256.Sum256(body)
	return "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
}

// open checks what every answer must be, whatever its status: the identifier, the
// signature where one was asked for, the content codings. It undoes the latter, and
// returns what could be better.
func (s *session) open(k *call, a *answer, c Combination) (notices []string, err error) {
	if id := a.header.Values("X-Request-Id"); len(id) > 0 {
		switch asked := k.req.Header.Get("X-Request-Id"); {
		case asked == "":
			return nil, failure("the request had no X-Request-Id, and the answer has one")
		case id[0] != asked:
			return nil, failure("the X-Request-Id of the answer is not that of the request")
		}
	}
	if !c.has(ewp.ServerHTTPSig) {
		if a.header.Get("Signature") != "" {
			notices = append(notices, "the answer is signed, though the client did not ask for it")
		}
	} else {
		verified, err := s.verifier.Verify(s.ctx, s.keys, httpsig.RefOf(k.req), a.header, httpsig.Bytes(a.body))
		if err != nil {
			return nil, &verdict{status: Failure, reason: "the signature of the answer: " + err.Error(), got: a.status}
		}
		verified.Strip(a.header)
	}
	return notices, s.decode(k, a, c)
}

// decode undoes the content codings, the last first.
func (s *session) decode(k *call, a *answer, c Combination) error {
	allowed := acceptable(k.req.Header.Get("Accept-Encoding"))
	encrypted := false
	codings := tokens(a.header.Get("Content-Encoding"))
	slices.Reverse(codings)
	for _, coding := range codings {
		if !allowed[coding] {
			return failure("the answer has the content coding %q, which the client did not accept", coding)
		}
		var err error
		switch coding {
		case "identity":
		case "gzip":
			a.body, err = gunzip(a.body)
		case aesgcm.Coding:
			encrypted = true
			a.body, err = s.decrypt(a.body)
		default:
			err = fmt.Errorf("the content coding %q is not known", coding)
		}
		if err != nil {
			return failure("%v", err)
		}
	}
	if c.has(ewp.ResponseGCM) && !encrypted {
		return &verdict{status: Failure, reason: "the answer is not encrypted", got: a.status}
	}
	return nil
}

func (s *session) decrypt(body []byte) ([]byte, error) {
	d, err := s.decrypter()
	if err != nil {
		return nil, err
	}
	return d.Decrypt(body)
}

func gunzip(body []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	if err == nil && len(plain) > maxAnswer {
		err = fmt.Errorf("an answer longer than %d bytes", maxAnswer)
	}
	return plain, err
}

// tokens splits a list header into lower-case words.
func tokens(list string) []string {
	var words []string
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.ToLower(strings.TrimSpace(word)); word != "" {
			words = append(words, word)
		}
	}
	return words
}

// acceptable returns the content codings that an Accept-Encoding allows, read as the
// validator reads it.
func acceptable(header string) map[string]bool {
	allowed, named := map[string]bool{"identity": true}, false
	for _, item := range tokens(header) {
		coding, weight, _ := strings.Cut(item, ";")
		coding = strings.TrimSpace(coding)
		wanted := strings.ReplaceAll(weight, " ", "") != "q=0"
		if coding == "*" {
			if !wanted && !named {
				delete(allowed, "identity")
			}
			continue
		}
		named = named || coding == "identity" && wanted
		if wanted {
			allowed[coding] = true
		} else {
			delete(allowed, coding)
		}
	}
	return allowed
}

// document parses the body of an answer, checks its root, and its form by the schema
// where there is one.
func (s *session) document(a *answer, root xml.Name) (*etree.Element, error) {
	doc, err := xmlx.Parse(a.body, "", xmlx.Limits{})
	if err != nil {
		return nil, err
	}
	if got := xmlx.Name(doc.Root()); got != root {
		return nil, fmt.Errorf("the root element is {%s}%s, and {%s}%s is expected", got.Space, got.Local, root.Space, root.Local)
	}
	if err := checkForm(doc.Root()); err != nil {
		return nil, err
	}
	if s.host.Schema != nil {
		return doc.Root(), s.host.Schema(root, a.body)
	}
	return doc.Root(), nil
}

// expectError sends a request and wants it refused with one of some statuses and an
// error-response.
func (s *session) expectError(k *call, c Combination, statuses ...int) error {
	a, err := s.send(k)
	if err != nil {
		return err
	}
	notices, err := s.open(k, a, c)
	if err != nil {
		return err
	}
	return s.judgeError(a, notices, statuses)
}

func (s *session) judgeError(a *answer, notices []string, statuses []int) error {
	if !slices.Contains(statuses, a.status) {
		v := failure("status %d came, and %s is expected%s", a.status, anyOf(statuses), inTheirWords(a))
		v.got = a.status
		if a.status/100 == statuses[0]/100 {
			v.status = Warning
		}
		return v
	}
	if _, err := s.document(a, xml.Name{Space: ewp.NamespaceCommon, Local: "error-response"}); err != nil {
		return warning("the status is right, and the body is no error-response: %v", err)
	}
	if a.status == 401 {
		if err := checkChallenge(a); err != nil {
			return err
		}
	}
	return noticed(notices)
}

// inTheirWords returns what an error-response says, for the reason of a verdict.
func inTheirWords(a *answer) string {
	if r, err := ewp.DecodeErrorResponse(a.body, a.header.Get("Content-Type")); err == nil && r.DeveloperMessage != "" {
		return ": " + r.DeveloperMessage
	}
	return ""
}

// anyOf writes statuses for a person.
func anyOf(statuses []int) string {
	var words []string
	for _, status := range statuses {
		words = append(words, fmt.Sprint(status))
	}
	return strings.Join(words, " or ")
}

func noticed(notices []string) error {
	if len(notices) > 0 {
		return notice("%s", strings.Join(notices, "; "))
	}
	return nil
}

// challengeParam is a parameter of WWW-Authenticate.
var challengeParam = regexp.MustCompile(`([A-Za-z]+)\s*=\s*"([^"]*)"`)

// checkChallenge looks at the headers that make a 401 useful.
func checkChallenge(a *answer) error {
	header := a.header.Get("WWW-Authenticate")
	if header == "" {
		return warning("a 401 must have WWW-Authenticate, signed where the answer is")
	}
	if scheme, rest, _ := strings.Cut(header, " "); strings.EqualFold(scheme, "Signature") {
		p := map[string]string{}
		for _, m := range challengeParam.FindAllStringSubmatch(rest, -1) {
			p[strings.ToLower(m[1])] = m[2]
		}
		switch algorithms := p["algorithms"] + p["algorithm"]; {
		case p["realm"] != "EWP":
			return warning("the realm in WWW-Authenticate should be EWP")
		case algorithms != "" && !slices.Contains(strings.Fields(algorithms), "rsa-sha256"):
			return warning("the algorithms in WWW-Authenticate should have rsa-sha256 among them")
		}
		if names := strings.Fields(p["headers"]); len(names) > 0 {
			for _, name := range stdHeaders {
				if !slices.Contains(names, name) {
					return warning("the headers in WWW-Authenticate should have %s among them", name)
				}
			}
		}
	}
	if !strings.Contains(a.header.Get("Want-Digest"), "SHA-256") {
		return warning("a 401 should have Want-Digest with SHA-256")
	}
	return nil
}

// check judges the document of an answer.
type check func(root *element) error

// expect200 sends a request and wants an answer of the endpoint that passes a check.
func (s *session) expect200(k *call, c Combination, ok check) error {
	a, err := s.send(k)
	if err != nil {
		return err
	}
	return s.judge200(k, a, c, ok)
}

// judge200 is expect200 of an answer that came already.
func (s *session) judge200(k *call, a *answer, c Combination, ok check) error {
	notices, err := s.open(k, a, c)
	if err != nil {
		return err
	}
	if a.status != 200 {
		v := failure("status %d came, and 200 is expected%s", a.status, inTheirWords(a))
		if v.got = a.status; a.status == 403 {
			v.reason += " (does the host look up keys in a fresh catalogue?)"
		}
		return v
	}
	root, err := s.document(a, xml.Name{Space: s.endpoint.Namespace, Local: s.endpoint.Root})
	if err != nil {
		v := failure("the answer is not what the schema says: %v", err)
		v.got, v.strict = 200, true
		return v
	}
	if ok != nil {
		if err := ok(root); err != nil {
			return err
		}
	}
	return noticed(notices)
}

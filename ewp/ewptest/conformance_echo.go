package ewptest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/ewp"
)

// echoSuite has the steps of EchoValidationSuiteCommon.
var echoSuite = suite{api: ewp.Echo, anonymous: anonymityRefused, steps: (*session).echo}

func (s *session) echo(c Combination) error {
	if c.has(ewp.ClientHTTPSig) {
		steps := s.echoPOST
		if c.Method == http.MethodGet {
			steps = s.echoGET
		}
		if err := steps(c); err != nil {
			return err
		}
	}
	edges := []struct {
		method ewp.Methods
		steps  func(Combination) error
	}{
		{ewp.ClientAnonymous, s.echoAnonymous},
		{ewp.ClientHTTPSig, s.echoSigned},
		{ewp.ServerHTTPSig, s.echoSignedAnswer},
		{ewp.RequestGCM, s.echoEncrypted},
		{ewp.ResponseGCM, s.echoEncryptedAnswer},
	}
	for _, e := range edges {
		if !c.has(e.method) {
			continue
		}
		if err := e.steps(c); err != nil {
			return err
		}
	}
	return nil
}

// aba are the values that the validator sends: in order, and one of them twice.
var aba = params{"echo", "a", "echo", "b", "echo", "a"}

// echoed wants the institution of who speaks, and some values in their order.
func (s *session) echoed(values ...string) check {
	return func(root *etree.Element) error {
		if err := (selector{"hei-id"}).exactly(s.as.HEI.String())(root); err != nil {
			return err
		}
		if got := (selector{"echo"}).texts(root); !slices.Equal(got, values) {
			return failure("the echo values are %v, and %v is expected", got, values)
		}
		return nil
	}
}

// trial is a step that makes one call: change alters the request that is right, and
// signs it unless it is to be signed as usual.
type trial struct {
	name   string
	params params
	change func(*call) error // nil changes nothing
	signed bool              // change signs by itself
	// judged is the combination by which the answer is judged; the zero value is that
	// of the call.
	judged Combination
	// errors are the statuses that are expected; none expects 200 with the values.
	errors []int
	values []string
	// mild is what the validator is lenient about.
	mild func(error) error
}

// try runs a trial in a step.
func (s *session) try(c Combination, t trial) error {
	expect := "200"
	if len(t.errors) > 0 {
		expect = anyOf(t.errors)
	}
	return s.step(c, t.name, expect, func() error {
		k, err := s.call(c, t.params)
		if err != nil {
			return err
		}
		if t.change != nil {
			if err := t.change(k); err != nil {
				return err
			}
		}
		if !t.signed {
			if err := s.sign(k); err != nil {
				return err
			}
		}
		judged := t.judged
		if judged == (Combination{}) {
			judged = c
		}
		if len(t.errors) > 0 {
			err = s.expectError(k, judged, t.errors...)
		} else {
			err = s.expect200(k, judged, s.echoed(t.values...))
		}
		if t.mild != nil {
			err = t.mild(err)
		}
		return err
	})
}

// tryAll runs trials one after the other.
func (s *session) tryAll(c Combination, trials []trial) error {
	for _, t := range trials {
		if err := s.try(c, t); err != nil {
			return err
		}
	}
	return nil
}

// refused returns the statuses for a call that may also be refused because it is
// anonymous.
func refused(c Combination, statuses ...int) []int {
	if !c.has(ewp.ClientHTTPSig) {
		statuses = append(statuses, 403, 401)
	}
	return statuses
}

// orAnonymous lets a trial that expects 200 be refused where the client is anonymous.
func orAnonymous(c Combination, t trial) trial {
	if !c.has(ewp.ClientHTTPSig) {
		t.errors = []int{401, 403}
	}
	return t
}

func (s *session) echoGET(c Combination) error {
	return s.try(c, trial{name: "list [a, b, a]", params: aba, values: []string{"a", "b", "a"}})
}

func (s *session) echoPOST(c Combination) error {
	if err := s.wrongMethods(c); err != nil {
		return err
	}
	err := s.tryAll(c, []trial{
		{name: "list [a, b, a]", params: aba, values: []string{"a", "b", "a"}},
		{name: "parameters in the address of a POST", params: aba, values: []string{"a", "b", "a"}, change: func(k *call) error {
			u := *k.req.URL
			u.RawQuery = strings.TrimPrefix(u.RawQuery+"&echo=c&echo=c", "&")
			k.req.URL = &u
			return nil
		}},
	})
	if err != nil {
		return err
	}
	return s.step(c, "gzip accepted", "200, compressed", func() error { return s.echoGzip(c) })
}

// echoGzip offers gzip, which nobody must use.
func (s *session) echoGzip(c Combination) error {
	k, err := s.call(c, nil)
	if err != nil {
		return err
	}
	accept := []string{"gzip"}
	if before := k.req.Header.Get("Accept-Encoding"); before != "" {
		accept = append(accept, before)
	}
	k.req.Header.Set("Accept-Encoding", strings.Join(accept, ", "))
	if err := s.sign(k); err != nil {
		return err
	}
	a, err := s.send(k)
	if err != nil {
		return err
	}
	codings := tokens(a.header.Get("Content-Encoding"))
	if err := s.judge200(k, a, c, s.echoed()); err != nil {
		return err
	}
	zipped, encrypted := slices.Index(codings, "gzip"), slices.Index(codings, codingGCM)
	switch {
	case zipped < 0:
		return notice("gzip was accepted and not used")
	case encrypted >= 0 && zipped > encrypted:
		return warning("the answer was encrypted first and compressed then, which saves nothing")
	}
	return nil
}

func (s *session) echoAnonymous(c Combination) error {
	return s.try(c, trial{name: "anonymous client", errors: []int{401, 403}})
}

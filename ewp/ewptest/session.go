package ewptest

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// session is one run of the steps of one endpoint of one host.
type session struct {
	ctx      context.Context
	host     Host
	index    *registry.Index
	suite    suite
	entry    registry.Entry
	endpoint ewp.Endpoint
	url      string

	as           Participant // who speaks at the moment
	combinations []Combination
	keys         httpsig.Keys // of the server, those of the host of the entry
	encryptTo    ewp.PublicKey
	verifier     *httpsig.ResponseVerifier
	// known are values that prepare found out, by the name of their parameter.
	known  map[string]string
	report Report
}

// newSession prepares to look at one entry. Its error is a fault of our own making.
func newSession(ctx context.Context, host Host, index *registry.Index, s suite, entry registry.Entry) (*session, error) {
	endpoint, _ := s.api.EndpointOf(s.endpoint, s.version())
	verifier, err := httpsig.NewResponseVerifier(httpsig.Policy{Clock: host.Clock})
	if err != nil {
		return nil, err
	}
	run := &session{
		ctx: ctx, host: host, index: index, suite: s, entry: entry, endpoint: endpoint, url: entry.URL(endpoint.Element),
		as: host.As, keys: httpsig.Keys{}, verifier: verifier, known: map[string]string{},
	}
	for _, f := range entry.Host().ServerKeys() {
		if key, ok := index.Key(f); ok {
			run.keys[f] = key.RSA()
			run.encryptTo = key
		}
	}
	return run, nil
}

// run runs all steps that can be run.
func (s *session) run() {
	if err := s.all(); err != nil && !errors.Is(err, errSuiteOver) {
		_ = s.step(Combination{}, "the steps themselves", "", func() error { return err })
	}
}

func (s *session) all() error {
	if err := s.setup(); err != nil {
		return err
	}
	if s.suite.prepare != nil {
		if err := s.suite.prepare(s); err != nil {
			return err
		}
	}
	for _, c := range s.combinations {
		if err := s.suite.steps(s, c); err != nil {
			return err
		}
	}
	return nil
}

// verdict is why a step is no success.
type verdict struct {
	status Status
	reason string
	got    int  // status of the answer, 0 where it does not matter
	fatal  bool // no other step is worth trying
	strict bool // is not lowered, however lenient the step
}

func (v *verdict) Error() string { return v.status.String() + ": " + v.reason }

func failure(format string, args ...any) *verdict {
	return &verdict{status: Failure, reason: fmt.Sprintf(format, args...)}
}

func warning(format string, args ...any) *verdict {
	return &verdict{status: Warning, reason: fmt.Sprintf(format, args...)}
}

func notice(format string, args ...any) *verdict {
	return &verdict{status: Notice, reason: fmt.Sprintf(format, args...)}
}

// milder lowers a failure to a warning: where the validator does not insist.
func milder(err error) error {
	if v, ok := errors.AsType[*verdict](err); ok && v.status == Failure {
		lower := *v
		lower.status = Warning
		return &lower
	}
	return err
}

// milderFor200 is milder for an answer 200 only.
func milderFor200(err error) error {
	if v, ok := errors.AsType[*verdict](err); ok && v.got == 200 {
		return milder(err)
	}
	return err
}

// step runs one step and records its verdict. It returns errSuiteOver when no other
// makes sense.
func (s *session) step(c Combination, name, expect string, do func() error) error {
	return s.record(c, name, expect, s.suite.ours, do)
}

// ours runs a step that the validator does not have.
func (s *session) ours(c Combination, name, expect string, do func() error) error {
	return s.record(c, name, expect, true, do)
}

func (s *session) record(c Combination, name, expect string, ours bool, do func() error) error {
	if s.ctx.Err() != nil {
		return errSuiteOver
	}
	r := Result{API: s.suite.api, Endpoint: s.suite.endpoint, Combination: c, Step: name, Expect: expect, Ours: ours, Status: Success}
	err := do()
	var v *verdict
	switch {
	case err == nil:
	case errors.As(err, &v):
		r.Status, r.Reason = v.status, v.reason
	default:
		r.Status, r.Reason = Broken, err.Error()
	}
	s.report = append(s.report, r)
	if v != nil && v.fatal {
		return errSuiteOver
	}
	return nil
}

// skip records a step that is not done.
func (s *session) skip(c Combination, name, expect, why string) {
	s.report = append(s.report, Result{
		API: s.suite.api, Endpoint: s.suite.endpoint, Combination: c, Step: name, Expect: expect, Ours: s.suite.ours, Status: Skipped, Reason: why,
	})
}

// must is step for one without which the others make no sense: anything from a
// failure on ends the suite.
func (s *session) must(name, expect string, do func() error) error {
	err := s.step(Combination{}, name, expect, do)
	if err == nil && s.report[len(s.report)-1].Status >= Failure {
		err = errSuiteOver
	}
	return err
}

// value returns what is known by the name of a parameter: given for this API, given
// for all, or found out.
func (s *session) value(name string) string {
	for _, v := range []string{s.host.Values[s.suite.api.String()+"."+name], s.host.Values[name], s.known[name]} {
		if v != "" {
			return v
		}
	}
	return ""
}

// asOther runs do as the other participant, and reports whether there is one.
func (s *session) asOther(do func() error) (bool, error) {
	if s.host.Other.IsZero() {
		return false, nil
	}
	s.as = s.host.Other
	defer func() { s.as = s.host.As }()
	return true, do()
}

// decrypter returns what opens answers encrypted for either key of who speaks.
func (s *session) decrypter() (*aesgcm.Decrypter, error) {
	return aesgcm.NewDecrypter(aesgcm.DecrypterConfig{Keys: []crypto.Decrypter{s.as.ClientKey, s.as.ServerKey}})
}

// supports reports whether any combination uses a method.
func (s *session) supports(m ewp.Methods) bool {
	return slices.ContainsFunc(s.combinations, func(c Combination) bool { return c.has(m) })
}

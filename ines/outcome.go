package ines

import (
	"errors"
	"net/http"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
	"github.com/passerelle-sup/passerelle/transport"
)

// maxErrorRaw is how much of a payload an Error keeps.
const maxErrorRaw = 64 << 10

func capped(raw []byte) []byte { return raw[:min(len(raw), maxErrorRaw)] }

// reply is a complete HTTP answer, understood.
type reply struct {
	answers []judged
	err     *Error
}

// verdict tells the transport what to do with the answer. Statuses without
// envelope are left to its own rules, but for the maintenance that the contract
// vouches for.
func (r reply) verdict(op Operation) transport.Verdict {
	switch {
	case r.err == nil:
		return transport.Final
	case r.err.spoken && op != OpRegister && errors.Is(r.err, passerelle.ErrUnavailable) && r.err.Result == passerelle.Answered:
		return transport.Transient // "not now", in the service's own words
	case r.err.spoken, op == OpRegister && r.err.HTTP == http.StatusServiceUnavailable && r.err.Result == passerelle.Answered:
		return transport.Final
	}
	return transport.ByStatus
}

// read understands a complete HTTP answer.
func (s *SOAP) read(op Operation, resp *transport.Response) reply {
	fail := func(e Error) reply {
		e.Operation, e.HTTP, e.Raw = op, resp.Status, capped(resp.Body)
		return reply{err: &e}
	}
	options := soap.Options{Version: s.codec.contract.version(), Limits: limits}
	env, err := options.DecodeResponse(resp.Header.Get("Content-Type"), resp.Status, resp.Body)
	if fault, ok := errors.AsType[*soap.Fault](err); ok {
		return s.readFault(op, fault, fail)
	}
	if _, ok := errors.AsType[*soap.ResponseError](err); ok && resp.Status >= 300 {
		e := Error{Err: err, Result: passerelle.OutcomeOf(resp.Err())}
		if resp.Status == http.StatusServiceUnavailable && s.codec.contract.MaintenanceIsRefusal {
			e.Result = passerelle.Answered
		}
		return fail(e)
	}
	if err != nil {
		return fail(Error{Err: unreadable(err), Result: passerelle.Unknown})
	}
	answers, err := s.codec.DecodeAnswer(op, env.Body)
	if err != nil {
		return fail(Error{Err: err, Result: passerelle.Unknown})
	}
	r := reply{answers: make([]judged, len(answers))}
	for i, a := range answers {
		r.answers[i] = s.judge(a)
	}
	return r
}

// unreadable is an answer with a status of success that is no envelope.
func unreadable(err error) error {
	if errors.Is(err, passerelle.ErrProtocol) {
		return err
	}
	return errors.Join(passerelle.ErrProtocol, err)
}

// judge applies the contract's rules for codes to an ordinary answer, and refuses
// one that cannot be used.
func (s *SOAP) judge(a Answer) judged {
	fail := func(err error, result passerelle.Outcome) judged {
		return judged{a, &Error{Operation: a.Operation, Code: a.Code, Message: a.Message, Err: err, Result: result, spoken: true}}
	}
	if rule, ok := s.codec.rule(a.Code); ok {
		if rule.Kind != "" {
			return fail(rule.Kind.Err(), rule.outcome())
		}
		a.Status = rule.Status
	}
	if err := a.Check(); err != nil {
		return fail(err, passerelle.Unknown)
	}
	return judged{a, nil}
}

// outcome is that of an error that the contract has a rule for.
func (r ErrorRule) outcome() passerelle.Outcome {
	if r.Refused {
		return passerelle.Answered
	}
	return passerelle.Unknown
}

// readFault understands a fault: as an answer where the contract says so, and
// else as an error.
func (s *SOAP) readFault(op Operation, fault *soap.Fault, fail func(Error) reply) reply {
	code, message := s.words(fault)
	e := Error{Code: code, Message: message, Err: &faultError{fault}, Result: passerelle.Unknown, spoken: true}
	rule, ok := s.codec.rule(code)
	if !ok {
		rule, ok = s.codec.rule(fault.Code.Local)
	}
	if ok && rule.Status != "" && op != OpFollowUp { // in a follow-up nobody would know whose answer it is
		a := Answer{Operation: op, Status: rule.Status, Code: code, Message: message}
		return reply{answers: []judged{s.judge(a)}}
	}
	if ok && rule.Kind != "" {
		e.Err, e.Result = rule.Kind.Err(), rule.outcome()
	}
	if fault.Client() || errors.Is(fault, passerelle.ErrUnauthorized) || errors.Is(fault, passerelle.ErrProtocol) {
		// Sender, WS-Security, VersionMismatch, MustUnderstand: refused before any work.
		e.Result = passerelle.Answered
	}
	return fail(e)
}

// faultError is a fault without its codes, which stand in Error.Code and are
// shown only where they look like codes.
type faultError struct{ fault *soap.Fault }

func (e *faultError) Error() string {
	switch {
	case e.fault.Client():
		return "fault of the request"
	case e.fault.Server():
		return "fault of the service"
	}
	return "fault"
}

func (e *faultError) Is(target error) bool { return e.fault.Is(target) }

// words returns the service's own code and words in a fault.
func (s *SOAP) words(fault *soap.Fault) (code, message string) {
	code, message = fault.Code.Local, fault.Reason
	if n := len(fault.Subcodes); n > 0 {
		code = fault.Subcodes[n-1].Local
	}
	if own := inside(fault.Detail, s.codec.FaultCode); own != "" {
		code = own
	}
	if own := inside(fault.Detail, s.codec.FaultMessage); own != "" {
		message = own
	}
	return code, message
}

// inside returns the text at a path of local names below el.
func inside(el *etree.Element, path string) string {
	if el == nil || path == "" {
		return ""
	}
	return xmlx.Text(xmlx.Path(el, xmlx.Any, strings.Split(path, "/")...))
}

// quoting adds what the service said in its last answer, where that answer is the
// one in which the attempts ended.
func (e *Error) quoting(last *Error) *Error {
	if last != nil && last.spoken && last.HTTP == e.HTTP {
		e.Code, e.Message = last.Code, last.Message
	}
	return e
}

// notAnswered turns what the transport reports into an Error.
func notAnswered(op Operation, err error) *Error {
	e := &Error{Operation: op, Err: err, Result: passerelle.OutcomeOf(err)}
	if t, ok := errors.AsType[*transport.Error](err); ok {
		e.HTTP, e.Raw = t.Status, t.Body
	}
	return e
}

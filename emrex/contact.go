package emrex

import (
	"log/slog"
	"net/http"

	"github.com/passerelle-sup/passerelle"
)

// Request is what a browser brings to a contact point.
type Request struct {
	SessionID string // of the client; it goes back as it came
	ReturnURL string // where the answer is to be posted: an absolute https address
}

// maxSession bounds an identifier that a peer made.
const maxSession = 255

// LogValue shows where the answer goes, and not the session.
func (q Request) LogValue() slog.Value { return slog.StringValue(q.ReturnURL) }

// ReadRequest reads the form that a client's browser posts to a contact point.
// Fields that are not known are ignored. The return address must be https: the
// browser will post personal data there. There is no list of known clients in
// EMREX 1: show the student the host of ReturnURL and ask for consent. Its error
// is a [*passerelle.ParseError].
func ReadRequest(r *http.Request) (Request, error) {
	form, err := readForm(r, 64<<10)
	if err != nil {
		return Request{}, err
	}
	q := Request{SessionID: form.Get("sessionId"), ReturnURL: form.Get("returnUrl")}
	if q.SessionID == "" || len(q.SessionID) > maxSession {
		return Request{}, &passerelle.ParseError{Type: "sessionId", Rule: "length", Want: "1 to 255 characters"}
	}
	if err := returnAddress(q.ReturnURL); err != nil {
		return Request{}, err
	}
	return q, nil
}

// Answer is what a contact point says.
type Answer struct {
	Outcome  Outcome
	Family   Family // spelling of the return code; "" is NCP
	Message  string // for the student
	Document []byte // signed, see Signer; for Results alone
}

// Form returns the form that the student's browser is to post back. Its error is
// [passerelle.FieldErrors].
func (q Request) Form(a Answer) (Form, error) {
	var faults passerelle.FieldErrors
	if codeOf[a.Outcome] == "" {
		faults.Add("Outcome", "code", "results, no-results, cancelled or failed")
	}
	if (a.Outcome == Results) != (len(a.Document) > 0) {
		faults.Add("Document", "outcome", "a signed document for results, and none for anything else")
	}
	if a.Family == "" {
		a.Family = NCP
	}
	if a.Family != NCP && a.Family != EMP {
		faults.Add("Family", "code", "NCP_ or EMP_")
	}
	if err := returnAddress(q.ReturnURL); err != nil {
		faults.Add("ReturnURL", "url", "an absolute https address")
	}
	if err := faults.Err(); err != nil {
		return Form{}, err
	}
	packed := ""
	if len(a.Document) > 0 {
		var err error
		if packed, err = Pack(a.Document); err != nil {
			return Form{}, err
		}
	}
	return Form{Action: q.ReturnURL, Fields: []Field{
		{"sessionId", q.SessionID}, {"returnCode", a.Family.Code(a.Outcome)}, {"returnMessage", a.Message}, {"elmo", packed},
	}}, nil
}

// Contact is the part of a contact point that is the institution's: it logs the
// student in, lets results be chosen, and ends by Request.Form and Form.WriteTo.
type Contact interface {
	// Begin takes over the browser of a student. It may answer at once, or keep q
	// (in a session of its own) while the student logs in.
	Begin(w http.ResponseWriter, r *http.Request, q Request)
}

// Handler serves the address of a contact point: it checks what a browser brings,
// and hands it over. What is refused gets a plain page with status 400, as there is
// nowhere to send the browser back to.
func Handler(c Contact) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, err := ReadRequest(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c.Begin(w, r, q)
	})
}

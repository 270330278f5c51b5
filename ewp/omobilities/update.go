package omobilities

import (
	"encoding/xml"
	"log/slog"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// Verdict is what R says of a proposal. The zero value is none.
type Verdict string

// The verdicts, by the element that carries each.
const (
	Approve Verdict = "approve-proposal-v1"
	Reject  Verdict = "reject-proposal-v1"
)

// Update is an omobilities-update-request: R's decision about a proposal. It is
// personal.
type Update struct {
	Verdict    Verdict
	ID         string // of the mobility
	ProposalID string // of the proposal that was looked at
	// Comment says why a proposal is rejected and what would have to change. A
	// rejection must have one; an approval has none.
	Comment string
}

// namespace begins the namespaces of the documents of version 3.
const namespace = "https://github.com/erasmus-without-paper/ewp-specs-api-omobilities/blob/stable-v3/endpoints/"

// updateRoot is the root element of the document.
var updateRoot = xml.Name{Space: namespace + "update-request.xsd", Local: "omobilities-update-request"}

// updateRequest is the document.
type updateRequest struct {
	XMLName xml.Name
	Approve []decision `xml:"approve-proposal-v1"`
	Reject  []decision `xml:"reject-proposal-v1"`
}

type decision struct {
	ID         string `xml:"omobility-id"`
	ProposalID string `xml:"proposal-id"`
	Comment    string `xml:"comment,omitempty"`
}

// UnmarshalXML reads the document. One that holds no decision, or several, has no
// verdict: see Validate.
func (u *Update) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var r updateRequest
	if err := d.DecodeElement(&r, &start); err != nil {
		return err
	}
	*u = Update{}
	var only decision
	switch {
	case len(r.Approve)+len(r.Reject) != 1:
		return nil
	case len(r.Approve) == 1:
		u.Verdict, only = Approve, r.Approve[0]
	default:
		u.Verdict, only = Reject, r.Reject[0]
		u.Comment = only.Comment
	}
	u.ID, u.ProposalID = lexical.Token(only.ID), only.ProposalID
	return nil
}

// Encode returns the document, in UTF-8 and without prefixes. Its error is that of
// Validate.
func (u Update) Encode() ([]byte, error) {
	if err := u.Validate(); err != nil {
		return nil, err
	}
	r := updateRequest{XMLName: updateRoot}
	d := []decision{{ID: u.ID, ProposalID: u.ProposalID, Comment: u.Comment}}
	if u.Verdict == Approve {
		r.Approve = d
	} else {
		r.Reject = d
	}
	data, err := xml.Marshal(r)
	return append([]byte(xml.Header), data...), err
}

// maxComment is how long a comment may be, in characters (business requirements for
// nominations, April 2024; not in the schema). What partners send is not held to it.
const maxComment = 1000

// Validate returns what is wrong with a decision that is to be sent, as
// passerelle.FieldErrors: what the schema refuses, a rejection without a comment, and
// a comment of more than 1000 characters.
func (u Update) Validate() error {
	faults := u.faults()
	if utf8.RuneCountInString(u.Comment) > maxComment {
		faults.Add("comment", "length", "at most 1000 characters")
	}
	return faults.Err()
}

// faults are those for which a request is refused.
func (u Update) faults() passerelle.FieldErrors {
	var f lexical.Faults
	if u.Verdict != Approve && u.Verdict != Reject {
		f.Add("omobilities-update-request", "choice", "one of "+string(Approve)+", "+string(Reject))
		return f.List()
	}
	f.Identifier("omobility-id", u.ID)
	if u.ProposalID == "" {
		f.Add("proposal-id", "required", "the identifier of the proposal that was looked at")
	}
	switch {
	case u.Verdict == Reject:
		f.Required("comment", u.Comment, "why it is rejected, and what would have to change")
	case u.Comment != "":
		f.Add("comment", "absent", "no comment on an approval")
	}
	return f.List()
}

// LogValue gives the verdict: the rest is personal.
func (u Update) LogValue() slog.Value { return slog.StringValue(string(u.Verdict)) }

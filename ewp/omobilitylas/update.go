package omobilitylas

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// NamespaceUpdate is that of the requests for an update.
const NamespaceUpdate = "https://github.com/erasmus-without-paper/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/update-request.xsd"

// updateRoot is the root element of a request.
var updateRoot = xml.Name{Space: NamespaceUpdate, Local: "omobility-las-update-request"}

// maxRequest bounds the document of a request that is read from elsewhere than the
// network.
const maxRequest = 1 << 20

// UpdateRequest is the document by which the receiving institution answers a proposal:
// one of Approve and Comment.
type UpdateRequest struct {
	Sending ewp.HEIID `xml:"sending-hei-id"`
	Approve *Decision `xml:"approve-proposal-v1"`
	Comment *Decision `xml:"comment-proposal-v1"`
}

// Decision is the answer to a proposal.
type Decision struct {
	OMobilityID string `xml:"omobility-id"`
	// ProposalID is the one that was read, and is answered: see Proposal.ID.
	ProposalID string `xml:"changes-proposal-id"`
	// Comment says why the proposal is not accepted, and what is suggested. Of an
	// approval it is empty.
	Comment string `xml:"comment,omitempty"`
	// Signature is required: an approval is the signature of the receiving institution.
	Signature *Signature `xml:"signature"`
}

// NewApproval returns the request that approves the proposal of an agreement, as it was
// read.
func NewApproval(a Agreement, s Signature) UpdateRequest {
	return UpdateRequest{Sending: a.Sending.HEI, Approve: decision(a, "", s)}
}

// NewComment returns the request that comments the proposal of an agreement, as it was
// read, and so does not accept it.
func NewComment(a Agreement, comment string, s Signature) UpdateRequest {
	return UpdateRequest{Sending: a.Sending.HEI, Comment: decision(a, comment, s)}
}

func decision(a Agreement, comment string, s Signature) *Decision {
	d := &Decision{OMobilityID: a.OMobilityID, Comment: comment, Signature: &s}
	if a.Proposal != nil {
		d.ProposalID = a.Proposal.ID
	}
	return d
}

// Decision returns the one that is there, and whether it is an approval; nil where the
// request has none, or both.
func (r UpdateRequest) Decision() (d *Decision, approves bool) {
	switch {
	case r.Approve != nil && r.Comment == nil:
		return r.Approve, true
	case r.Comment != nil && r.Approve == nil:
		return r.Comment, false
	}
	return nil, false
}

// Validate returns what the schema refuses, and a signature without name, position or
// e-mail, as passerelle.FieldErrors whose paths are those of the elements.
func (r UpdateRequest) Validate() error {
	f := lexical.Under("")
	r.schema(f)
	if d, approves := r.Decision(); d != nil && d.Signature != nil {
		path := "comment-proposal-v1.signature"
		if approves {
			path = "approve-proposal-v1.signature"
		}
		checkSigner(f, path, *d.Signature)
	}
	return f.Err()
}

// schema adds what a server refuses with 400: missing and malformed elements. A
// signature without a name is not among them, because the schema allows it.
func (r UpdateRequest) schema(f *lexical.Faults) {
	f.Identifier("sending-hei-id", r.Sending.String())
	d, approves := r.Decision()
	if d == nil {
		f.Add("omobility-las-update-request", "exclusive", "one of approve-proposal-v1 and comment-proposal-v1")
		return
	}
	path := "approve-proposal-v1"
	if !approves {
		path = "comment-proposal-v1"
		f.Required(path+".comment", d.Comment, "why the proposal is not accepted")
	}
	f.Identifier(path+".omobility-id", lexical.Token(d.OMobilityID))
	f.Required(path+".changes-proposal-id", d.ProposalID, "the identifier of the proposal that is meant")
	if d.Signature == nil {
		f.Add(path+".signature", "required", "the signature of the receiving institution")
		return
	}
	checkTime(f, path+".signature.timestamp", *d.Signature)
}

// checked returns what a server refuses with 400: what the schema does, and an approval
// whose signature does not say who signed (deduced: the annotations demand it of every
// version that results).
func (r UpdateRequest) checked() error {
	f := lexical.Under("")
	r.schema(f)
	if d, approves := r.Decision(); approves && d.Signature != nil {
		checkSigner(f, "approve-proposal-v1.signature", *d.Signature)
	}
	return f.Err()
}

// Encode returns the document, in UTF-8 and without prefixes. A character that XML
// cannot hold is passerelle.ErrInvalid.
func (r UpdateRequest) Encode() ([]byte, error) {
	type decisionOut struct {
		OMobilityID string        `xml:"omobility-id"`
		ProposalID  string        `xml:"changes-proposal-id"`
		Comment     string        `xml:"comment,omitempty"`
		Signature   *signatureOut `xml:"signature"`
	}
	out := func(d *Decision) *decisionOut {
		if d == nil {
			return nil
		}
		return &decisionOut{d.OMobilityID, d.ProposalID, d.Comment, (*signatureOut)(d.Signature)}
	}
	document := struct {
		XMLName xml.Name
		Sending ewp.HEIID    `xml:"sending-hei-id"`
		Approve *decisionOut `xml:"approve-proposal-v1"`
		Comment *decisionOut `xml:"comment-proposal-v1"`
	}{updateRoot, r.Sending, out(r.Approve), out(r.Comment)}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(document); err != nil {
		return nil, fmt.Errorf("omobilitylas: writing the request: %w: %w", passerelle.ErrInvalid, err)
	}
	if bytes.ContainsRune(b.Bytes(), '\uFFFD') { // what encoding/xml writes in its place
		return nil, fmt.Errorf("omobilitylas: a character that XML cannot hold: %w", passerelle.ErrInvalid)
	}
	return b.Bytes(), nil
}

// signatureOut is a Signature in a request, where it is in the namespace of the
// agreements and its parent is not.
type signatureOut struct {
	Name     string `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/get-response.xsd signer-name,omitempty"`
	Position string `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/get-response.xsd signer-position,omitempty"`
	Email    string `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/get-response.xsd signer-email,omitempty"`
	Time     string `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/get-response.xsd timestamp"`
	App      string `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/get-response.xsd signer-app,omitempty"`
}

// DecodeUpdate reads the document of a request, leniently as [Decode] does. Its error is
// passerelle.ErrProtocol for another document, or that of r.
func DecodeUpdate(r io.Reader) (UpdateRequest, error) {
	var request UpdateRequest
	d, err := xmlx.NewDecoder(r, "", xmlx.Limits{MaxBytes: maxRequest})
	if err != nil {
		return request, err
	}
	var read struct {
		XMLName xml.Name
		UpdateRequest
	}
	if err := d.Decode(&read); err != nil {
		return request, fmt.Errorf("omobilitylas: the request: %w: %w", passerelle.ErrProtocol, err)
	}
	if read.XMLName != updateRoot {
		return request, fmt.Errorf("omobilitylas: the root element is not %s of %s: %w", updateRoot.Local, updateRoot.Space, passerelle.ErrProtocol)
	}
	if _, err := d.Token(); err != io.EOF {
		return request, fmt.Errorf("omobilitylas: something follows the request: %w", passerelle.ErrProtocol)
	}
	return read.UpdateRequest, nil
}

// LogValue gives the institution and the kind of the request.
func (r UpdateRequest) LogValue() slog.Value {
	d, approves := r.Decision()
	return slog.GroupValue(slog.String("sending", r.Sending.String()), slog.Bool("decision", d != nil), slog.Bool("approves", approves))
}

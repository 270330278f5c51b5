package router

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/transport"
)

// Verification is what the public verifier says of a card. It holds nothing about
// its bearer beyond the level of studies.
type Verification struct {
	Number    string      `json:"cardNumber"`
	Type      *Code       `json:"cardType,omitempty"`
	State     *Code       `json:"cardStatusType,omitempty"`
	ExpiresAt Date        `json:"expiresAt,omitzero"`
	Holder    *CardHolder `json:"cardHolder,omitempty"`
	Issuer    *CardIssuer `json:"issuer,omitempty"`
}

// CardHolder is what the verifier says of a holder.
type CardHolder struct {
	Level *Code `json:"academicLevel,omitempty"`
}

// CardIssuer is what the verifier says of an issuer.
type CardIssuer struct {
	Identifier     Text   `json:"identifier"`
	IdentifierType *Code  `json:"identifierType,omitempty"`
	Name           string `json:"name"`
}

// Verdict is what a verification is worth to somebody who grants a right for it.
type Verdict uint8

// The verdicts. The rule that only ACTIVE counts is that of a service provider; the
// comparison of the date is ours.
const (
	NotAccepted Verdict = iota // the router says that the card is not active, or that it is over
	Accepted                   // active, and not over on that day
	Undecided                  // the answer does not say: neither a yes nor a no
)

// String returns "not accepted", "accepted" or "undecided".
func (v Verdict) String() string {
	switch v {
	case Accepted:
		return "accepted"
	case Undecided:
		return "undecided"
	default:
		return "not accepted"
	}
}

// On judges the answer on a day, that of the place where the card is shown.
func (v *Verification) On(day passerelle.Date) Verdict {
	if v.State == nil || v.State.Key == "" {
		return Undecided
	}
	if CardState(v.State.Key) != Active || !v.ExpiresAt.IsZero() && v.ExpiresAt.Before(day) {
		return NotAccepted
	}
	return Accepted
}

// IssuerDiffers reports whether the number carries the PIC of another institution
// than the one that the answer names. It is a warning: numbers exist that were made with
// another's PIC.
func (v *Verification) IssuerDiffers() bool {
	n, err := esc.Parse(v.Number)
	if err != nil || v.Issuer == nil || v.Issuer.Identifier == "" {
		return false
	}
	pic := n.PIC()
	return pic != "" && isPIC(string(v.Issuer.Identifier)) && pic != string(v.Issuer.Identifier)
}

// Verify asks the public verifier about a card. It takes no token. A card that it does
// not know is passerelle.ErrNotFound, whatever the status of the answer: which one comes
// is not documented.
func (c *Client) Verify(ctx context.Context, r CardRequest) (*Verification, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	var v Verification
	k := call{operation: "router.verify", method: http.MethodGet, url: join(c.verifier, []string{"cards", "verify", r.Number}), class: transport.Read, public: true}
	resp, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	if m, ok := message(resp.Body); ok { // an error with a status of success
		kind := c.codes[string(m.Code)]
		if kind == nil {
			kind = passerelle.ErrProtocol
		}
		return nil, &Error{Operation: k.operation, Status: resp.Status, Code: string(m.Code), Message: m.Message, Body: resp.Body, kind: kind}
	}
	if err := json.Unmarshal(resp.Body, &v); err != nil || v.Number == "" {
		return nil, misunderstood(k.operation, resp)
	}
	return &v, nil
}

package router

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// CardRequest names a card.
type CardRequest struct {
	As     string // PIC of the institution that asks; may be empty when the client has one only
	Number string // ESCN, or what the router holds in its place
}

func (r CardRequest) check() error { return required("Number", r.Number, "the number of a card") }

// CardWrite is a card to create or to update.
type CardWrite struct {
	As   string // PIC of the institution that writes; may be empty when the client has one only
	Card CardUpdate
}

func (r *CardWrite) check(needNumber bool) error {
	var faults passerelle.FieldErrors
	r.Card = r.Card.trimmed()
	r.Card.check(&faults, needNumber)
	return faults.Err()
}

// Card reads a card. One of another institution is passerelle.ErrForbidden.
func (c *Client) Card(ctx context.Context, r CardRequest) (*Card, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	var card Card
	err := c.decode(ctx, call{
		operation: "router.card", method: http.MethodGet, url: c.path("cards", r.Number), class: transport.Read, as: r.As,
	}, &card)
	if err != nil {
		return nil, err
	}
	return &card, nil
}

// CreateCard registers a card. The router assigns its number when it has none. One
// that exists is passerelle.ErrConflict. After a lost answer it is not sent again.
func (c *Client) CreateCard(ctx context.Context, r CardWrite) (*Card, error) {
	if err := r.check(false); err != nil {
		return nil, err
	}
	var card Card
	err := c.decode(ctx, call{
		operation: "router.create-card", method: http.MethodPost, url: c.path("cards"), class: transport.Create, as: r.As, body: r.Card,
	}, &card)
	if err != nil {
		return nil, err
	}
	return &card, nil
}

// UpdateCard replaces what the router holds of a card.
func (c *Client) UpdateCard(ctx context.Context, r CardWrite) (*Card, error) {
	if err := r.check(true); err != nil {
		return nil, err
	}
	var card Card
	err := c.decode(ctx, call{
		operation: "router.update-card", method: http.MethodPut, url: c.path("cards", r.Card.Number), class: transport.Idempotent, as: r.As, body: r.Card,
	}, &card)
	if err != nil {
		return nil, err
	}
	return &card, nil
}

// EnsureCard registers a card that has a number, or updates the one that exists.
// When the answer to the creation is lost it looks by updating, so that the call can be
// repeated at will.
func (c *Client) EnsureCard(ctx context.Context, r CardWrite) (*Card, Done, error) {
	if err := r.check(true); err != nil {
		return nil, 0, err
	}
	return ensure(ctx, func() (*Card, error) { return c.CreateCard(ctx, r) }, func() (*Card, error) { return c.UpdateCard(ctx, r) })
}

// DeleteCard deletes a card at the router.
func (c *Client) DeleteCard(ctx context.Context, r CardRequest) error {
	if err := r.check(); err != nil {
		return err
	}
	_, err := c.do(ctx, call{
		operation: "router.delete-card", method: http.MethodDelete, url: c.path("cards", r.Number), class: transport.Idempotent, as: r.As,
	})
	return err
}

// Cards lists the cards of the institution, with the fields of lists. An error is the
// last element. See [Client.Persons] for changes during the walk.
func (c *Client) Cards(ctx context.Context, r ListRequest) iter.Seq2[Card, error] {
	return pages[Card](ctx, c, "router.cards", c.path("cards"), r)
}

// MaxNumbers is how many numbers may be asked for at once: the router was observed
// to answer 500 to more.
const MaxNumbers = 100

// NumbersRequest asks for card numbers.
type NumbersRequest struct {
	Prefix int    // 0 to 999
	PIC    string // nine digits
	Count  int    // 1 to MaxNumbers; 0 is 1
}

// GenerateNumbers asks the router for numbers of its own generator. It takes no
// token. They are not reserved: esc.Generator makes them without the network.
func (c *Client) GenerateNumbers(ctx context.Context, r NumbersRequest) ([]string, error) {
	var faults passerelle.FieldErrors
	if r.Prefix < 0 || r.Prefix > 999 {
		faults.Add("Prefix", "range", "0 to 999")
	}
	if !isPIC(r.PIC) {
		faults.Add("PIC", "form", "nine digits")
	}
	if r.Count < 0 || r.Count > MaxNumbers {
		faults.Add("Count", "range", "1 to "+strconv.Itoa(MaxNumbers))
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	query := url.Values{"prefix": {strconv.Itoa(r.Prefix)}, "pic": {r.PIC}, "numberOfESCN": {strconv.Itoa(max(1, r.Count))}}
	k := call{operation: "router.generate-escn", method: http.MethodGet, url: c.path("cards", "generate-escn") + "?" + query.Encode(), class: transport.Read, public: true}
	resp, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	var numbers []string
	if err := json.Unmarshal(resp.Body, &numbers); err != nil || len(numbers) != max(1, r.Count) {
		return nil, misunderstood(k.operation, resp)
	}
	return numbers, nil
}

// CardStatus reads the public status of a card. It takes no token. See
// [Client.Verify] for the verifier.
func (c *Client) CardStatus(ctx context.Context, r CardRequest) (*CardStatus, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	var status CardStatus
	err := c.decode(ctx, call{
		operation: "router.card-status", method: http.MethodGet, url: c.path("cards", r.Number, "status"), class: transport.Read, public: true,
	}, &status)
	if err != nil {
		return nil, err
	}
	return &status, nil
}

// QRRequest asks for the picture of the official code. esc/qr draws it without the
// network.
type QRRequest struct {
	Number   string // ESCN
	Vertical bool   // the logo above instead of beside
	Inverted bool   // white on dark
	Size     string // XS, S or M; "" is S
	Base64   bool   // the picture as base64 text instead of SVG
}

// QR returns the router's picture of the code of a card. It takes no token.
func (c *Client) QR(ctx context.Context, r QRRequest) ([]byte, error) {
	if err := (CardRequest{Number: r.Number}).check(); err != nil {
		return nil, err
	}
	size := strings.ToUpper(r.Size)
	switch size {
	case "":
		size = "S"
	case "XS", "S", "M":
	default:
		return nil, passerelle.FieldErrors{{Field: "Size", Rule: "value", Want: "XS, S or M"}}
	}
	query := url.Values{"orientation": {"horizontal"}, "colours": {"normal"}, "size": {size}}
	if r.Vertical {
		query.Set("orientation", "vertical")
	}
	if r.Inverted {
		query.Set("colours", "inverted")
	}
	accept := "image/svg+xml"
	if r.Base64 {
		accept = "text/plain"
	}
	resp, err := c.do(ctx, call{
		operation: "router.qr", method: http.MethodGet, url: c.path("cards", r.Number, "qr") + "?" + query.Encode(), class: transport.Read, public: true, accept: accept,
	})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

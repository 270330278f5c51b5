package esctest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/qr"
	"github.com/passerelle-sup/passerelle/esc/router"
)

// myCard returns the card of the address, or why the institution may not have it.
func (r *Router) myCard(c *call) (*card, answer) {
	k := r.cards[strings.ToLower(c.PathValue("escn"))]
	switch {
	case k == nil:
		return nil, plain(http.StatusNotFound)
	case k.Issuer != c.pic:
		return nil, refuse(http.StatusForbidden, router.CodeAccessDenied, "access denied to "+k.Number)
	}
	return k, answer{}
}

// readCard decodes and checks a card that is sent. A processor that is given and
// blank is refused, as it was by the real router.
func (r *Router) readCard(c *call) (router.CardUpdate, answer) {
	var u router.CardUpdate
	bad := !c.json(&u) || u.State != router.Active && u.State != router.Inactive || !slices.Contains(router.CardTypes, u.Type) ||
		!u.IssuedAt.Valid() || !u.ExpiresAt.Valid() || u.Issuer == "" || u.Person.IsZero()
	var members map[string]json.RawMessage
	if !bad {
		bad = json.Unmarshal(c.body, &members) != nil
		if _, given := members["processorIdentifier"]; given && strings.TrimSpace(u.Processor) == "" {
			bad = true
		}
	}
	switch {
	case bad:
		return u, plain(http.StatusBadRequest)
	case u.Issuer != c.pic:
		return u, plain(http.StatusUnauthorized) // a good token, for another institution
	}
	p := r.persons[u.Person.Key()]
	if p == nil || p.anonymised || p.enrolments[c.pic].Organisation == "" {
		return u, plain(http.StatusBadRequest) // whoever holds a card is registered first
	}
	return u, answer{}
}

func (r *Router) getCard(c *call) answer {
	k, no := r.myCard(c)
	if k == nil {
		return no
	}
	return ok(r.cardView(k, false))
}

func (r *Router) createCard(c *call) answer {
	u, no := r.readCard(c)
	if no.status != 0 {
		return no
	}
	if u.Number == "" {
		n, err := r.generators[ownPrefix].Next(c.Context(), c.pic)
		if err != nil {
			return plain(http.StatusInternalServerError)
		}
		u.Number = n.String()
	}
	key := strings.ToLower(u.Number)
	if r.cards[key] != nil {
		return refuse(http.StatusConflict, router.CodeCardExists, "card "+u.Number+" already exists")
	}
	r.cards[key] = &card{CardUpdate: u, person: u.Person.Key()}
	return answer{status: http.StatusCreated, body: r.cardView(r.cards[key], false)}
}

func (r *Router) updateCard(c *call) answer {
	u, no := r.readCard(c)
	if no.status != 0 {
		return no
	}
	k, no := r.myCard(c)
	if k == nil {
		return no
	}
	u.Number = k.Number
	k.CardUpdate, k.person = u, u.Person.Key()
	return ok(r.cardView(k, false))
}

func (r *Router) deleteCard(c *call) answer {
	k, no := r.myCard(c)
	if k == nil {
		return no
	}
	delete(r.cards, strings.ToLower(k.Number))
	return plain(http.StatusNoContent)
}

func (r *Router) listCards(c *call) answer {
	holder, filtered := r.criteria(c)["person.identifier"]
	var rows []router.Card
	for _, key := range slices.Sorted(maps.Keys(r.cards)) {
		k := r.cards[key]
		if k.Issuer == c.pic && (!filtered || k.person == strings.ToLower(holder)) {
			rows = append(rows, r.cardView(k, true))
		}
	}
	return paginate(r, c, rows)
}

func (r *Router) cardStatus(c *call) answer {
	k := r.cards[strings.ToLower(c.PathValue("escn"))]
	if k == nil {
		return plain(http.StatusNotFound)
	}
	o := r.institution(k.Issuer)
	return ok(router.CardStatus{
		Number: k.Number, DisplayName: k.DisplayName, Status: r.state(k), IssuedAt: r.date(k.IssuedAt), ExpiresAt: r.date(k.ExpiresAt),
		Issuer: o.Identifier, IssuerName: o.Name,
	})
}

func (r *Router) verifyCard(c *call) answer {
	k := r.cards[strings.ToLower(c.PathValue("escn"))]
	if k == nil {
		return refuse(http.StatusNotFound, router.CodeUnknownCard, "no card with this number")
	}
	view, o := r.cardView(k, false), r.institution(k.Issuer)
	v := router.Verification{
		Number: k.Number, Type: view.Type, State: view.State, ExpiresAt: view.ExpiresAt,
		Issuer: &router.CardIssuer{Identifier: o.Identifier, IdentifierType: o.IdentifierCode, Name: o.Name},
	}
	if p := r.persons[k.person]; p != nil && p.enrolments[k.Issuer].Level != "" {
		level := p.enrolments[k.Issuer].Level
		v.Holder = &router.CardHolder{Level: &router.Code{Key: router.Text(level), Label: strings.ToLower(string(level))}}
	}
	return ok(v)
}

// generate answers 500 to more than a hundred, as the real router was observed to.
func (r *Router) generate(c *call) answer {
	prefix, err := strconv.Atoi(c.FormValue("prefix"))
	count := 1
	if s := c.FormValue("numberOfESCN"); s != "" && err == nil {
		count, err = strconv.Atoi(s)
	}
	switch {
	case err != nil || prefix < 0 || prefix > 999 || len(c.FormValue("pic")) != 9:
		return plain(http.StatusBadRequest)
	case count < 1 || count > router.MaxNumbers:
		return plain(http.StatusInternalServerError)
	}
	generator := r.generators[prefix]
	if generator == nil {
		if generator, err = esc.NewGenerator(esc.Config{Prefix: prefix}); err != nil {
			return plain(http.StatusInternalServerError)
		}
		r.generators[prefix] = generator
	}
	numbers := make([]string, count)
	for i := range numbers {
		n, err := generator.Next(c.Context(), c.FormValue("pic"))
		if err != nil {
			return plain(http.StatusBadRequest)
		}
		numbers[i] = n.String()
	}
	return ok(numbers)
}

func (r *Router) cardQR(c *call) answer {
	n, err := esc.Parse(c.PathValue("escn"))
	if err != nil {
		return plain(http.StatusBadRequest)
	}
	options := qr.SVGOptions{Inverted: strings.EqualFold(c.FormValue("colours"), "inverted")}
	switch strings.ToUpper(c.FormValue("size")) {
	case "XS":
		options.Scale = qr.SizeXS
	case "", "S":
		options.Scale = qr.SizeS
	case "M":
	default:
		return plain(http.StatusBadRequest)
	}
	code, err := qr.New(n, "")
	if err != nil {
		return plain(http.StatusBadRequest)
	}
	var svg bytes.Buffer
	if err := code.WriteSVG(&svg, options); err != nil {
		return plain(http.StatusInternalServerError)
	}
	if c.Header.Get("Accept") == "text/plain" {
		return answer{status: http.StatusOK, raw: []byte(base64.StdEncoding.EncodeToString(svg.Bytes())), media: "text/plain"}
	}
	return answer{status: http.StatusOK, raw: svg.Bytes(), media: "image/svg+xml"}
}

// certificates serves the chain of an institution as the first router did.
func (r *Router) certificates(c *call) answer {
	chain, known := r.config.Chains[c.PathValue("pic")]
	switch {
	case r.tokens[c.Header.Get("Key")] == "":
		return plain(http.StatusUnauthorized)
	case !known:
		return plain(http.StatusNotFound)
	}
	return answer{status: http.StatusOK, raw: chain, media: "application/x-pem-file"}
}

// SeedCard puts a card and its holder in the router without a request, as another
// system of the institution would have.
func (r *Router) SeedCard(u router.CardUpdate, e router.Enrolment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := u.Person.Key()
	p := r.persons[key]
	if p == nil {
		p = &person{identifier: u.Person.String(), enrolments: make(map[string]router.Enrolment), pictures: make(map[string][]byte)}
		r.persons[key] = p
	}
	p.enrolments[e.Organisation] = e
	if u.Number != "" {
		r.cards[strings.ToLower(u.Number)] = &card{CardUpdate: u, person: key}
	}
}

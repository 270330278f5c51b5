package qr

import (
	"net/url"
	"slices"
	"strings"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
)

// The base URLs met on cards.
const (
	// Base is that of the official generator since September 2024.
	Base = "https://s.esc-r.eu/"
	// BaseGG is the one printed before, still configured in card systems.
	BaseGG = "http://esc.gg/"
	// BaseGGTest is BaseGG for pre-production.
	BaseGGTest = "http://pp.esc.gg/"
)

// hosts are those that Read knows.
var hosts = []string{
	"s.esc-r.eu", "esc.gg", "pp.esc.gg",
	"router.europeanstudentcard.eu", "sandbox.europeanstudentcard.eu",
}

// maxText bounds the text that Read looks at.
const maxText = 512

// Content returns the text of the code of card n: base followed by the number in
// lower case with dashes. An empty base is [Base]; one that does not end in a slash
// gets one. It must be an http or https URL without user, query or fragment.
func Content(n esc.Number, base string) (string, error) {
	if n.IsZero() {
		return "", fault("required", "a card number")
	}
	if base == "" {
		base = Base
	}
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(base, "?#") {
		return "", fault("base", "an http or https URL without user, query or fragment, such as "+Base)
	}
	if !strings.HasSuffix(base, "/") {
		base += "/"
	}
	return base + n.String(), nil
}

// Reading is what the text of a code says.
type Reading struct {
	Number esc.Number
	Host   string // host of the URL in lower case; "" when the text is the bare number
}

// Read finds the card number in the text of a code: the last segment of the path
// of an http or https URL on one of the known hosts, or the bare number, which
// some wallets show. Other hosts are accepted when they are listed, with their port
// if any.
//
// A host says nothing about the validity of a card: never open the URL of a code,
// ask the router about the number. Its error is a *passerelle.ParseError with rule "length",
// "url", "host", or a rule of esc.Parse.
func Read(text string, otherHosts ...string) (Reading, error) {
	if len(text) > maxText {
		return Reading{}, fault("length", "at most 512 bytes")
	}
	text = strings.TrimSpace(text)
	if !strings.ContainsAny(text, ":/") {
		n, err := number(text)
		return Reading{Number: n}, err
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return Reading{}, fault("url", "an http or https URL, or a card number")
	}
	host := strings.ToLower(u.Host)
	same := func(h string) bool { return strings.EqualFold(h, host) }
	if host == "" || !slices.ContainsFunc(hosts, same) && !slices.ContainsFunc(otherHosts, same) {
		return Reading{}, fault("host", "a host of the European student card: "+strings.Join(hosts, ", "))
	}
	path := strings.TrimRight(u.Path, "/")
	n, err := number(path[strings.LastIndexByte(path, '/')+1:])
	if err != nil {
		return Reading{}, err
	}
	return Reading{Number: n, Host: host}, nil
}

// number parses a card number, which a code must hold.
func number(s string) (esc.Number, error) {
	n, err := esc.Parse(s)
	if err == nil && n.IsZero() {
		err = fault("required", "a card number other than zero")
	}
	return n, err
}

func fault(rule, want string) error {
	return &passerelle.ParseError{Type: "QR code", Rule: rule, Want: want}
}

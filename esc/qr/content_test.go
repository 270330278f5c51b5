package qr_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/qr"
)

func TestRead(t *testing.T) {
	t.Parallel()
	n := card.String()
	bare := strings.ReplaceAll(n, "-", "")
	tests := [...]struct {
		text string
		host string
		rule string // "" when read
	}{
		0:  {text: "https://s.esc-r.eu/" + n, host: "s.esc-r.eu"},
		1:  {text: "http://esc.gg/" + n, host: "esc.gg"},
		2:  {text: "https://esc.gg/" + n, host: "esc.gg"},
		3:  {text: "http://pp.esc.gg/" + n, host: "pp.esc.gg"},
		4:  {text: "https://router.europeanstudentcard.eu/esc-verifier/" + n, host: "router.europeanstudentcard.eu"},
		5:  {text: "https://sandbox.europeanstudentcard.eu/a/b/" + n + "/", host: "sandbox.europeanstudentcard.eu"},
		6:  {text: n},
		7:  {text: bare},
		8:  {text: strings.ToUpper("http://esc.gg/" + n), host: "esc.gg"},
		9:  {text: " https://s.esc-r.eu/" + bare + "?lang=fr#top\r\n", host: "s.esc-r.eu"},
		10: {text: "https://carte.example.org:8443/c/" + n, host: "carte.example.org:8443"},
		11: {text: "https://evil.example.org/" + n, rule: "host"},
		12: {text: "https://s.esc-r.eu.example.org/" + n, rule: "host"},
		13: {text: "https://s.esc-r.eu:8443/" + n, rule: "host"},
		14: {text: "https://s.esc-r.eu@example.org/" + n, rule: "url"},
		15: {text: "javascript:alert(1)//" + n, rule: "url"},
		16: {text: "ftp://esc.gg/" + n, rule: "url"},
		17: {text: "https:///" + n, rule: "host"},
		18: {text: "https://esc.gg/" + n[:35], rule: "length"},
		19: {text: "https://esc.gg/" + n + "/more", rule: "length"},
		20: {text: "https://esc.gg/?" + n, rule: "length"},
		21: {text: "", rule: "length"},
		22: {text: "https://esc.gg/" + strings.Repeat("0/", 300) + n, rule: "length"},
		23: {text: "https://esc.gg/00000000-0000-0000-0000-000000000000", rule: "required"},
		24: {text: "00000000000000000000000000000000", rule: "required"},
		25: {text: "https://esc.gg/%zz", rule: "url"},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			got, err := qr.Read(tt.text, "carte.example.org:8443")
			if tt.rule == "" {
				if want := (qr.Reading{Number: card, Host: tt.host}); err != nil || got != want {
					t.Errorf("Read(%q) = %+v, %v; want %+v", tt.text, got, err, want)
				}
				return
			}
			var pe *passerelle.ParseError
			if !errors.As(err, &pe) || pe.Rule != tt.rule {
				t.Errorf("Read(%q): %+v, %v; want rule %q", tt.text, got, err, tt.rule)
			}
		})
	}
}

func TestContentRefuses(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"esc.gg/", "ftp://esc.gg/", "https://", "https://u:p@esc.gg/", "https://esc.gg/?n=", "https://esc.gg/#", "https://esc.gg/%zz", ":"} {
		var pe *passerelle.ParseError
		if got, err := qr.Content(card, base); !errors.As(err, &pe) || pe.Rule != "base" {
			t.Errorf("base %q: %q, %v; want rule base", base, got, err)
		}
		if _, err := qr.New(card, base); err == nil {
			t.Errorf("base %q: New accepts it", base)
		}
	}
	if _, err := qr.New(esc.Number{}, ""); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no number: %v, want ErrInvalid", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"https://s.esc-r.eu/d88b02c1-894e-1038-a711-001999465982", "http://esc.gg/D88B02C1894E1038A711001999465982/",
		"d88b02c1-894e-1038-a711-001999465982", "https://esc.gg@example.org/", "http://[::1]:80/", "//esc.gg/", "http://esc.gg/%2f",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := qr.Read(s)
		if err != nil {
			if got != (qr.Reading{}) || !errors.Is(err, passerelle.ErrInvalid) {
				t.Fatalf("Read(%q) = %+v, %v", s, got, err)
			}
			return
		}
		content, err := qr.Content(got.Number, "")
		if err != nil {
			t.Fatalf("Read(%q) gives %+v, of which no code can be made: %v", s, got, err)
		}
		again, err := qr.Read(content)
		if err != nil || again.Number != got.Number {
			t.Fatalf("%q reads as %+v, %v; want %v", content, again, err, got.Number)
		}
	})
}

func FuzzEncode(f *testing.F) {
	f.Add("https://s.esc-r.eu/d88b02c1-894e-1038-a711-001999465982", uint8(1), uint8(4))
	f.Add("0123456789ABCDEF é€", uint8(3), uint8(1))
	f.Fuzz(func(t *testing.T, text string, level, version uint8) {
		if len(text) > 200 {
			return // the drawing of large symbols is slow and no different
		}
		c, err := qr.Encode(text, qr.Level(level), int(version))
		if err != nil {
			if !errors.Is(err, passerelle.ErrInvalid) {
				t.Fatalf("Encode(%q, %d, %d): %v", text, level, version, err)
			}
			return
		}
		if c.Size() != 17+4*c.Version() || !c.Dark(0, 0) || c.Dark(-1, 0) || c.Dark(0, c.Size()) {
			t.Fatalf("Encode(%q, %d, %d): %d modules in version %d", text, level, version, c.Size(), c.Version())
		}
	})
}

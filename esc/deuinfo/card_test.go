package deuinfo_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/deuinfo"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func newCard(tb testing.TB) deuinfo.Card {
	tb.Helper()
	authority := must(esctest.NewAuthority(moment))(tb)
	credential := must(authority.IssueCard(domain))(tb)
	return must(esctest.NewCard(credential, number, uid))(tb)
}

func TestReadCard(t *testing.T) {
	t.Parallel()
	card := newCard(t)
	// The sizes of the published certificate, and those at which reads end.
	for i, size := range []int{len(card.Certificate), 512, 513, 768} {
		want := card
		want.Certificate = padded(card.Certificate, size)
		got, err := deuinfo.ReadCard(t.Context(), esctest.NewChip(want))
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		testutil.Equal(t, "card", got.String(), card.String())
	}

	chip := esctest.NewChip(card)
	chip.Files = nil
	if _, err := deuinfo.ReadCard(t.Context(), chip); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("chip without the application: %v", err)
	}
	chip = esctest.NewChip(card)
	chip.UID = []byte{8, 1, 2, 3}
	if _, err := deuinfo.ReadCard(t.Context(), chip); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("chip with a random identifier: %v", err)
	}
	chip = esctest.NewChip(card)
	chip.Files[deuinfo.CertificateFile.ISO] = make([]byte, 1<<15)
	if _, err := deuinfo.ReadCard(t.Context(), chip); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("chip with a huge file: %v", err)
	}
	chip = esctest.NewChip(card)
	delete(chip.Files, deuinfo.SignatureFile.ISO)
	_, err := deuinfo.ReadCard(t.Context(), chip)
	if e, ok := errors.AsType[*deuinfo.CardError](err); !ok || e.Status != 0x6A82 || e.Step != "select file 1002" {
		t.Errorf("chip without a signature: %v", err)
	}
}

func padded(data []byte, size int) []byte {
	return append(bytes.Clone(data), make([]byte, max(0, size-len(data)))...)
}

func TestParseCard(t *testing.T) {
	t.Parallel()
	card := newCard(t)
	text := card.String()
	for name, s := range map[string]string{
		"as written": text, "upper case": strings.ToUpper(text), "with the free memory": text + "@1280", "blanks around": " " + text + "\n",
		"dashed number": strings.Replace(text, strings.ReplaceAll(number.String(), "-", ""), number.String(), 1),
	} {
		got, err := deuinfo.ParseCard(s)
		if err != nil || got.String() != text {
			t.Errorf("%s: %v", name, err)
		}
	}
	parts := strings.Split(text, "@")
	join := func(uid, number, signature, certificate string) string {
		return strings.Join([]string{uid, number, signature, certificate}, "@")
	}
	cases := []struct{ name, text, kind, rule string }{
		0:  {"empty", "", "DEUInfo card", "form"},
		1:  {"three parts", strings.Join(parts[:3], "@"), "DEUInfo card", "form"},
		2:  {"short UID", join("042e5a", parts[1], parts[2], parts[3]), "UID", "length"},
		3:  {"UID not hexadecimal", join("zz2e5a7a6e4d80", parts[1], parts[2], parts[3]), "UID", "character"},
		4:  {"UID of zeros", join("00000000000000", parts[1], parts[2], parts[3]), "UID", "required"},
		5:  {"short number", join(parts[0], "d88b", parts[2], parts[3]), "DEUInfo number", "length"},
		6:  {"number of zeros", join(parts[0], strings.Repeat("00", 16), parts[2], parts[3]), "DEUInfo number", "required"},
		7:  {"odd digits", join(parts[0], parts[1], parts[2]+"0", parts[3]), "DEUInfo card", "character"},
		8:  {"no signature", join(parts[0], parts[1], "", parts[3]), "DEUInfo signature", "form"},
		9:  {"signature cut off", join(parts[0], parts[1], parts[2][:40], parts[3]), "DEUInfo signature", "length"},
		10: {"signature with more behind", join(parts[0], parts[1], parts[2]+"01", parts[3]), "DEUInfo signature", "form"},
		11: {"signature too short", join(parts[0], parts[1], "30020101", parts[3]), "DEUInfo signature", "length"},
		12: {"signature too long", join(parts[0], parts[1], "3081ff"+strings.Repeat("00", 255), parts[3]), "DEUInfo signature", "length"},
		13: {"certificate cut off", join(parts[0], parts[1], parts[2], parts[3][:100]), "DEUInfo certificate", "length"},
		14: {"certificate of indefinite length", join(parts[0], parts[1], parts[2], "3080"), "DEUInfo certificate", "length"},
		15: {"oversized", strings.Repeat("0", 1<<15), "DEUInfo card", "length"},
	}
	for i, c := range cases {
		_, err := deuinfo.ParseCard(c.text)
		e, ok := errors.AsType[*passerelle.ParseError](err)
		if !ok || e.Type != c.kind || e.Rule != c.rule {
			t.Errorf("%d %s: %v, want %s: %s", i, c.name, err, c.kind, c.rule)
		}
	}
}

func TestLogsHideCards(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	card := newCard(t)
	leaks.Secret(t, card.UID.String(), number.String(), number.String()[:23])
	leaks.Logger().Info("card", "card", card, "uid", card.UID)
	_, err := deuinfo.ParseCard(card.String() + "@1@2")
	leaks.Error(err)
	if !strings.Contains(leaks.Log(), "999465982") {
		t.Error("the institution is not in the log")
	}
	leaks.Check(t)
}

func FuzzParseCard(f *testing.F) {
	card := newCard(f)
	f.Add(card.String())
	f.Add("042e5a7a6e4d80@d88b02c1894e1038a711001999465982@3006020101020101@3000")
	f.Add("@@@@")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := deuinfo.ParseCard(s)
		if err != nil {
			if !errors.Is(err, passerelle.ErrInvalid) {
				t.Errorf("%v is not ErrInvalid", err)
			}
			return
		}
		again, err := deuinfo.ParseCard(got.String())
		if err != nil || again.String() != got.String() {
			t.Errorf("%q reads as %q and that as %q, %v", s, got, again, err)
		}
	})
}

func FuzzReadCard(f *testing.F) {
	card := newCard(f)
	n := card.Number.Bytes()
	f.Add(card.UID[:], n[:], card.Signature, card.Certificate)
	f.Add([]byte{1}, []byte{2}, []byte{0x30, 0x82}, []byte{0x30, 0x82, 0xff, 0xff})
	authority := must(esctest.NewAuthority(moment))(f)
	credential := must(authority.IssueCard(domain))(f)
	v := must(deuinfo.NewVerifier(policy(authority, credential)))(f)
	f.Fuzz(func(t *testing.T, uid, number, signature, certificate []byte) {
		chip := &esctest.Chip{UID: uid, Files: map[uint16][]byte{0x1001: number, 0x1002: signature, 0x1003: certificate}}
		card, err := deuinfo.ReadCard(t.Context(), chip)
		if err != nil {
			return
		}
		if _, err := v.Verify(t.Context(), card); err == nil {
			t.Error("a card of another authority is believed")
		}
	})
}

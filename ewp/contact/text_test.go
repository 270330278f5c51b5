package contact_test

import (
	"fmt"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestPhoneOf(t *testing.T) {
	t.Parallel()
	for i, c := range map[int]struct {
		text, calling string
		want          contact.Phone
	}{
		0: {"03 88 12 34 56", "33", contact.Phone{E164: "+33388123456"}},
		1: {"03.88.12.34.56", "33", contact.Phone{E164: "+33388123456"}},
		2: {"+33 (0)3 88 12 34 56", "", contact.Phone{E164: "+33388123456"}},
		3: {"0033 388123456", "33", contact.Phone{E164: "+33388123456"}},
		4: {"+49\u00a030-1234", "33", contact.Phone{E164: "+49301234"}},
		5: {"03 88 12 34 56", "", contact.Phone{Other: "03 88 12 34 56"}},
		6: {"poste  3407", "33", contact.Phone{Other: "poste 3407"}},
		7: {"", "33", contact.Phone{}},
		8: {"+1234567890123456", "", contact.Phone{Other: "+1234567890123456"}},
	} {
		got := contact.PhoneOf(c.text, c.calling)
		testutil.Equal(t, fmt.Sprintf("%d: phone", i), got, c.want)
		if err := got.Validate(); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	testutil.Equal(t, "number", contact.Phone{E164: "+33388123456", Extension: "12"}.String(), "+33388123456 ext. 12")
}

func TestText(t *testing.T) {
	t.Parallel()
	testutil.Equal(t, "lines", full.Mailing.Text(), []string{"Université", "1 rue de l'Exemple", "99999 Exemple", "Nord", "FR"})
	testutil.Equal(t, "parts", full.Street.Text(), []string{"A 2 3", "1 rue de l'Exemple", "4", "5", "Exemple", "FR"})
	if !(contact.Address{}).IsZero() || full.Street.IsZero() {
		t.Error("an empty address is none, and one with parts is not")
	}
	if full.Email() != "mobility@univ-exemple.example" || !full.IsPerson() || (contact.Contact{}).Email() != "" {
		t.Error("e-mail or person")
	}
}

// TestTexts: names that say nothing, and languages that are none.
func TestTexts(t *testing.T) {
	t.Parallel()
	err := contact.Contact{Names: ewp.Texts{{Lang: "fr_FR", Value: "x"}, {Value: " "}}}.Validate()
	want := "contact-name[0]@xml:lang: language: want a language tag of BCP 47, as fr or ru-Latn; contact-name[1]: required: want a text"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

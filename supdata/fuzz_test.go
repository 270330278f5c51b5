package supdata_test

import (
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/supdata"
)

var seeds = []string{
	`{"message":"une nouvelle inscription créée","inscription":{"id_inscription":"7","ine":"070578267KH","dateNaissance":"2000-05-30","dateDebutInscription":"2019-09-01","dateFinInscription":"2020-08-31","statut":"admis","codeCommune":"44000","uai":"0011402U"}}`,
	`{"message":"m","inscription":{"id_inscription":7,"dateNaissance":{"date":"2000-05-30 00:00:00.000000"}}}`,
	`{"message":"étudiant introuvable","uid":"5e68e563116ab_0000","details":{"method":"POST","endpoint":"inscription","parameter":["080890290EH","2000-05-30"]}}`,
	`{"message":"m","uid":"","details":{"parameter":""}}`, `null`, `{}`, `[]`, `{"inscription":null}`, "\xff",
}

// FuzzDecodeReceipt: whatever is answered, a receipt has a number, and an error no content.
func FuzzDecodeReceipt(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := supdata.DecodeReceipt(data)
		if err == nil && (d.ID == "" || len(d.ID) > 100) {
			t.Errorf("a receipt without number: %+v", d)
		}
		if err != nil && len(err.Error()) > 100 {
			t.Errorf("the error repeats the answer: %v", err)
		}
	})
}

// FuzzParseDetails: a reference that is printed has the form of one.
func FuzzParseDetails(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, ok := supdata.ParseDetails(data)
		if ok && d.Message == "" {
			t.Error("an error object without message")
		}
		if d.UID != "" && (len(d.UID) != 18 || strings.Trim(d.UID, "0123456789abcdef_") != "") {
			t.Errorf("reference %q", d.UID)
		}
		for _, p := range d.Parameters {
			if p == "" {
				t.Error("an empty parameter is kept")
			}
		}
	})
}

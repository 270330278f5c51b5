package soap_test

import (
	"encoding/xml"
	"strconv"
	"testing"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/soap"
)

// answerBytes is an answer of a usual size: twenty students with eight fields.
func answerBytes(b *testing.B) []byte {
	var fields []soap.Field
	for i := range 20 {
		fields = append(fields, soap.Field{Name: "etudiant", Fields: studentFields(i)})
	}
	op := soap.Operation{Name: "rechercherResponse", Namespace: invented}
	msg, err := new(soap.Options).EncodeRequest(b.Context(), "", op.Element(fields...))
	if err != nil {
		b.Fatal(err)
	}
	return msg.Body
}

func studentFields(i int) []soap.Field {
	return []soap.Field{
		{Name: "reference", Value: strconv.Itoa(22_600_000 + i)}, {Name: "nomFamille", Value: "Œillet-Haÿ"}, {Name: "prenom1", Value: "Zoé"},
		{Name: "prenom2", IfEmpty: soap.Nil}, {Name: "sexe", Value: "F"}, {Name: "dateNaissance", Value: "2008-02-29"},
		{Name: "communeNaissance", Value: "29019"}, {Name: "statut", Value: "EN_COURS"},
	}
}

func BenchmarkEncode(b *testing.B) {
	op := soap.Operation{Name: "immatriculer", Namespace: invented}
	b.Run("EncodeRequest", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := new(soap.Options).EncodeRequest(b.Context(), "", op.Element(studentFields(1)...)); err != nil {
				b.Fatal(err)
			}
		}
	})
	type student struct {
		Reference string `xml:"reference"`
		Nom       string `xml:"nomFamille"`
		Prenom    string `xml:"prenom1"`
		Prenom2   string `xml:"prenom2"`
		Sexe      string `xml:"sexe"`
		Naissance string `xml:"dateNaissance"`
		Commune   string `xml:"communeNaissance"`
		Statut    string `xml:"statut"`
	}
	type envelope struct {
		XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
		Body    struct {
			Op student `xml:"urn:invented:immatriculation immatriculer"`
		}
	}
	b.Run("floor encoding-xml", func(b *testing.B) {
		b.ReportAllocs()
		var e envelope
		e.Body.Op = student{"22600001", "Œillet-Haÿ", "Zoé", "", "F", "2008-02-29", "29019", "EN_COURS"}
		for b.Loop() {
			if _, err := xml.Marshal(e); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	data := answerBytes(b)
	run := func(name string, decode func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := decode(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	op := soap.Operation{Name: "rechercherResponse", Namespace: invented}
	run("DecodeResponse and read", func() error {
		env, err := new(soap.Options).DecodeResponse("text/xml; charset=utf-8", 200, data)
		if err != nil {
			return err
		}
		for _, n := range op.Read(env.Body, false).Children("etudiant") {
			for _, name := range []string{"reference", "nomFamille", "prenom1", "prenom2", "sexe", "dateNaissance", "communeNaissance", "statut"} {
				_ = n.Child(name).String()
			}
		}
		return nil
	})
	run("IsFault", func() error { soap.IsFault("text/xml; charset=utf-8", data); return nil })
	run("floor etree", func() error { return etree.NewDocument().ReadFromBytes(data) })
	type student struct {
		Reference string `xml:"reference"`
		Nom       string `xml:"nomFamille"`
		Prenom    string `xml:"prenom1"`
		Prenom2   string `xml:"prenom2"`
		Sexe      string `xml:"sexe"`
		Naissance string `xml:"dateNaissance"`
		Commune   string `xml:"communeNaissance"`
		Statut    string `xml:"statut"`
	}
	run("floor encoding-xml", func() error {
		var e struct {
			Body struct {
				Response struct {
					Students []student `xml:"etudiant"`
				} `xml:"urn:invented:immatriculation rechercherResponse"`
			} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
		}
		return xml.Unmarshal(data, &e)
	})
}

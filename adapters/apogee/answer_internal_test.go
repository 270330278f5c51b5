package apogee

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// read decodes an answer of the student operation.
func read(body []byte, header string) ([]Identity, *fault, error) {
	var all []Identity
	f, err := answer(body, header, DefaultContract().Names(OpStudent), func(d *xml.Decoder, start xml.StartElement) error {
		var v Identity
		if err := d.DecodeElement(&v, &start); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	})
	return all, f, err
}

const (
	opening = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><n:recupererInfosAdmEtu_v4Response xmlns:n="x"><recupererInfosAdmEtu_v4Return>`
	closing = `</recupererInfosAdmEtu_v4Return></n:recupererInfosAdmEtu_v4Response></s:Body></s:Envelope>`
)

func TestAnswer(t *testing.T) {
	t.Parallel()
	latin := func(label, text string) []byte {
		out, err := charmap.ISO8859_15.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return []byte(`<?xml version="1.0" encoding="` + label + `"?>` + opening + out + closing)
	}
	name := `<nomPatronymique>  ŒUVRE &amp; €  </nomPatronymique><autre><profond/></autre><numEtu>1</numEtu>`
	good := opening + name + closing
	for what, c := range map[string]struct {
		body   []byte
		header string
		want   string // the name, "!" for a refusal
	}{
		"declared":           {latin("ISO-8859-15", name), "", "ŒUVRE & €"},
		"declared, any case": {latin("iso-8859-15", name), "utf-8", "ŒUVRE & €"},
		"header alone":       {bytes.TrimPrefix(latin("x", name), []byte(`<?xml version="1.0" encoding="x"?>`)), "ISO-8859-15", "ŒUVRE & €"},
		"UTF-8":              {[]byte(good), "", "ŒUVRE & €"},
		"padding of CDATA":   {[]byte(opening + "<nomPatronymique><![CDATA[ A<B ]]></nomPatronymique>" + closing), "", "A<B"},
		"other encoding":     {latin("UTF-7", name), "", "!"},
		"other in header":    {[]byte(good), "UTF-16", "!"},
		"not UTF-8":          {[]byte(opening + "<nomPatronymique>\xe9</nomPatronymique>" + closing), "", "!"},
		"doctype":            {[]byte("<!DOCTYPE a>" + good), "", "!"},
		"entity":             {[]byte(opening + "<nomPatronymique>&e;</nomPatronymique>" + closing), "", "!"},
		"cut":                {[]byte(good[:len(good)-20]), "", "!"},
		"deep":               {[]byte(opening + strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40) + closing), "", "!"},
		"SOAP 1.2":           {[]byte(strings.ReplaceAll(good, "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")), "", "!"},
		"no body":            {[]byte(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><a/></s:Header></s:Envelope>`), "", "!"},
		"empty body":         {[]byte(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>`), "", "!"},
		"nothing":            {nil, "", "!"},
		"with a header":      {[]byte(strings.Replace(good, "<s:Body>", "<s:Header><a><b/></a></s:Header><s:Body>", 1)), "", "ŒUVRE & €"},
	} {
		got, f, err := read(c.body, c.header)
		switch {
		case c.want == "!":
			if err == nil || !errors.Is(err, passerelle.ErrInvalid) {
				t.Errorf("%s: %v, %v; want a refusal", what, got, err)
			}
		case err != nil || f != nil || len(got) != 1 || got[0].BirthName != c.want:
			t.Errorf("%s: %+v, %v, %v; want %q", what, got, f, err, c.want)
		}
	}
}

// What a fault means, by any of its texts; a code is shown, other words are not.
func TestFaultKind(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		text, detail string
		kind         error
		code         string
	}{
		0: {"technical.data.nullretrieve.etudiant", "", passerelle.ErrNotFound, "technical.data.nullretrieve.etudiant"},
		1: {"", "<domaine>technical</domaine><nature>data</nature><element>etudiant</element><messages><item>a</item><item>technical.data.nullretrieve.findIAA</item></messages>", passerelle.ErrNotFound, "technical.data.etudiant"},
		2: {"technical.data.nullretrieve.etudiant", "<lastErrorMsg>RemoteError: base</lastErrorMsg>", passerelle.ErrUnavailable, "technical.data.nullretrieve.etudiant"},
		3: {"technical.parameter.noncoherentinput.codEtu", "", passerelle.ErrInvalid, "technical.parameter.noncoherentinput.codEtu"},
		4: {"ORA-00942 MARTIN", "", passerelle.ErrUnavailable, ""},
		5: {"22600000.martin.paul", "", passerelle.ErrUnavailable, ""},
	} {
		body := `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>` + c.text +
			`</faultstring><detail><n:fault xmlns:n="x">` + c.detail + `</n:fault></detail></s:Fault></s:Body></s:Envelope>`
		_, f, err := read([]byte(body), "")
		if err != nil || f == nil {
			t.Errorf("%d: %v, want a fault", i, err)
			continue
		}
		if kind := f.kind(DefaultFaults()); kind != c.kind || f.code() != c.code {
			t.Errorf("%d: %v %q, want %v %q", i, kind, f.code(), c.kind, c.code)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	testutil.Seeds(f, "testdata/wire")
	f.Add([]byte(opening + "<numEtu>1</numEtu><dateNaissance>2007-03-01T00:00:00</dateNaissance><sexe>F</sexe>" + closing))
	f.Fuzz(func(t *testing.T, body []byte) {
		all, fault, err := read(body, "")
		if err != nil && !errors.Is(err, passerelle.ErrInvalid) {
			t.Fatalf("error %v is not ErrInvalid", err)
		}
		if fault != nil {
			fault.kind(DefaultFaults())
			if code := fault.code(); strings.ContainsAny(code, "0123456789 ") {
				t.Fatalf("code %q may be personal", code)
			}
		}
		for _, identity := range all {
			if s, err := identity.Student(); err == nil && s.ID.Local == "" {
				t.Fatal("a student without a number")
			}
		}
	})
}

func BenchmarkAnswer(b *testing.B) {
	var body bytes.Buffer
	body.WriteString(strings.TrimSuffix(opening, "<recupererInfosAdmEtu_v4Return>"))
	for range 100 {
		body.WriteString("<recupererInfosAdmEtu_v4Return><nomPatronymique>MARTIN</nomPatronymique><numEtu>22600000</numEtu><numeroINE>223456789HE</numeroINE>" +
			"<departementNaissance><codeDept>067</codeDept></departementNaissance><dateNaissance>2007-03-01T00:00:00</dateNaissance></recupererInfosAdmEtu_v4Return>")
	}
	body.WriteString(strings.TrimPrefix(closing, "</recupererInfosAdmEtu_v4Return>"))
	b.Run("answer", func(b *testing.B) {
		b.SetBytes(int64(body.Len()))
		b.ReportAllocs()
		for b.Loop() {
			if all, _, err := read(body.Bytes(), ""); err != nil || len(all) != 100 {
				b.Fatal(len(all), err)
			}
		}
	})
	b.Run("floor: encoding/xml", func(b *testing.B) {
		b.SetBytes(int64(body.Len()))
		b.ReportAllocs()
		for b.Loop() {
			var v struct {
				All []Identity `xml:"Body>recupererInfosAdmEtu_v4Response>recupererInfosAdmEtu_v4Return"`
			}
			if err := xml.Unmarshal(body.Bytes(), &v); err != nil || len(v.All) != 100 {
				b.Fatal(len(v.All), err)
			}
		}
	})
}

// Only numbers go to the base as COD_ETU, and none of them is not all of them.
func TestNumeric(t *testing.T) {
	t.Parallel()
	id := func(local string) sis.StudentID { return sis.StudentID{System: System, Local: local} }
	for i, c := range []struct{ ids, want []sis.StudentID }{
		0: {nil, nil},
		1: {[]sis.StudentID{id("1"), id("A1"), id(""), id("22600000")}, []sis.StudentID{id("1"), id("22600000")}},
		2: {[]sis.StudentID{id("1 OR 1=1")}, []sis.StudentID{{System: "none"}}},
	} {
		testutil.Equal(t, fmt.Sprint(i), numeric(sis.Query{IDs: c.ids}).IDs, c.want)
	}
}

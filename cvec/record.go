package cvec

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
)

// Record is what the service tells of a certificate. It is personal data. A member
// that is missing or null is the zero value.
type Record struct {
	State      State
	StateLabel string // the service's own words

	BirthName, UsageName, GivenName string
	Sex                             passerelle.Sex
	BirthDate                       passerelle.Date
	BirthDateText                   string // as received, when it is no date that can be read
	INE                             string // as received; may be a provisional one that the Cnous gave
	Certificate                     string // number, in the answers to a question by INE
	Crous                           string

	Exemption *Exemption // nil when it is not told

	Raw []byte // the answer as received
}

// Exemption tells whether somebody was exempted.
type Exemption struct {
	Active bool
	Motive string
}

// LogValue gives the state, nothing of the person.
func (r Record) LogValue() slog.Value { return slog.GroupValue(slog.String("state", r.State.Text())) }

// loose is a member written as a text, a number or a boolean, kept as text; of an object,
// its label.
type loose string

func (l *loose) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		return json.Unmarshal(data, (*string)(l))
	case 'n': // null
		*l = ""
		return nil
	case '{':
		var o struct {
			Libelle string `json:"libelle"`
			Code    loose  `json:"code"`
		}
		if err := json.Unmarshal(data, &o); err != nil {
			return err
		}
		if *l = loose(o.Libelle); *l == "" {
			*l = o.Code
		}
		return nil
	case '[':
		return errList
	}
	*l = loose(data)
	return nil
}

var errList = errors.New("a list is not expected")

// wireRecord takes the spellings of all descriptions.
type wireRecord struct {
	Nom            loose     `json:"nom"`
	NomUsage       loose     `json:"nomUsage"`
	NomUsageSnake  loose     `json:"nom_usage"`
	Prenom         loose     `json:"prenom"`
	Sexe           loose     `json:"sexe"`
	DateNaissance  loose     `json:"date_naissance"`
	DateNaissance1 loose     `json:"dateNaissance"`
	INE            loose     `json:"ine"`
	Code           loose     `json:"code"`
	Crous          loose     `json:"crous"`
	Etat           wireState `json:"etat"`
	Exoneration    *struct {
		Active loose `json:"active"`
		Motif  loose `json:"motif"`
	} `json:"exoneration"`
}

// wireState is an object, or the code alone.
type wireState struct {
	Code    loose `json:"code"`
	Libelle loose `json:"libelle"`
}

func (w *wireState) UnmarshalJSON(data []byte) error {
	if data[0] != '{' {
		return json.Unmarshal(data, &w.Code)
	}
	type plain wireState
	return json.Unmarshal(data, (*plain)(w))
}

// DecodeRecord reads the body of a success, leniently: old and new spellings, the state
// as text or number, the content of the older address. An answer without a state says
// nothing and is an error. Its error is a *[DecodeError] and holds no value.
func DecodeRecord(body []byte) (Record, error) {
	if !utf8.Valid(body) {
		return Record{}, &DecodeError{Want: "text in UTF-8"}
	}
	var top struct {
		wireRecord
		Content *wireRecord `json:"content"`
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return Record{}, &DecodeError{Want: "an object"}
	}
	if err := json.Unmarshal(body, &top); err != nil {
		return Record{}, jsonFault(err)
	}
	w := top.wireRecord
	if top.Content != nil {
		w = *top.Content
	}
	if w.Etat.Code == "" {
		return Record{}, &DecodeError{Path: "etat.code", Want: "the state of the certificate"}
	}
	r := Record{
		State: stateOf(string(w.Etat.Code)), StateLabel: string(w.Etat.Libelle), BirthName: string(w.Nom),
		UsageName: either(w.NomUsage, w.NomUsageSnake), GivenName: string(w.Prenom), INE: string(w.INE), Certificate: string(w.Code), Crous: string(w.Crous),
		Raw: body,
	}
	r.Sex, _ = passerelle.SexCodesMF.Parse(string(w.Sexe)) // not compared: a word that is not known is no fault
	if r.Sex == passerelle.SexUnknown {
		r.Sex, _ = passerelle.SexCodesSISE.Parse(string(w.Sexe))
	}
	if date := strings.TrimSpace(either(w.DateNaissance, w.DateNaissance1)); date != "" {
		var ok bool
		if r.BirthDate, ok = dateOf(date); !ok {
			r.BirthDateText = date
		}
	}
	if w.Exoneration != nil {
		active := strings.ToLower(string(w.Exoneration.Active))
		r.Exemption = &Exemption{Active: active == "true" || active == "1" || active == "o", Motive: string(w.Exoneration.Motif)}
	}
	return r, nil
}

func either(a, b loose) string {
	if a != "" {
		return string(a)
	}
	return string(b)
}

// stateOf normalises a code: 75, "75", 75.0 and " 075 " are one.
func stateOf(code string) State {
	code = strings.TrimSpace(code)
	if f, err := strconv.ParseFloat(code, 64); err == nil && f >= 0 && f < 1e6 && f == float64(int(f)) {
		return State(strconv.Itoa(int(f)))
	}
	return State(code)
}

// dateOf reads JJ/MM/AAAA, or ISO 8601 with or without a time.
func dateOf(s string) (passerelle.Date, bool) {
	if len(s) > 10 && (s[10] == 'T' || s[10] == ' ') {
		s = s[:10]
	}
	d, err := passerelle.ParseFrenchDate(s)
	if err != nil {
		d, err = passerelle.ParseDate(s)
	}
	return d, err == nil
}

// DecodeError says that an answer does not follow the contract. errors.Is(err,
// passerelle.ErrProtocol) is true of it. It holds no value.
type DecodeError struct {
	Path string // member at fault; empty for the whole
	Want string // what was expected there
}

// Error returns where and what.
func (e *DecodeError) Error() string {
	if e.Path == "" {
		return "answer: want " + e.Want
	}
	return "answer: " + e.Path + ": want " + e.Want
}

// Is reports whether target is ErrProtocol.
func (e *DecodeError) Is(target error) bool { return target == passerelle.ErrProtocol }

// Outcome returns Answered.
func (e *DecodeError) Outcome() passerelle.Outcome { return passerelle.Answered }

func jsonFault(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &DecodeError{Path: e.Field, Want: "another type"}
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return &DecodeError{Want: "JSON, which it stops being at byte " + strconv.FormatInt(e.Offset, 10)}
	}
	return &DecodeError{Want: "other types"}
}

// parseRefusal reads the body of a refusal, {"code","message"}. ok is false for any
// other body.
func parseRefusal(body []byte) (code, message string, ok bool) {
	var w struct {
		Code    loose  `json:"code"`
		Message string `json:"message"`
	}
	if !utf8.Valid(body) || json.Unmarshal(body, &w) != nil || w.Message == "" {
		return "", "", false
	}
	return string(w.Code), w.Message, w.Code != ""
}

package passerelle

import (
	"log/slog"
	"strings"
)

// FranceCOG is the country code of France in the Code officiel géographique.
const FranceCOG = "99100"

// Birthplace is where a person was born: a French commune or a foreign country,
// by its code in the Code officiel géographique (COG) of INSEE, as the RNIE keeps
// it (arrêté of 18 October 2022). It is comparable. The zero value is "not known".
//
// Codes are not looked up in today's list: communes that existed at the birth
// and have merged since are common.
type Birthplace struct {
	Commune string `json:"commune,omitempty"` // COG code of the commune, 5 characters: "67482", "2A004"; empty when born abroad
	Country string `json:"country,omitempty"` // COG code of the country, 5 digits: "99132"; empty or FranceCOG when Commune is set
	Name    string `json:"name,omitempty"`    // name of the town as it was recorded, for people
}

// ParseBirthplace reads one code: five characters of a commune, 99xxx of a
// country, or the last three digits of 99xxx as SISE, Apogée and Pégase write
// it. Its error is a *ParseError.
func ParseBirthplace(code string) (Birthplace, error) {
	code = strings.ToUpper(strings.TrimSpace(code))
	if len(code) == 3 && digits(code) {
		code = "99" + code
	}
	b := Birthplace{Commune: code}
	if len(code) == 5 && strings.HasPrefix(code, "99") {
		b = Birthplace{Country: code}
	}
	if err := b.Validate(); err != nil {
		return Birthplace{}, err
	}
	return b, nil
}

// Validate checks the shape of the codes that are present. Its error is a *ParseError.
func (b Birthplace) Validate() error {
	if b.Commune != "" {
		if len(b.Commune) != 5 {
			return &ParseError{Type: "birthplace", Rule: "length", Want: "5 characters: a commune such as 67482 or 2A004, or a country such as 99132"}
		}
		if b.Country != "" && b.Country != FranceCOG {
			return &ParseError{Type: "birthplace", Rule: "country", Want: "no foreign country beside a French commune"}
		}
		for i := range len(b.Commune) {
			c := b.Commune[i]
			if isDigit(c) || i == 1 && b.Commune[0] == '2' && (c == 'A' || c == 'B') {
				continue
			}
			return &ParseError{Type: "birthplace", Rule: "character", Pos: i + 1, Want: "a digit, or A or B after 2 for Corsica"}
		}
		if strings.HasPrefix(b.Commune, "99") || strings.HasPrefix(b.Commune, "00") {
			return &ParseError{Type: "birthplace", Rule: "range", Pos: 1, Want: "a commune of a French department"}
		}
		return nil
	}
	if b.Country != "" && (len(b.Country) != 5 || !strings.HasPrefix(b.Country, "99") || !digits(b.Country)) {
		return &ParseError{Type: "birthplace", Rule: "country", Want: "five digits 99xxx"}
	}
	return nil
}

// Code returns the single five-character code that services take: the commune
// when there is one, else the country. It is "" when neither is known, and for
// someone born in France in an unknown commune, which no service accepts.
func (b Birthplace) Code() string {
	if b.Commune != "" {
		return b.Commune
	}
	if b.Country == FranceCOG {
		return ""
	}
	return b.Country
}

// Abroad reports whether the place is known to be outside France.
func (b Birthplace) Abroad() bool {
	return b.Commune == "" && b.Country != "" && b.Country != FranceCOG
}

// CountryCode3 returns the three-digit country code of SISE, Apogée and Pégase
// ("100" for France), or "" when the place is not known.
func (b Birthplace) CountryCode3() string {
	switch {
	case b.Commune != "":
		return FranceCOG[2:]
	case len(b.Country) == 5:
		return b.Country[2:]
	}
	return ""
}

// IsZero reports whether nothing is known of the place.
func (b Birthplace) IsZero() bool { return b == Birthplace{} }

// LogValue masks the place.
func (b Birthplace) LogValue() slog.Value {
	if b.IsZero() {
		return slog.StringValue("")
	}
	return slog.StringValue("*****")
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func digits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

package egracons

import (
	"encoding/json"
	"math/big"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Number is an exact rational number: a mark, a percentage, a share. It is an
// immutable value, safe for concurrent use; compare with Cmp, not with ==. The
// zero value is "no number", which is not the number 0 and counts as 0 in sums.
type Number struct {
	rat    *big.Rat // never changed once set
	places int      // decimals it was written with
}

// maxDigits bounds the length of a number that is read.
const maxDigits = 40

// smallDigits fit in 64 bits with their divisor.
const smallDigits = 18

// Int returns the number n.
func Int(n int64) Number { return Number{rat: new(big.Rat).SetInt64(n)} }

// Fraction returns num/den. It panics when den is 0, as a division does.
func Fraction(num, den int64) Number { return Number{rat: big.NewRat(num, den)} }

// FromRat returns the number r, which it copies; nil gives "no number".
func FromRat(r *big.Rat) Number {
	if r == nil {
		return Number{}
	}
	return Number{rat: new(big.Rat).Set(r)}
}

// ParseNumber reads a decimal as XML Schema writes it (xs:decimal): an optional
// sign, digits, at most one point with digits on at least one side of it, 40
// characters at the most. There is no exponent, fraction, hexadecimal, blank,
// comma or infinity. Its error is a *passerelle.ParseError.
func ParseNumber(s string) (Number, error) {
	fail := func(rule string, pos int, want string) (Number, error) {
		return Number{}, &passerelle.ParseError{Type: "decimal", Rule: rule, Pos: pos, Want: want}
	}
	if s == "" {
		return fail("length", 0, "a decimal number such as 12.5")
	}
	if len(s) > maxDigits {
		return fail("length", 0, "at most 40 characters")
	}
	digits, point, units := 0, -1, int64(0)
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
			if digits <= smallDigits {
				units = units*10 + int64(c-'0')
			}
		case c == '.' && point < 0:
			point = i
		case (c == '+' || c == '-') && i == 0:
		default:
			return fail("character", len([]rune(s[:i]))+1, "digits with an optional sign and one decimal point")
		}
	}
	if digits == 0 {
		return fail("character", 0, "at least one digit")
	}
	places := 0
	if point >= 0 {
		places = len(s) - point - 1
	}
	if digits > smallDigits {
		whole, _ := new(big.Int).SetString(strings.Replace(s, ".", "", 1), 10) // digits and a sign: it cannot fail
		return Number{rat: new(big.Rat).SetFrac(whole, pow10(places)), places: places}, nil
	}
	if s[0] == '-' {
		units = -units
	}
	divisor := int64(1)
	for range places {
		divisor *= 10
	}
	return Number{rat: new(big.Rat).SetFrac64(units, divisor), places: places}, nil
}

// MustParseNumber is ParseNumber for constants and tests: it panics on an error.
func MustParseNumber(s string) Number {
	n, err := ParseNumber(s)
	if err != nil {
		panic(err)
	}
	return n
}

// parseMark is ParseNumber for what people type: blanks around are dropped, and
// one comma stands for the point.
func parseMark(s string) (Number, error) {
	s = strings.TrimSpace(s)
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	return ParseNumber(s)
}

func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

var zeroRat = new(big.Rat)

// value returns the number for reading only; "no number" is 0.
func (n Number) value() *big.Rat {
	if n.rat == nil {
		return zeroRat
	}
	return n.rat
}

// IsSet reports whether n is a number at all.
func (n Number) IsSet() bool { return n.rat != nil }

// IsZero reports whether n is "no number": it is what omitzero asks for. The
// number 0 has IsZero false and Sign 0.
func (n Number) IsZero() bool { return n.rat == nil }

// Rat returns a copy of n; 0 when n is not set.
func (n Number) Rat() *big.Rat { return new(big.Rat).Set(n.value()) }

// Sign returns -1, 0 or 1.
func (n Number) Sign() int { return n.value().Sign() }

// Cmp compares n with m as cmp.Compare does; "no number" compares as 0.
func (n Number) Cmp(m Number) int { return n.value().Cmp(m.value()) }

// Decimal returns n with a fixed number of decimals, rounded half-up (away from
// zero); "" when n is not set.
func (n Number) Decimal(places int) string { return n.print(places, true) }

// Truncate returns n with a fixed number of decimals, the others dropped; ""
// when n is not set.
func (n Number) Truncate(places int) string { return n.print(places, false) }

// Percent returns 100 n with a fixed number of decimals, rounded half-up.
func (n Number) Percent(places int) string {
	if n.rat == nil {
		return ""
	}
	return Number{rat: new(big.Rat).Mul(n.rat, new(big.Rat).SetInt64(100))}.Decimal(places)
}

func (n Number) print(places int, round bool) string {
	if n.rat == nil {
		return ""
	}
	places = max(places, 0)
	scaled := new(big.Int).Mul(n.rat.Num(), pow10(places))
	negative := scaled.Sign() < 0
	scaled.Abs(scaled)
	units, rest := new(big.Int).QuoRem(scaled, n.rat.Denom(), new(big.Int))
	if round && rest.Lsh(rest, 1).Cmp(n.rat.Denom()) >= 0 {
		units.Add(units, big.NewInt(1))
	}
	s := units.String()
	if places > 0 {
		if len(s) <= places {
			s = strings.Repeat("0", places-len(s)+1) + s
		}
		s = s[:len(s)-places] + "." + s[len(s)-places:]
	}
	if negative && units.Sign() != 0 {
		s = "-" + s
	}
	return s
}

// commonUnit returns the least multiple of unit that makes a whole number of n
// when the two are multiplied.
func commonUnit(unit *big.Int, n Number) *big.Int {
	d := n.value().Denom()
	if d.IsInt64() && d.Int64() == 1 {
		return unit
	}
	shared := new(big.Int).GCD(nil, nil, unit, d)
	return new(big.Int).Mul(unit, shared.Quo(d, shared))
}

// inUnits returns n times unit, which is a whole number.
func inUnits(n Number, unit *big.Int) *big.Int {
	whole := new(big.Int).Mul(n.rat.Num(), unit)
	return whole.Quo(whole, n.rat.Denom())
}

// exactPlaces returns how many decimals write r exactly, and whether any do.
func exactPlaces(r *big.Rat) (int, bool) {
	n, exact := r.FloatPrec()
	return n, exact
}

// String returns n exactly: a decimal, with as many decimals as it was read
// with, where one exists, else a fraction "1/3"; "" when n is not set.
func (n Number) String() string {
	if n.rat == nil {
		return ""
	}
	places, exact := exactPlaces(n.rat)
	if !exact {
		return n.rat.String()
	}
	return n.Decimal(max(places, n.places))
}

// MarshalText writes the form of String.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads a decimal, or a fraction of two decimals as String writes
// it; the empty text is "no number".
func (n *Number) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*n = Number{}
		return nil
	}
	num, den, fraction := strings.Cut(string(text), "/")
	v, err := ParseNumber(num)
	if err != nil {
		return err
	}
	if fraction {
		d, err := ParseNumber(den)
		if err != nil {
			return err
		}
		if d.Sign() == 0 {
			return &passerelle.ParseError{Type: "fraction", Rule: "range", Pos: len(num) + 2, Want: "a divisor other than 0"}
		}
		v = Number{rat: v.Rat().Quo(v.rat, d.rat)}
	}
	*n = v
	return nil
}

// UnmarshalJSON reads a string as UnmarshalText does, or a JSON number written
// without exponent, digit by digit.
func (n *Number) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	if len(data) > 0 && data[0] == '"' {
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		return n.UnmarshalText([]byte(s))
	}
	v, err := ParseNumber(string(data))
	if err != nil {
		return err
	}
	*n = v
	return nil
}

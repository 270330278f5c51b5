package ine

import "math/bits"

// KeyVerdict says what is known of the key of a number. The zero value is KeyNone.
type KeyVerdict uint8

// The values of KeyVerdict.
const (
	KeyNone      KeyVerdict = iota // there is no number
	KeyOK                          // the key is the one that the rule gives
	KeyWrong                       // the rule gives another key
	KeyUnchecked                   // no rule is known, or the check was turned off
)

var keyNames = [...]string{"none", "ok", "wrong", "unchecked"}

// String returns "none", "ok", "wrong" or "unchecked".
func (k KeyVerdict) String() string { return name(keyNames[:], int(k)) }

// MarshalText writes the form of String.
func (k KeyVerdict) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the form of String. Its error is a *passerelle.ParseError.
func (k *KeyVerdict) UnmarshalText(text []byte) error {
	return parseName(k, text, keyNames[:], "key verdict")
}

// Key checks the key of n by the built-in rules. To change them use [Keys.Check].
func (n Number) Key() KeyVerdict {
	verdict, _ := (*Keys)(nil).Check(n)
	return verdict
}

// ExpectedKey returns the right key of n by the built-in rules, and false when
// there is none: for the zero Number and for families whose rule is not known.
func (n Number) ExpectedKey() (string, bool) {
	_, want := (*Keys)(nil).Check(n)
	return want, want != ""
}

// A KeyRule computes the keys of one family. The zero value is the family's
// built-in rule.
type KeyRule struct {
	Name     string   // a stable word for verdicts
	Strength Strength // how sure the rule is
	// Compute returns the key of n, whose own key it must not look at; one letter
	// or digit, two letters for RNIE. False, or a key of another length, means that
	// n's key cannot be checked.
	Compute func(n Number) (key string, ok bool)
}

// Unchecked is the rule of keys that are not checked. It is the built-in rule of
// the families SIFA and Provisional, whose rule is not public; given for
// another family, it turns its check off.
var Unchecked = KeyRule{Name: "unchecked", Compute: func(Number) (string, bool) { return "", false }}

// Keys holds the key rule of each family. The zero value and a nil *Keys are the
// built-in rules:
//
//   - BEA: the ten digits modulo 23, index in ABCDEFGHJKLMNPRSTUVWXYZ
//     (secondary: two independent public implementations);
//   - NNE: the ten characters as a number in base 36, modulo 10 (secondary: two
//     independent public implementations and a published valid number);
//   - RNIE: 97 − (the nine digits modulo 97) on two digits, each written as a
//     letter of ABCDEFGHJK. No public text states it. It was deduced from seven
//     numbers published by three unrelated sources, and all seven satisfy it,
//     the remainder 0 that gives KH included;
//   - SIFA, Provisional: not checked.
type Keys struct {
	RNIE, BEA, NNE, SIFA, Provisional KeyRule
}

// Check compares the key of n with the one its rule gives, and returns that one,
// "" when there is none.
func (k *Keys) Check(n Number) (verdict KeyVerdict, want string) {
	f := n.Family()
	if f == NoFamily {
		return KeyNone, ""
	}
	want, ok := k.compute(f, n)
	switch {
	case !ok, len(want) != f.keyLen():
		return KeyUnchecked, ""
	case n.hasKey(want):
		return KeyOK, want
	}
	return KeyWrong, want
}

// Complete returns the number of family f made of body and its key: nine digits
// for RNIE, ten characters for the others, in the shape of the family. Its error
// is a *passerelle.ParseError; its rule is "key" when no rule gives the key.
func (k *Keys) Complete(f Family, body string) (Number, error) {
	if f == NoFamily || f >= UnknownFamily {
		return Number{}, fault("family", 0, "one of the five families")
	}
	characters := normalText(body)
	if len(characters)+f.keyLen() != size {
		return Number{}, fault("length", 0, "the characters before the key of "+f.describe())
	}
	placeholder := "AA"[:f.keyLen()]
	if f == NNE {
		placeholder = "0"
	}
	n, sh := pack(characters + placeholder)
	if pos := sh.mismatch(layouts[f]); pos != 0 {
		return Number{}, characterFault(f, pos)
	}
	if n.setFamily(sh); n.Family() != f {
		return Number{}, fault("character", 5, "the letter of "+f.describe())
	}
	key, ok := k.compute(f, n)
	if !ok || len(key) != f.keyLen() {
		return Number{}, fault("key", len(characters)+1, "a rule for the key of "+f.describe()+": none is known")
	}
	return Parse(characters + key)
}

// Complete returns the number of family f made of body and its key, by the
// built-in rules; see [Keys.Complete]. It serves fakes and tests above all: numbers
// are issued by INES.
func Complete(f Family, body string) (Number, error) { return (*Keys)(nil).Complete(f, body) }

// ComputeKey returns the key of a body of family f by the built-in rules; see
// [Keys.Complete].
func ComputeKey(f Family, body string) (string, error) {
	n, err := Complete(f, body)
	if err != nil {
		return "", err
	}
	s := n.String()
	return s[size-f.keyLen():], nil
}

// rule returns the caller's rule of f; its Compute is nil for a built-in one.
func (k *Keys) rule(f Family) *KeyRule {
	if k == nil {
		return &builtin
	}
	switch f {
	case RNIE:
		return &k.RNIE
	case BEA:
		return &k.BEA
	case NNE:
		return &k.NNE
	case SIFA:
		return &k.SIFA
	case Provisional:
		return &k.Provisional
	}
	return &builtin
}

var builtin KeyRule

func (k *Keys) compute(f Family, n Number) (string, bool) {
	if r := k.rule(f); r.Compute != nil {
		return r.Compute(n)
	}
	switch f {
	case RNIE:
		i := 2 * ((n.decimal8()*10 + n.digit(8)) % 97)
		return rnieKeys[i : i+2], true
	case BEA:
		return mod23(n.decimal8()*100 + n.digit(8)*10 + n.digit(9)), true
	case NNE:
		i := (6*n.sum36() + value36(n.at(9))) % 10
		return "0123456789"[i : i+1], true
	}
	return "", false
}

// rnieKeys holds the 97 keys of RNIE numbers, two letters for each remainder.
var rnieKeys = func() string {
	keys := make([]byte, 0, 2*97)
	for remainder := range 97 {
		k := 97 - remainder
		keys = append(keys, alphabet10[k/10], alphabet10[k%10])
	}
	return string(keys)
}()

func mod23(n uint64) string {
	i := n % 23
	return alphabet23[i : i+1]
}

// decimal8 reads the first eight characters, all digits, as a number: pairs of
// digits first, then pairs of pairs, all at once.
func (n Number) decimal8() uint64 {
	v := bits.ReverseBytes64(n.head) & 0x0F0F0F0F0F0F0F0F
	v = v*10 + v>>8
	low, high := v&0x000000FF_000000FF, v>>16&0x000000FF_000000FF
	return (low*(100+1_000_000<<32) + high*(1+10_000<<32)) >> 32
}

// digit reads the i-th character, from 0, as a digit.
func (n Number) digit(i int) uint64 { return uint64(n.at(i) - '0') }

// sum36 adds the values in base 36 of the first nine characters.
func (n Number) sum36() uint64 {
	sum := value36(n.at(8))
	for v := n.head; v != 0; v >>= 8 {
		sum += value36(byte(v))
	}
	return sum
}

// hasKey reports whether key stands at the end of n.
func (n Number) hasKey(key string) bool {
	for i := range len(key) {
		if n.at(size-len(key)+i) != key[i] {
			return false
		}
	}
	return true
}

func value36(c byte) uint64 {
	if c <= '9' {
		return uint64(c - '0')
	}
	return uint64(c-'A') + 10
}

// strength returns how sure the rule of f's keys is.
func (k *Keys) strength(f Family) Strength {
	switch r := k.rule(f); {
	case r.Compute != nil:
		return r.Strength
	case f == RNIE:
		return Deduced
	}
	return Secondary
}

package deuinfo

import (
	"encoding/hex"
	"log/slog"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
)

// UID is the unique identifier of a chip, 7 bytes as the card returns them, most
// significant first. It is comparable. The zero value is no UID. Cards set to show
// random identifiers give the true one only after authentication.
type UID [7]byte

// ParseUID reads 14 hexadecimal digits. Its error is a *passerelle.ParseError.
func ParseUID(s string) (UID, error) {
	var u UID
	if len(s) != 2*len(u) {
		return UID{}, fault("UID", "length", 0, "14 hexadecimal digits")
	}
	if _, err := hex.Decode(u[:], []byte(s)); err != nil {
		return UID{}, fault("UID", "character", 0, "14 hexadecimal digits")
	}
	return u, nil
}

// MustParseUID is ParseUID for constants and tests: it panics on an error.
func MustParseUID(s string) UID {
	u, err := ParseUID(s)
	if err != nil {
		panic(err)
	}
	return u
}

// String returns the hexadecimal digits in lower case, or "" for the zero UID.
func (u UID) String() string {
	if u.IsZero() {
		return ""
	}
	return hex.EncodeToString(u[:])
}

// IsZero reports whether u is no UID.
func (u UID) IsZero() bool { return u == UID{} }

// MarshalText writes the form of String.
func (u UID) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads what ParseUID reads; the empty text is the zero UID.
func (u *UID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*u = UID{}
		return nil
	}
	v, err := ParseUID(string(text))
	if err != nil {
		return err
	}
	*u = v
	return nil
}

// LogValue masks the identifier: a chip is one person's.
func (u UID) LogValue() slog.Value {
	if u.IsZero() {
		return slog.StringValue("")
	}
	return slog.StringValue("**************")
}

// Card is what a chip says.
type Card struct {
	Number      esc.Number
	UID         UID
	Signature   []byte // DER, over Number and UID
	Certificate []byte // DER, of the key that signed
}

// LogValue masks the card.
func (c Card) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("number", c.Number), slog.Any("uid", c.UID))
}

// ParseFiles makes a card of the raw content of its three files and the UID of the
// chip. Bytes after the end of the signature or of the certificate, which a file larger
// than its content has, are dropped. Sizes and shapes are checked, nothing is
// verified. Its error is a *passerelle.ParseError.
func ParseFiles(uid UID, number, signature, certificate []byte) (Card, error) {
	if len(number) != 16 {
		return Card{}, fault("DEUInfo number", "length", 0, "16 bytes")
	}
	n := esc.FromBytes([16]byte(number))
	if n.IsZero() {
		return Card{}, fault("DEUInfo number", "required", 0, "a number other than zero")
	}
	if uid.IsZero() {
		return Card{}, fault("UID", "required", 0, "the identifier of the chip")
	}
	sig, err := sequence("DEUInfo signature", signature, minSignature, maxSignature)
	if err != nil {
		return Card{}, err
	}
	cert, err := sequence("DEUInfo certificate", certificate, 1, maxCertificates)
	if err != nil {
		return Card{}, err
	}
	return Card{Number: n, UID: uid, Signature: sig, Certificate: cert}, nil
}

// sequence returns the DER SEQUENCE at the beginning of data, without the zero
// bytes that may fill the rest of a file.
func sequence(what string, data []byte, least, most int) ([]byte, error) {
	size, header := 0, 0
	switch {
	case len(data) < 2 || data[0] != 0x30:
		return nil, fault(what, "form", 1, "a DER sequence")
	case data[1] < 0x80:
		size, header = int(data[1]), 2
	case data[1] == 0x81 && len(data) > 2:
		size, header = int(data[2]), 3
	case data[1] == 0x82 && len(data) > 3:
		size, header = int(data[2])<<8|int(data[3]), 4
	default:
		return nil, fault(what, "length", 2, "a length of at most two bytes")
	}
	total := header + size
	if total < least || total > most {
		return nil, fault(what, "length", 2, strconv.Itoa(least)+" to "+strconv.Itoa(most)+" bytes")
	}
	if total > len(data) {
		return nil, fault(what, "length", len(data), "the "+strconv.Itoa(total)+" bytes that it announces")
	}
	for i, b := range data[total:] {
		if b != 0 {
			return nil, fault(what, "form", total+i+1, "nothing after the sequence")
		}
	}
	return append([]byte(nil), data[:total]...), nil
}

// ParseCard reads the text in which card systems passed a chip's content on:
// uid@escn@signature@certificate, in hexadecimal, a fifth part (the free memory of the
// chip) being ignored. Its error is a *passerelle.ParseError.
func ParseCard(s string) (Card, error) {
	const most = 2*(16+7+maxSignature+maxCertificates) + 64
	if len(s) > most {
		return Card{}, fault("DEUInfo card", "length", 0, "at most "+strconv.Itoa(most)+" characters")
	}
	parts := strings.Split(strings.TrimSpace(s), "@")
	if len(parts) != 4 && len(parts) != 5 {
		return Card{}, fault("DEUInfo card", "form", 0, "uid@escn@signature@certificate")
	}
	uid, err := ParseUID(parts[0])
	if err != nil {
		return Card{}, err
	}
	var raw [3][]byte
	for i, part := range parts[1:4] {
		if i == 0 {
			part = strings.ReplaceAll(part, "-", "")
		}
		if raw[i], err = hex.DecodeString(part); err != nil {
			return Card{}, fault("DEUInfo card", "character", 0, "hexadecimal digits in part "+strconv.Itoa(i+2))
		}
	}
	return ParseFiles(uid, raw[0], raw[1], raw[2])
}

// String returns the form that ParseCard reads. It designates one person's card: do
// not log it.
func (c Card) String() string {
	number := c.Number.Bytes()
	return strings.Join([]string{
		c.UID.String(), hex.EncodeToString(number[:]), hex.EncodeToString(c.Signature), hex.EncodeToString(c.Certificate),
	}, "@")
}

func fault(kind, rule string, pos int, want string) error {
	return &passerelle.ParseError{Type: kind, Rule: rule, Pos: pos, Want: want}
}

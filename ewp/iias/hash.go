package iias

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Hash is the iia-hash of one copy of an agreement: the SHA-256 of the text that the
// published transformation makes of its document. It is comparable. The zero value is
// "none".
type Hash [sha256.Size]byte

// ParseHash reads 64 lower-case hexadecimal digits (Sha256Hex in common-types.xsd).
// Its error is a *passerelle.ParseError.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != hex.EncodedLen(len(h)) {
		return Hash{}, &passerelle.ParseError{Type: "iia-hash", Rule: "length", Want: "64 hexadecimal digits"}
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil || strings.ToLower(s) != s {
		return Hash{}, &passerelle.ParseError{Type: "iia-hash", Rule: "character", Want: "digits and letters from a to f"}
	}
	return h, nil
}

// MustParseHash is [ParseHash] for constants and tests: it panics on an error.
func MustParseHash(s string) Hash {
	h, err := ParseHash(s)
	if err != nil {
		panic(err)
	}
	return h
}

// IsZero reports whether h is "none".
func (h Hash) IsZero() bool { return h == Hash{} }

// String returns the 64 digits, "" for "none".
func (h Hash) String() string {
	if h.IsZero() {
		return ""
	}
	return hex.EncodeToString(h[:])
}

// MarshalText returns what String does.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what [ParseHash] does; an empty text is "none".
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*h = Hash{}
		return nil
	}
	parsed, err := ParseHash(string(text))
	if err == nil {
		*h = parsed
	}
	return err
}

// Computed is what the published transformation says of one copy of an agreement.
type Computed struct {
	ID        string // iia-id of the first partner, whose copy it is; "" when absent
	PartnerID string // iia-id of the second partner; "" when the copy is not mapped
	Hash      Hash
	// Declared is the content of iia-hash as it is written, "" when absent.
	Declared string
	// Approvable is valid-for-approval: no element is flagged not-yet-defined, and no
	// isced-f-code stands for one of version 6. A copy that is not may not be approved.
	Approvable bool
	// Text is what was hashed.
	Text string
}

// Right reports whether the copy declares the hash that it has.
func (c Computed) Right() bool { return c.Declared == c.Hash.String() && !c.Hash.IsZero() }

// Compute computes the hash of the agreement in a document from its bytes, as version
// 7 defines it (transform_version_7.xsl of ewp-specs-api-iias 7.0.0). The document is
// an iias-get-response with one iia, or an iia: what the transformation says of one
// depends on the others beside it, so that each is hashed in a document of its own, see
// [Split]. Namespaces other than that of the root are not looked at, as there.
//
// Its error is passerelle.ErrProtocol for a document that is not well-formed or holds
// no agreement or several, and a [*VersionError] for one of another version.
func Compute(document []byte) (Computed, error) { return compute(document, sheet7) }

// ComputeOfV6 computes the hash that version 7 gives to an agreement of version 6
// (transform_version_6.xsl): with it, what was approved by a conditions-hash of an
// archived document is approved under version 7. No notification is due for that.
// Its errors are those of [Compute].
func ComputeOfV6(document []byte) (Computed, error) { return compute(document, sheet6) }

func compute(document []byte, s sheet) (Computed, error) {
	scan, err := newScanner(document)
	if err != nil {
		return Computed{}, err
	}
	h := hasher{sheet: s, text: make([]byte, 0, len(document)/2), open: make([]frame, 0, 8), approvable: true}
	if err := h.read(scan); err != nil {
		return Computed{}, err
	}
	if h.agreements != 1 {
		return Computed{}, fmt.Errorf("iias: %d agreements in the document, want one: %w", h.agreements, passerelle.ErrProtocol)
	}
	text := h.whole()
	return Computed{
		ID: h.id(0), PartnerID: h.id(1), Hash: sha256.Sum256([]byte(text)), Declared: strings.TrimSpace(h.declared), Approvable: h.approvable, Text: text,
	}, nil
}

package qr

import (
	"fmt"

	qrcode "github.com/skip2/go-qrcode"

	"github.com/passerelle-sup/passerelle/esc"
)

// Level is the error correction of a code.
type Level uint8

// The levels of ISO/IEC 18004, with the share of codewords that can be restored.
const (
	L Level = iota // 7 %
	M              // 15 %, that of the official code
	Q              // 25 %
	H              // 30 %
)

// String returns "L", "M", "Q" or "H".
func (l Level) String() string {
	if l > H {
		return "?"
	}
	return "LMQH"[l : l+1]
}

// recovery translates a level to the encoder's own, whose names differ from ISO's.
var recovery = [...]qrcode.RecoveryLevel{L: qrcode.Low, M: qrcode.Medium, Q: qrcode.High, H: qrcode.Highest}

const (
	officialVersion = 4
	maxVersion      = 40
)

// Code is a QR code as a square of modules, without its quiet zone. It does not
// change once made and is safe for concurrent use.
type Code struct {
	content string
	version int
	level   Level
	modules [][]bool
}

// New makes the official code of card n: [Content] with the given base ("" is
// [Base]), version 4, level M. A base of more than 26 characters needs a larger
// version, which is then taken.
func New(n esc.Number, base string) (*Code, error) {
	content, err := Content(n, base)
	if err != nil {
		return nil, err
	}
	return Encode(content, M, officialVersion)
}

// Encode makes a code of text, in the smallest version from minVersion (1 to 40)
// that holds it. Its error is a *passerelle.ParseError when none does.
func Encode(text string, level Level, minVersion int) (*Code, error) {
	switch {
	case text == "":
		return nil, fault("required", "a text")
	case level > H:
		return nil, fault("level", "L, M, Q or H")
	case minVersion < 1 || minVersion > maxVersion:
		return nil, fault("version", "1 to 40")
	}
	symbol, err := qrcode.New(text, recovery[level])
	if err != nil {
		return nil, fault("length", "a text that fits version 40 at level "+level.String())
	}
	if symbol.VersionNumber < minVersion {
		symbol, err = qrcode.NewWithForcedVersion(text, minVersion, recovery[level])
		if err != nil {
			return nil, fmt.Errorf("QR code: %w", err)
		}
	}
	symbol.DisableBorder = true
	return &Code{content: text, version: symbol.VersionNumber, level: level, modules: symbol.Bitmap()}, nil
}

// Content returns the text of the code.
func (c *Code) Content() string { return c.content }

// Version returns the version of the symbol, 1 to 40.
func (c *Code) Version() int { return c.version }

// Level returns the error correction of the symbol.
func (c *Code) Level() Level { return c.level }

// Size returns the number of modules of a side, without the quiet zone: 33 in
// the official code.
func (c *Code) Size() int { return len(c.modules) }

// Dark reports whether the module of column x and row y, from 0 at the top left,
// is dark. Outside of the symbol, in the quiet zone, none is.
func (c *Code) Dark(x, y int) bool {
	return x >= 0 && y >= 0 && y < len(c.modules) && x < len(c.modules) && c.modules[y][x]
}

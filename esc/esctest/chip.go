package esctest

import (
	"context"

	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/deuinfo"
)

// NewCard makes the content of a chip: a number signed for a UID by a credential of
// [Authority.IssueCard].
func NewCard(c *Credential, number esc.Number, uid deuinfo.UID) (deuinfo.Card, error) {
	signature, err := deuinfo.Sign(c.Key, number, uid)
	if err != nil {
		return deuinfo.Card{}, err
	}
	return deuinfo.Card{Number: number, UID: uid, Signature: signature, Certificate: c.Certificate.Raw}, nil
}

// Chip answers the ISO 7816 commands with which DEUInfo is read, as a card in
// the field of a reader does. It is a deuinfo.Transceiver for one goroutine.
type Chip struct {
	UID   []byte
	Files map[uint16][]byte // by ISO identifier; none: the chip has no application

	selected bool
	file     uint16
}

// NewChip makes a chip that holds a card.
func NewChip(card deuinfo.Card) *Chip {
	number := card.Number.Bytes()
	return &Chip{UID: card.UID[:], Files: map[uint16][]byte{
		deuinfo.NumberFile.ISO: number[:], deuinfo.SignatureFile.ISO: card.Signature, deuinfo.CertificateFile.ISO: card.Certificate,
	}}
}

var _ deuinfo.Transceiver = (*Chip)(nil)

// Transmit answers one command.
func (c *Chip) Transmit(_ context.Context, command []byte) ([]byte, error) {
	status := func(data []byte, sw uint16) ([]byte, error) {
		return append(append([]byte(nil), data...), byte(sw>>8), byte(sw)), nil
	}
	if len(command) < 5 {
		return status(nil, 0x6700)
	}
	switch [2]byte(command) {
	case [2]byte{0xFF, 0xCA}:
		return status(c.UID, 0x9000)
	case [2]byte{0x00, 0xA4}:
		data := command[5:min(len(command), 5+int(command[4]))]
		switch {
		case command[2] == 0x04 && string(data) == string(deuinfo.DFName[:]) && c.Files != nil:
			c.selected = true
			return status(nil, 0x9000)
		case command[2] == 0x00 && len(data) == 2 && c.selected:
			c.file = uint16(data[0])<<8 | uint16(data[1])
			if _, ok := c.Files[c.file]; ok {
				return status(nil, 0x9000)
			}
		}
		return status(nil, 0x6A82)
	case [2]byte{0x00, 0xB0}:
		content, ok := c.Files[c.file]
		offset := int(command[2])<<8 | int(command[3])
		switch {
		case !ok || !c.selected:
			return status(nil, 0x6986)
		case offset >= len(content):
			return status(nil, 0x6B00)
		}
		return status(content[offset:min(len(content), offset+256)], 0x9000)
	}
	return status(nil, 0x6D00)
}

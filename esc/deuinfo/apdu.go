package deuinfo

import (
	"bytes"
	"context"
	"fmt"

	"github.com/passerelle-sup/passerelle"
)

// Transceiver is a connection to a chip in the field of a contactless reader.
type Transceiver interface {
	// Transmit sends a command and returns the answer of the chip, the two bytes of
	// status at its end included.
	Transmit(ctx context.Context, command []byte) ([]byte, error)
}

// CardError is a chip that did not answer a command as it should.
type CardError struct {
	Step   string // what was asked: "select application"
	Status uint16 // status bytes of the chip; 0 when the answer had none
}

// Error returns the step and the status.
func (e *CardError) Error() string { return fmt.Sprintf("DEUInfo: %s: status %04X", e.Step, e.Status) }

// Is reports whether target is passerelle.ErrNotFound, for an application or file
// that the chip does not have, or passerelle.ErrProtocol for any other status.
func (e *CardError) Is(target error) bool {
	if e.Status == 0x6A82 {
		return target == passerelle.ErrNotFound
	}
	return target == passerelle.ErrProtocol
}

// ReadCard reads the UID and the three files of a chip with ISO 7816 commands and
// no key. A chip without the application is a *CardError that is passerelle.ErrNotFound;
// content of the wrong shape is a *passerelle.ParseError; an error of the
// Transceiver is returned wrapped. Nothing is verified.
func ReadCard(ctx context.Context, chip Transceiver) (Card, error) {
	answer, err := transmit(ctx, chip, "read the UID", []byte{0xFF, 0xCA, 0x00, 0x00, 0x00})
	if err != nil {
		return Card{}, err
	}
	if len(answer) != len(UID{}) {
		return Card{}, fault("UID", "length", 0, "7 bytes: cards that show a random identifier need authentication first")
	}
	uid := UID(answer)
	command := append([]byte{0x00, 0xA4, 0x04, 0x00, byte(len(DFName))}, DFName[:]...)
	if _, err := transmit(ctx, chip, "select application", append(command, 0x00)); err != nil {
		return Card{}, err
	}
	var content [3][]byte
	for i, file := range []File{NumberFile, SignatureFile, CertificateFile} {
		if content[i], err = readFile(ctx, chip, file); err != nil {
			return Card{}, err
		}
	}
	return ParseFiles(uid, content[0], content[1], content[2])
}

// readFile reads a file up to its end, 256 bytes at a time.
func readFile(ctx context.Context, chip Transceiver, file File) ([]byte, error) {
	step := fmt.Sprintf("select file %04X", file.ISO)
	if _, err := transmit(ctx, chip, step, []byte{0x00, 0xA4, 0x00, 0x00, 0x02, byte(file.ISO >> 8), byte(file.ISO)}); err != nil {
		return nil, err
	}
	var content []byte
	for {
		step := fmt.Sprintf("read file %04X", file.ISO)
		offset := len(content)
		part, err := transmit(ctx, chip, step, []byte{0x00, 0xB0, byte(offset >> 8), byte(offset), 0x00})
		if e, ok := err.(*CardError); ok && offset > 0 && e.Status == 0x6B00 { // offset at the end of the file
			return content, nil
		}
		if err != nil {
			return nil, err
		}
		content = append(content, part...)
		if len(content) > file.Max {
			return nil, fault("DEUInfo file", "length", 0, fmt.Sprintf("at most %d bytes in file %04X", file.Max, file.ISO))
		}
		if len(part) < 256 {
			return content, nil
		}
	}
}

// transmit sends a command and strips the status, which must be a success or say
// that the end of the file came before the number of bytes asked for.
func transmit(ctx context.Context, chip Transceiver, step string, command []byte) ([]byte, error) {
	answer, err := chip.Transmit(ctx, bytes.Clone(command))
	if err != nil {
		return nil, fmt.Errorf("DEUInfo: %s: %w", step, err)
	}
	if len(answer) < 2 {
		return nil, &CardError{Step: step}
	}
	data, status := answer[:len(answer)-2], uint16(answer[len(answer)-2])<<8|uint16(answer[len(answer)-1])
	if status != 0x9000 && status != 0x6282 {
		return nil, &CardError{Step: step, Status: status}
	}
	return data, nil
}

package seal

import "github.com/passerelle-sup/passerelle/esc/qr"

// Code makes the QR code of a seal that [Signer.Sign] returned: its text as it is,
// without address, at level M. It is printed beside the official code, with words
// that tell the two apart. A seal with its chain does not fit a code that a telephone
// reads, and is refused, as is anything that has not the form of a seal.
func Code(token string) (*qr.Code, error) {
	p, faults := parse(token)
	if p == nil {
		return nil, faults.err()
	}
	if len(p.x5c) > 0 {
		faults.add(Header, "x5c: want a seal without its chain in a QR code")
	}
	if err := faults.err(); err != nil {
		return nil, err
	}
	return qr.Encode(token, qr.M, 1)
}

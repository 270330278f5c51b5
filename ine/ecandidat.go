package ine

import (
	"context"
	"strings"
)

// A KeyService is the small REST service named "checkine" that universities
// deploy beside Apogée: a second opinion on the key of an RNIE number, separate
// from INES.
type KeyService interface {
	// CheckINE reports whether cle is the key of the nine digits ine. An error
	// says that the service could not answer, which says nothing of the key.
	CheckINE(ctx context.Context, ine, cle string) (bool, error)
}

// AcceptedByECandidat reports whether eCandidat, the application form of French
// universities, takes s for a valid number. It reproduces that decision as the
// application makes it, oddities included, for those who must agree with
// it; [Judge] is better informed. Source: eCandidat's public code (2018-2026).
//
//   - An empty text is accepted; spaces, and they alone, are removed from any other.
//   - Nine digits and any two letters are handed as typed to service, which
//     decides; its error is returned. A nil service accepts: that is what eCandidat
//     does where no address is configured.
//   - Otherwise the number is accepted when its form and key are those of BEA or
//     of NNE, in any case, except ten times the same digit, and ten letters.
//   - SIFA and provisional numbers are refused, and so is a text of spaces.
func AcceptedByECandidat(ctx context.Context, s string, service KeyService) (bool, error) {
	if s == "" {
		return true, nil
	}
	s = strings.ReplaceAll(s, " ", "")
	if len(s) != size {
		return false, nil
	}
	n, sh := pack(s)
	if sh.fits(nineDigitsTwoLetters) {
		if service == nil {
			return true, nil
		}
		return service.CheckINE(ctx, s[:9], s[9:])
	}
	n.setFamily(sh)
	if f := n.Family(); f != BEA && f != NNE {
		return false, nil
	}
	return n.Key() == KeyOK && !n.repeated() && !sh.fits(tenLetters), nil
}

var (
	nineDigitsTwoLetters = packShape(digit, digit, digit, digit, digit, digit, digit, digit, digit, letter, letter)
	tenLetters           = packShape(letter, letter, letter, letter, letter, letter, letter, letter, letter, letter, digit)
)

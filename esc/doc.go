// Package esc makes and reads European Student Card Numbers (ESCN), the numbers
// printed as a QR code on every European student card.
//
// # The number
//
// An ESCN looks like a version 1 UUID. Its last twelve characters are decimal
// digits: a prefix of three digits, one per server that makes numbers, and the
// nine digits of the institution's PIC (Participant Identification Code of the
// European Commission). The algorithm is that of the official generator published
// by the scheme's owner; there is no other specification. Three things in it
// surprise, and this package keeps all of them so that its numbers look like
// everybody else's:
//
//   - the epoch is not that of RFC 4122: a UUID library dates an ESCN of 2024 in 1637;
//   - the clock is read once per 10 000 numbers, so the time in a number is a
//     lower bound of the time of issue;
//   - the clock sequence is drawn anew for each number.
//
// What the official generator does when the clock is set back, using ticks a
// second time, is not kept: see [Generator].
//
// # Reading
//
// [Parse] takes any UUID and [Number.Decode] tells how it was made, since several
// institutions make their numbers in their own way. Those other ways are deduced
// from numbers in circulation, not published.
//
// The picture is in package esc/qr.
package esc

package esc

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Variant says how a number was made.
type Variant uint8

const (
	// Other is a number that follows no known way: nothing can be read in it
	// beyond what Decode gives.
	Other Variant = iota
	// Official is a number of the official generator: digits in the node, and its own epoch.
	Official
	// RFC4122Digits is a standard version 1 UUID whose node is prefix and PIC
	// written as hexadecimal digits.
	RFC4122Digits
	// RFC4122Binary is a standard version 1 UUID whose node is the decimal number
	// prefix and PIC in binary. It is recognised by inference: the address of a
	// network card that begins with 00 can look the same.
	RFC4122Binary
	// RFC4122MAC is a standard version 1 UUID whose node is the address of a
	// network card: it has an issue time and no PIC.
	RFC4122MAC
	// Random is a version 4 UUID: it has neither issue time nor PIC.
	Random
)

// String returns "official", "rfc4122-digits", "rfc4122-binary", "rfc4122-mac",
// "random" or "other".
func (v Variant) String() string {
	switch v {
	case Official:
		return "official"
	case RFC4122Digits:
		return "rfc4122-digits"
	case RFC4122Binary:
		return "rfc4122-binary"
	case RFC4122MAC:
		return "rfc4122-mac"
	case Random:
		return "random"
	default:
		return "other"
	}
}

// Decoded is what can be read in a number. Fields that the variant does not
// carry are zero.
type Decoded struct {
	Variant Variant
	Prefix  string // three digits, the server that made the number; "" when the number has none
	PIC     string // nine digits, the institution; "" when the number has none

	// IssuedAt is the time in the number, in UTC. The official generator reads the
	// clock once per 10 000 numbers: the number was issued at that time or later,
	// possibly by days.
	IssuedAt time.Time
	// Plausible says that IssuedAt lies between 2017, the first year of the
	// scheme, and one day from the time of decoding. A time that is not plausible
	// is given all the same, read with the epoch that comes nearer.
	Plausible bool
	// Tick counts the numbers since the clock was read, 0 to 9999, in an official number.
	Tick int
}

const (
	ticksPerMilli = 10_000 // of 100 ns

	// officialEpoch is what the official generator adds to its ticks. It is the
	// number of milliseconds from 1582 to 1970, added to a count of 100 ns: a slip
	// that every official number carries and that this package keeps.
	officialEpoch = 12_219_292_800_000

	// rfcEpoch is the number of 100 ns ticks from 1582 to 1970 (RFC 4122, 4.1.4).
	rfcEpoch = officialEpoch * ticksPerMilli
)

// schemeStart is the beginning of 2017: no European student card is older.
var schemeStart = time.Date(2017, time.January, 1, 0, 0, 0, 0, time.UTC)

// Decode reads n as of now; see [Number.DecodeAt].
func (n Number) Decode() Decoded { return n.DecodeAt(time.Now()) }

// DecodeAt reads n. A version 1 number is read with the epoch that gives a date
// from 2017 to one day after now: the official generator's first, then that of RFC 4122.
// Which readings exist is deduced from numbers in circulation; only the
// official one is published.
func (n Number) DecodeAt(now time.Time) Decoded {
	node := hex.EncodeToString(n.b[10:])
	switch {
	case n.IsZero():
		return Decoded{}
	case n.Version() == 4:
		return Decoded{Variant: Random}
	case n.Version() != 1 || n.ClockSequence()>>14 != 2:
		var d Decoded
		if allDigits(node) {
			d.Prefix, d.PIC = node[:3], node[3:]
		}
		return d
	}

	plausible := func(t time.Time) bool {
		return !t.Before(schemeStart) && !t.After(now.Add(24*time.Hour))
	}
	official, rfc := officialTime(n.Ticks()), rfcTime(n.Ticks())
	switch {
	case plausible(official) && allDigits(node):
		return n.official(node, official, true)
	case plausible(rfc):
		return n.rfc(node, rfc, true)
	case n.Ticks() < rfcEpoch && allDigits(node): // the other epoch would say before 1970
		return n.official(node, official, false)
	default:
		return n.rfc(node, rfc, false)
	}
}

func (n Number) official(node string, at time.Time, plausible bool) Decoded {
	return Decoded{
		Variant: Official, Prefix: node[:3], PIC: node[3:],
		IssuedAt: at, Plausible: plausible, Tick: int(n.Ticks() % ticksPerMilli),
	}
}

func (n Number) rfc(node string, at time.Time, plausible bool) Decoded {
	d := Decoded{Variant: RFC4122MAC, IssuedAt: at, Plausible: plausible}
	if allDigits(node) && !strings.HasPrefix(node, "0000") {
		d.Variant, d.Prefix, d.PIC = RFC4122Digits, node[:3], node[3:]
		return d
	}
	value, _ := strconv.ParseUint(node, 16, 48)
	if value >= 1e9 && value < 1e12 {
		decimal := strconv.FormatUint(1e12+value, 10)[1:]
		d.Variant, d.Prefix, d.PIC = RFC4122Binary, decimal[:3], decimal[3:]
	}
	return d
}

// PIC returns the nine digits of the institution that made the number, or ""
// when it carries none. It is a reading, not a proof: ask the router who issued a card.
func (n Number) PIC() string { return n.Decode().PIC }

// Prefix returns the three digits of the server that made the number, or ""
// when it carries none.
func (n Number) Prefix() string { return n.Decode().Prefix }

// IssuedAt returns the time in the number, a lower bound of the time of issue,
// or the zero time when it carries none.
func (n Number) IssuedAt() time.Time { return n.Decode().IssuedAt }

// officialTime reads ticks as the official generator writes them, to the
// millisecond: the rest counts numbers, not time.
func officialTime(ticks uint64) time.Time {
	return time.UnixMilli((int64(ticks) - officialEpoch) / ticksPerMilli).UTC()
}

// rfcTime reads ticks as RFC 4122 writes them.
func rfcTime(ticks uint64) time.Time {
	const perSecond = 10_000_000
	since := int64(ticks) - rfcEpoch
	return time.Unix(since/perSecond, since%perSecond*100).UTC()
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

package journal

import (
	"bytes"
	"hash/crc32"
	"strconv"
)

// magic starts the first line of every journal; the number is the version of the line format.
const (
	magicName = "passerelle journal "
	magic     = magicName + "1: "
)

// maxKind bounds Options.Kind, and with it the length of the first line.
const maxKind = 100

// maxOverhead is the most that a line adds to its JSON: checksum, number, two blanks, newline.
const maxOverhead = 8 + 1 + 19 + 1 + 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header returns the first line of a journal of that kind.
func header(kind string) []byte { return []byte(magic + kind + "\n") }

// validKind reports whether kind can stand on the first line.
func validKind(kind string) bool {
	if kind == "" || len(kind) > maxKind {
		return false
	}
	for i := range len(kind) {
		if kind[i] <= ' ' || kind[i] > '~' {
			return false
		}
	}
	return true
}

// appendLine appends the line of one record. body is JSON without a newline.
func appendLine(dst []byte, seq int64, body []byte) []byte {
	const hex = "0123456789abcdef"
	start := len(dst)
	dst = append(dst, "00000000 "...)
	dst = strconv.AppendInt(dst, seq, 10)
	dst = append(dst, ' ')
	dst = append(dst, body...)
	sum := crc32.Checksum(dst[start+9:], castagnoli)
	for i := range 8 {
		dst[start+i] = hex[sum>>(28-4*i)&0xf]
	}
	return append(dst, '\n')
}

// parseLine takes a line without its newline apart. Every form that appendLine
// does not write is refused.
func parseLine(line []byte) (seq int64, body []byte, ok bool) {
	if len(line) < 9 || line[8] != ' ' {
		return 0, nil, false
	}
	var sum uint32
	for _, c := range line[:8] {
		switch {
		case c >= '0' && c <= '9':
			sum = sum<<4 | uint32(c-'0')
		case c >= 'a' && c <= 'f':
			sum = sum<<4 | uint32(c-'a'+10)
		default:
			return 0, nil, false
		}
	}
	rest := line[9:]
	if crc32.Checksum(rest, castagnoli) != sum {
		return 0, nil, false
	}
	number, body, found := bytes.Cut(rest, []byte{' '})
	if !found || len(body) == 0 || len(number) == 0 || len(number) > 18 || number[0] == '0' {
		return 0, nil, false
	}
	for _, c := range number {
		if c < '0' || c > '9' {
			return 0, nil, false
		}
		seq = seq*10 + int64(c-'0')
	}
	return seq, body, true
}

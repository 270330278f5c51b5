package qr

import (
	"io"

	passerelle "github.com/passerelle-sup/passerelle"
)

// TerminalOptions says how [Code.WriteTerminal] draws. The zero value suits a
// terminal that writes light on dark.
type TerminalOptions struct {
	Quiet       int  // quiet zone in modules, at least 4; 0 means 4
	DarkOnLight bool // the terminal writes dark on light
}

// WriteTerminal draws the code with the block characters of Unicode, two rows of
// modules a line. Its error is a passerelle.FieldErrors, or that of w.
func (c *Code) WriteTerminal(w io.Writer, opts TerminalOptions) error {
	var faults passerelle.FieldErrors
	quiet := checkQuiet(&faults, opts.Quiet)
	if err := faults.Err(); err != nil {
		return err
	}
	var b []byte
	for y := -quiet; y < c.Size()+quiet; y += 2 {
		for x := -quiet; x < c.Size()+quiet; x++ {
			// What is inked is the light module, unless the terminal's ink is dark.
			upper := c.Dark(x, y) == opts.DarkOnLight
			lower := c.Dark(x, y+1) == opts.DarkOnLight
			switch {
			case upper && lower:
				b = append(b, "█"...)
			case upper:
				b = append(b, "▀"...)
			case lower:
				b = append(b, "▄"...)
			default:
				b = append(b, ' ')
			}
		}
		b = append(b, '\n')
	}
	_, err := w.Write(b)
	return err
}

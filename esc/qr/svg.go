package qr

import (
	"io"
	"strconv"

	passerelle "github.com/passerelle-sup/passerelle"
)

// The sizes of the official generator, in units per module.
const (
	SizeXS = 1.0
	SizeS  = 1.5
	SizeM  = 4.0
)

// maxSVGScale bounds the scale of a drawing, which scales by itself anyway.
const maxSVGScale = 1000

// SVGOptions says how [Code.WriteSVG] draws. The zero value is the official
// drawing in size M.
type SVGOptions struct {
	Scale    float64 // units per module, from 1; 0 means SizeM
	Quiet    int     // quiet zone in modules, at least 4; 0 means 4
	Inverted bool    // white modules, for dark cards, in place of black ones
	Opaque   bool    // fill the background, which the official drawing leaves transparent
}

// WriteSVG draws the code as a vector picture, in a coordinate system of one unit
// per module, quiet zone included. Its error is a passerelle.FieldErrors, or that of w.
func (c *Code) WriteSVG(w io.Writer, opts SVGOptions) error {
	var faults passerelle.FieldErrors
	quiet := checkQuiet(&faults, opts.Quiet)
	scale := opts.Scale
	if scale == 0 {
		scale = SizeM
	}
	if !(scale >= SizeXS && scale <= maxSVGScale) { // NaN is out of range too
		faults.Add("Scale", "range", "1 to 1000 units per module")
	}
	if err := faults.Err(); err != nil {
		return err
	}

	side := c.Size() + 2*quiet
	width := strconv.FormatFloat(float64(side)*scale, 'f', -1, 64)
	extent := strconv.Itoa(side)
	foreground, background := "black", "white"
	if opts.Inverted {
		foreground, background = background, foreground
	}
	b := []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="` + width + `" height="` + width +
		`" viewBox="0 0 ` + extent + ` ` + extent + `" shape-rendering="crispEdges">` + "\n")
	if opts.Opaque {
		b = append(b, `<rect width="100%" height="100%" fill="`+background+`"/>`+"\n"...)
	}
	b = append(b, `<path fill="`+foreground+`" d="`...)
	for y := range c.Size() {
		for x := 0; x < c.Size(); x++ {
			start := x
			for c.Dark(x, y) {
				x++
			}
			if x > start { // a run of dark modules is one rectangle
				b = appendRun(b, start+quiet, y+quiet, x-start)
			}
		}
	}
	b = append(b, "\"/>\n</svg>\n"...)
	_, err := w.Write(b)
	return err
}

func appendRun(b []byte, x, y, n int) []byte {
	b = strconv.AppendInt(append(b, 'M'), int64(x), 10)
	b = strconv.AppendInt(append(b, ' '), int64(y), 10)
	b = strconv.AppendInt(append(b, 'h'), int64(n), 10)
	b = strconv.AppendInt(append(b, "v1h-"...), int64(n), 10)
	return append(b, 'z')
}

package qr

import (
	"image"
	"image/color"
	"image/png"
	"io"

	passerelle "github.com/passerelle-sup/passerelle"
)

const (
	minQuiet = 4   // modules, ISO/IEC 18004
	maxQuiet = 100 // modules
	minScale = 4   // pixels per module: below, phones and decoders fail (measured)

	defaultScale = 8
	maxPixels    = 16_384 // of a side
)

// PNGOptions says how [Code.WritePNG] draws. The zero value is good for screens.
type PNGOptions struct {
	Scale    int  // pixels per module, at least 4; 0 means 8
	Quiet    int  // quiet zone in modules, at least 4; 0 means 4
	Inverted bool // light modules on dark, for dark cards; not every reader takes it
}

// WritePNG draws the code in black and white, one bit per pixel. Its error is a
// passerelle.FieldErrors when opts would make a picture that cannot be read, or that of w.
func (c *Code) WritePNG(w io.Writer, opts PNGOptions) error {
	img, err := c.Image(opts)
	if err != nil {
		return err
	}
	return png.Encode(w, img)
}

// Image draws the code in memory, as [Code.WritePNG] does.
func (c *Code) Image(opts PNGOptions) (*image.Paletted, error) {
	var faults passerelle.FieldErrors
	quiet := checkQuiet(&faults, opts.Quiet)
	scale := opts.Scale
	if scale == 0 {
		scale = defaultScale
	}
	if scale < minScale {
		faults.Add("Scale", "range", "at least 4 pixels per module")
	} else if scale > maxPixels/(c.Size()+2*quiet) {
		faults.Add("Scale", "range", "a picture of at most 16384 pixels a side")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}

	const light, dark = 0, 1
	palette := color.Palette{light: color.White, dark: color.Black}
	if opts.Inverted {
		palette = color.Palette{light: color.Black, dark: color.White}
	}
	side := (c.Size() + 2*quiet) * scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), palette)
	for y := range c.Size() {
		top := img.Pix[(y+quiet)*scale*img.Stride:]
		for x := range c.Size() {
			if c.Dark(x, y) {
				for i := range scale {
					top[(x+quiet)*scale+i] = dark
				}
			}
		}
		for i := 1; i < scale; i++ {
			copy(top[i*img.Stride:(i+1)*img.Stride], top[:img.Stride])
		}
	}
	return img, nil
}

// checkQuiet returns the quiet zone in modules, and adds a fault when it cannot be.
func checkQuiet(faults *passerelle.FieldErrors, quiet int) int {
	if quiet == 0 {
		return minQuiet
	}
	if quiet < minQuiet || quiet > maxQuiet {
		faults.Add("Quiet", "range", "4 to 100 modules")
		return minQuiet
	}
	return quiet
}

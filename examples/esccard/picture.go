package main

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/qr"
)

// drawQR prints and draws the official code of a card.
func drawQR(c *console, args []string) error {
	flags := newFlags("qr")
	base := flags.String("base", "", "base URL")
	file := flags.String("o", "", "picture to write, .png or .svg")
	scale := flags.Float64("scale", 0, "pixels or units per module")
	terminal := flags.Bool("terminal", false, "draw on standard error")
	arguments, err := parse(flags, args, "ESCN")
	if err != nil {
		return err
	}
	if _, err := qr.Content(esc.FromBytes([16]byte{1}), *base); err != nil {
		return usageError{fmt.Errorf("-base: %w", err)}
	}
	n, err := esc.Parse(arguments[0])
	if err != nil {
		return c.refuse(err)
	}
	code, err := qr.New(n, *base)
	if err != nil {
		return c.refuse(err)
	}
	if err := draw(code, *file, *scale); err != nil {
		return err
	}
	if *terminal {
		if err := code.WriteTerminal(c.err, qr.TerminalOptions{}); err != nil {
			return err
		}
	}
	return c.print(struct {
		Content string `json:"content"`
		Version int    `json:"version"`
		Level   string `json:"level"`
		Modules int    `json:"modules"`
	}{code.Content(), code.Version(), code.Level().String(), code.Size()})
}

// draw writes the picture of a code into a file, in the format of its name. With
// no name it does nothing; the scale 0 is the format's default.
func draw(code *qr.Code, name string, scale float64) error {
	if name == "" {
		if scale != 0 {
			return usagef("-scale goes with -o")
		}
		return nil
	}
	var b bytes.Buffer
	var err error
	switch strings.ToLower(filepath.Ext(name)) {
	case ".png":
		if scale != float64(int(scale)) {
			return usagef("-scale %v: want whole pixels for a PNG", scale)
		}
		err = code.WritePNG(&b, qr.PNGOptions{Scale: int(scale)})
	case ".svg":
		err = code.WriteSVG(&b, qr.SVGOptions{Scale: scale})
	default:
		return usagef("-o %s: want a name in .png or .svg", name)
	}
	if errors.Is(err, passerelle.ErrInvalid) {
		return usageError{err}
	} else if err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}

const (
	maxPictureBytes = 20 << 20
	maxPictureSide  = 8192 // pixels
)

// readPicture returns the text of the QR code in a PNG file.
func readPicture(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if info.Size() > maxPictureBytes {
		return "", fmt.Errorf("%s: a picture of more than %d bytes", name, maxPictureBytes)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if config.Width > maxPictureSide || config.Height > maxPictureSide {
		return "", fmt.Errorf("%s: a picture of more than %d pixels a side", name, maxPictureSide)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	// Drawn pictures first, then photographs.
	for _, hint := range []gozxing.DecodeHintType{gozxing.DecodeHintType_PURE_BARCODE, gozxing.DecodeHintType_TRY_HARDER} {
		result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{hint: true})
		if err == nil {
			return result.GetText(), nil
		}
	}
	return "", fmt.Errorf("%s: no QR code is found in it", name)
}

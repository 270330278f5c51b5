package qr_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/qr"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// card is a number met on a card: fact sheet, 13.1.
var card = esc.MustParse("d88b02c1-894e-1038-a711-001999465982")

// readBack decodes a picture with an independent decoder, and returns the text and
// the error correction level that it found.
func readBack(tb testing.TB, img image.Image) (text, level string) {
	tb.Helper()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		tb.Fatal(err)
	}
	// Without the hint, the search for the finder patterns misses about one drawn
	// picture in a thousand, whichever encoder made it.
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
	if err != nil {
		tb.Fatalf("the decoder does not read the picture: %v", err)
	}
	level, _ = result.GetResultMetadata()[gozxing.ResultMetadataType_ERROR_CORRECTION_LEVEL].(string)
	return result.GetText(), level
}

func newCode(tb testing.TB, n esc.Number, base string) *qr.Code {
	tb.Helper()
	c, err := qr.New(n, base)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestOfficialCode(t *testing.T) {
	t.Parallel()
	tests := [...]struct {
		base, want string
		size       int
	}{
		0: {"", "https://s.esc-r.eu/d88b02c1-894e-1038-a711-001999465982", 33},
		1: {qr.Base, "https://s.esc-r.eu/d88b02c1-894e-1038-a711-001999465982", 33},
		2: {qr.BaseGG, "http://esc.gg/d88b02c1-894e-1038-a711-001999465982", 33},
		3: {qr.BaseGGTest, "http://pp.esc.gg/d88b02c1-894e-1038-a711-001999465982", 33},
		4: {"https://carte.example.org", "https://carte.example.org/d88b02c1-894e-1038-a711-001999465982", 33},
		5: {"https://carte.univ-exemple.example.org/esc/", "https://carte.univ-exemple.example.org/esc/d88b02c1-894e-1038-a711-001999465982", 37},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			c := newCode(t, card, tt.base)
			if c.Content() != tt.want || c.Level() != qr.M || c.Size() != tt.size || c.Version() != (tt.size-17)/4 {
				t.Errorf("content %q, level %v, %d modules, version %d; want %q, M, %d", c.Content(), c.Level(), c.Size(), c.Version(), tt.want, tt.size)
			}
			img, err := c.Image(qr.PNGOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if text, level := readBack(t, img); text != tt.want || level != "M" {
				t.Errorf("decoded %q at level %s, want %q at M", text, level, tt.want)
			}
		})
	}
}

// Each drawing is decoded, at the limits of what the options allow.
func TestPNGReadsBack(t *testing.T) {
	t.Parallel()
	c := newCode(t, card, "")
	for i, opts := range [...]qr.PNGOptions{
		0: {},
		1: {Scale: 4, Quiet: 4},
		2: {Scale: 5, Quiet: 10},
		3: {Scale: 20},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := c.WritePNG(&b, opts); err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(&b)
			if err != nil {
				t.Fatal(err)
			}
			scale, quiet := max(opts.Scale, 4), max(opts.Quiet, 4)
			if opts.Scale == 0 {
				scale = 8
			}
			if want := (33 + 2*quiet) * scale; img.Bounds().Dx() != want || img.Bounds().Dy() != want {
				t.Errorf("picture of %v, want %d a side", img.Bounds(), want)
			}
			if text, _ := readBack(t, img); text != c.Content() {
				t.Errorf("decoded %q, want %q", text, c.Content())
			}
			edge := quiet*scale - 1
			for j := range img.Bounds().Dx() {
				if !isLight(img.At(j, edge)) || !isLight(img.At(edge, j)) {
					t.Fatalf("the quiet zone is not light at %d", j)
				}
			}
			if isLight(img.At(edge+1, edge+1)) {
				t.Error("the corner of the finder pattern is not dark")
			}
		})
	}
}

func isLight(c color.Color) bool { return color.GrayModel.Convert(c).(color.Gray).Y > 127 }

func TestInverted(t *testing.T) {
	t.Parallel()
	c := newCode(t, card, "")
	img, err := c.Image(qr.PNGOptions{Inverted: true})
	if err != nil {
		t.Fatal(err)
	}
	if isLight(img.At(0, 0)) || !isLight(img.At(32, 32)) {
		t.Error("the inverted picture does not have light modules on a dark ground")
	}
	turned := image.NewGray(img.Bounds())
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if !isLight(img.At(x, y)) {
				turned.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	if text, _ := readBack(t, turned); text != c.Content() {
		t.Errorf("decoded %q from the negative, want %q", text, c.Content())
	}
}

var svgRun = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// drawSVG draws the picture of an SVG file as its text says, ten pixels a unit.
func drawSVG(tb testing.TB, data []byte) image.Image {
	tb.Helper()
	var doc struct {
		ViewBox string `xml:"viewBox,attr"`
		Path    struct {
			Fill string `xml:"fill,attr"`
			D    string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal(data, &doc); err != nil {
		tb.Fatal(err)
	}
	var side int
	if _, err := fmt.Sscanf(doc.ViewBox, "0 0 %d", &side); err != nil {
		tb.Fatalf("view box %q: %v", doc.ViewBox, err)
	}
	const unit = 10
	img := image.NewGray(image.Rect(0, 0, side*unit, side*unit))
	ink, ground := image.Black, image.White
	if doc.Path.Fill == "white" {
		ink, ground = ground, ink
	}
	draw.Draw(img, img.Bounds(), ground, image.Point{}, draw.Src)
	if rest := svgRun.ReplaceAllString(doc.Path.D, ""); rest != "" {
		tb.Fatalf("path holds something else than runs: %q", rest)
	}
	for _, m := range svgRun.FindAllStringSubmatch(doc.Path.D, -1) {
		var v [4]int
		for i := range v {
			v[i], _ = strconv.Atoi(m[i+1])
		}
		if v[2] != v[3] {
			tb.Fatalf("run %q does not close", m[0])
		}
		draw.Draw(img, image.Rect(v[0]*unit, v[1]*unit, (v[0]+v[2])*unit, (v[1]+1)*unit), ink, image.Point{}, draw.Src)
	}
	return img
}

func TestSVG(t *testing.T) {
	t.Parallel()
	c := newCode(t, card, "")
	tests := map[string]struct {
		opts  qr.SVGOptions
		width string
	}{
		"default": {qr.SVGOptions{}, "164"},
		"XS":      {qr.SVGOptions{Scale: qr.SizeXS}, "41"},
		"S":       {qr.SVGOptions{Scale: qr.SizeS, Opaque: true}, "61.5"},
		"quiet":   {qr.SVGOptions{Scale: 1, Quiet: 6}, "45"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := c.WriteSVG(&b, tt.opts); err != nil {
				t.Fatal(err)
			}
			if want := `width="` + tt.width + `" height="` + tt.width + `"`; !strings.Contains(b.String(), want) {
				t.Errorf("no %s in %.120s", want, b.String())
			}
			if got := strings.Contains(b.String(), "<rect"); got != tt.opts.Opaque {
				t.Errorf("background drawn: %v, want %v", got, tt.opts.Opaque)
			}
			if text, _ := readBack(t, drawSVG(t, b.Bytes())); text != c.Content() {
				t.Errorf("decoded %q, want %q", text, c.Content())
			}
		})
	}

	var b bytes.Buffer
	if err := c.WriteSVG(&b, qr.SVGOptions{Inverted: true, Opaque: true}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `<path fill="white"`) || !strings.Contains(b.String(), `height="100%" fill="black"`) {
		t.Errorf("inverted drawing is not white on black: %.300s", b.String())
	}
	b.Reset()
	if err := c.WriteSVG(&b, qr.SVGOptions{}); err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "official.svg", b.Bytes())
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	c := newCode(t, card, "")
	for _, opts := range []qr.TerminalOptions{{}, {DarkOnLight: true, Quiet: 5}} {
		var b bytes.Buffer
		if err := c.WriteTerminal(&b, opts); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		const unit = 6
		img := image.NewGray(image.Rect(0, 0, len([]rune(lines[0]))*unit, 2*len(lines)*unit))
		for y, line := range lines {
			for x, r := range []rune(line) {
				for half, inked := range [2]bool{r == '█' || r == '▀', r == '█' || r == '▄'} {
					if inked != opts.DarkOnLight { // a light module
						at := image.Rect(x*unit, (2*y+half)*unit, (x+1)*unit, (2*y+half+1)*unit)
						draw.Draw(img, at, image.White, image.Point{}, draw.Src)
					}
				}
			}
		}
		if text, _ := readBack(t, img); text != c.Content() {
			t.Errorf("%+v: decoded %q, want %q", opts, text, c.Content())
		}
	}
	var b bytes.Buffer
	if err := c.WriteTerminal(&b, qr.TerminalOptions{}); err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "official.txt", b.Bytes())
}

// Pictures that phones cannot read are refused, with all faults together.
func TestUnreadablePicturesRefused(t *testing.T) {
	t.Parallel()
	c := newCode(t, card, "")
	tests := [...]struct {
		draw func(io.Writer) error
		want []string
	}{
		0: {func(w io.Writer) error { return c.WritePNG(w, qr.PNGOptions{Scale: 3}) }, []string{"Scale"}},
		1: {func(w io.Writer) error { return c.WritePNG(w, qr.PNGOptions{Scale: -4}) }, []string{"Scale"}},
		2: {func(w io.Writer) error { return c.WritePNG(w, qr.PNGOptions{Quiet: 3}) }, []string{"Quiet"}},
		3: {func(w io.Writer) error { return c.WritePNG(w, qr.PNGOptions{Scale: 1, Quiet: -1}) }, []string{"Quiet", "Scale"}},
		4: {func(w io.Writer) error { return c.WritePNG(w, qr.PNGOptions{Scale: 400}) }, []string{"Scale"}},
		5: {func(w io.Writer) error { return c.WriteSVG(w, qr.SVGOptions{Scale: 0.5, Quiet: 1}) }, []string{"Quiet", "Scale"}},
		6: {func(w io.Writer) error { return c.WriteSVG(w, qr.SVGOptions{Scale: math.NaN()}) }, []string{"Scale"}},
		7: {func(w io.Writer) error { return c.WriteSVG(w, qr.SVGOptions{Scale: math.Inf(1)}) }, []string{"Scale"}},
		8: {func(w io.Writer) error { return c.WriteTerminal(w, qr.TerminalOptions{Quiet: 2}) }, []string{"Quiet"}},
		9: {func(w io.Writer) error { return c.WriteTerminal(w, qr.TerminalOptions{Quiet: 101}) }, []string{"Quiet"}},
	}
	for i, tt := range tests {
		var b bytes.Buffer
		var faults passerelle.FieldErrors
		err := tt.draw(&b)
		if !errors.As(err, &faults) || b.Len() > 0 {
			t.Errorf("%d: error %v after %d bytes, want field errors and no picture", i, err, b.Len())
			continue
		}
		var fields []string
		for _, f := range faults {
			fields = append(fields, f.Field)
		}
		testutil.Equal(t, fmt.Sprintf("%d: faulty fields", i), fields, tt.want)
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Universität, ", 40)
	tests := [...]struct {
		text  string
		level qr.Level
		min   int
	}{
		0: {"https://example.org/é/ü/Ω€", qr.L, 1},
		1: {"https://example.org/é/ü/Ω€", qr.H, 1},
		2: {"1234567890", qr.M, 4},
		3: {long, qr.L, 1},
		4: {long, qr.Q, 1},
		5: {"x", qr.M, 40},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			c, err := qr.Encode(tt.text, tt.level, tt.min)
			if err != nil {
				t.Fatal(err)
			}
			if c.Version() < tt.min || c.Size() != 17+4*c.Version() {
				t.Errorf("version %d of %d modules, want at least %d", c.Version(), c.Size(), tt.min)
			}
			img, err := c.Image(qr.PNGOptions{Scale: 4})
			if err != nil {
				t.Fatal(err)
			}
			if text, level := readBack(t, img); text != tt.text || level != tt.level.String() {
				t.Errorf("decoded %q at level %s, want %q at %v", text, level, tt.text, tt.level)
			}
		})
	}
	for i, bad := range [...]struct {
		text  string
		level qr.Level
		min   int
		rule  string
	}{
		0: {"", qr.M, 1, "required"},
		1: {"x", qr.H + 1, 1, "level"},
		2: {"x", qr.M, 0, "version"},
		3: {"x", qr.M, 41, "version"},
		4: {strings.Repeat("x", 2954), qr.L, 1, "length"},
		5: {strings.Repeat("x", 1274), qr.H, 1, "length"},
	} {
		var pe *passerelle.ParseError
		if _, err := qr.Encode(bad.text, bad.level, bad.min); !errors.As(err, &pe) || pe.Rule != bad.rule {
			t.Errorf("%d: %v, want rule %q", i, err, bad.rule)
		}
	}
}

package qr_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/qr"
)

func ExampleNew() {
	code, err := qr.New(esc.MustParse("d88b02c1-894e-1038-a711-001999465982"), qr.Base)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(code.Content())
	fmt.Printf("version %d, level %v, %d modules\n", code.Version(), code.Level(), code.Size())

	dir, err := os.MkdirTemp("", "card")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file, err := os.Create(filepath.Join(dir, "card.png"))
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	if err := code.WritePNG(file, qr.PNGOptions{Scale: 10}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// https://s.esc-r.eu/d88b02c1-894e-1038-a711-001999465982
	// version 4, level M, 33 modules
}

func ExampleRead() {
	for _, text := range []string{
		"HTTP://ESC.GG/D88B02C1-894E-1038-A711-001999465982",
		"d88b02c1-894e-1038-a711-001999465982",
		"https://example.org/d88b02c1-894e-1038-a711-001999465982",
	} {
		reading, err := qr.Read(text)
		if err != nil {
			fmt.Println("refused:", err)
			continue
		}
		fmt.Printf("%v %q\n", reading.Number, reading.Host)
	}
	// Output:
	// d88b02c1-894e-1038-a711-001999465982 "esc.gg"
	// d88b02c1-894e-1038-a711-001999465982 ""
	// refused: QR code: host: want a host of the European student card: s.esc-r.eu, esc.gg, pp.esc.gg, router.europeanstudentcard.eu, sandbox.europeanstudentcard.eu
}

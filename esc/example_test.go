package esc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/passerelle-sup/passerelle/esc"
)

func ExampleGenerator() {
	dir, err := os.MkdirTemp("", "escn") // yours is a folder that is kept
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	reservations, err := esc.OpenReservations(filepath.Join(dir, "escn-001"))
	if err != nil {
		log.Fatal(err)
	}
	defer reservations.Close()

	generator, err := esc.NewGenerator(esc.Config{
		Prefix:       1,
		Reservations: reservations,
		// Clock and draw are fixed for the sake of a stable output.
		Now:           func() time.Time { return time.UnixMilli(1700000000000) },
		ClockSequence: func() uint16 { return 0x1b31 },
	})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		n, err := generator.Next(context.Background(), "999893752")
		if clock, ok := errors.AsType[*esc.ClockError](err); ok {
			log.Fatalf("the clock says %v", clock.Now)
		} else if err != nil {
			log.Fatal(err)
		}
		fmt.Println(n)
	}
	// Output:
	// f7c9d400-7085-103c-9b31-001999893752
	// f7c9d401-7085-103c-9b31-001999893752
}

func ExampleNumber_Decode() {
	for _, s := range []string{
		"fc3a1f80-93fb-103a-9b31-000999893752",
		"B881984A0B8811E998A40000773406C7",
		"0c615bc5-605a-11ef-83b5-60a44c40ce5c",
	} {
		n, err := esc.Parse(s)
		if err != nil {
			log.Fatal(err)
		}
		d := n.Decode()
		fmt.Printf("%s: prefix %q, PIC %q, from %s\n", d.Variant, d.Prefix, d.PIC, d.IssuedAt.Format(time.DateOnly))
	}
	// Output:
	// official: prefix "000", PIC "999893752", from 2022-03-18
	// rfc4122-binary: prefix "001", PIC "999898311", from 2018-12-29
	// rfc4122-mac: prefix "", PIC "", from 2024-08-22
}

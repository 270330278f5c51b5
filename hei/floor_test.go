package hei_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle/hei"
)

// cmpIdentifiers compares identifiers as the values that they are.
var cmpIdentifiers = cmp.AllowUnexported(hei.PIC{}, hei.OID{}, hei.Domain{}, hei.ErasmusCode{})

// floor unpacks a workbook and reads the tokens of its sheet and of its texts.
func floor(b *testing.B, data []byte) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"xl/sharedStrings.xml", "xl/worksheets/list.xml"} {
		r, err := z.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		d := xml.NewDecoder(r)
		for {
			if _, err := d.RawToken(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
		r.Close()
	}
}

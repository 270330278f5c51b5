package router_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"image"
	"image/png"
	"maps"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestPictures(t *testing.T) {
	t.Parallel()
	b, ctx := newBed(t, esctest.RouterConfig{}), t.Context()
	must(b.client.CreatePerson(ctx, personWrite(picA)))(t)
	draw := func(w, h int) []byte {
		var buf bytes.Buffer
		if err := png.Encode(&buf, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	who := router.PictureRequest{As: picA, ESI: ada}
	if err := b.client.SetPicture(ctx, router.PictureWrite{PictureRequest: who, Picture: draw(20, 30)}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a picture of another size: %v", err)
	}
	if err := b.client.SetPicture(ctx, router.PictureWrite{PictureRequest: who, Picture: draw(20, 30), Resize: true}); err != nil {
		t.Errorf("a picture to scale: %v", err)
	}
	want := draw(200, 300)
	if err := b.client.SetPicture(ctx, router.PictureWrite{PictureRequest: who, Picture: want}); err != nil {
		t.Error(err)
	}
	testutil.Equal(t, "picture", must(b.client.Picture(ctx, who))(t), want)
	if p := must(b.client.Person(ctx, router.PersonRequest{As: picA, ESI: ada}))(t); !p.Memberships[0].HasPicture {
		t.Error("the person has no picture")
	}
	if err := b.client.DeletePicture(ctx, who); err != nil {
		t.Error(err)
	}
	if _, err := b.client.Picture(ctx, who); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("deleted picture: %v", err)
	}
	who.Organisation = picB
	if _, err := b.client.Picture(ctx, who); !errors.Is(err, passerelle.ErrForbidden) {
		t.Errorf("another institution's picture: %v", err)
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	b, ctx := newBed(t, esctest.RouterConfig{}), t.Context()
	first := must(b.client.CSVConfig(ctx, picA))(t)
	columns := must(b.client.CSVConfig(ctx, picA))(t)
	if maps.Equal(first, columns) {
		t.Error("the fake does not change the order of the columns")
	}
	row := func(values map[string]string) []string {
		out := make([]string, len(columns))
		for name, at := range columns {
			out[at] = values[name]
		}
		return out
	}
	good := map[string]string{"cardNumber": number, "personIdentifier": ada.String(), "cardType": "PASSIVE", "cardStatusType": "ACTIVE", "issuedAt": "2026-09-01", "expiresAt": "2027-09-30"}
	bad := maps.Clone(good)
	bad["expiresAt"] = "30/09/2027"
	header := make([]string, len(columns))
	for name, at := range columns {
		header[at] = name
	}
	var file bytes.Buffer
	if err := csv.NewWriter(&file).WriteAll([][]string{header, row(good), row(bad)}); err != nil {
		t.Fatal(err)
	}
	faults := must(b.client.ValidateCSV(ctx, router.CSVRequest{As: picA, Operation: router.CSVCreate, File: file.Bytes()}))(t)
	testutil.Equal(t, "faults", faults, []router.CSVFault{{Row: 2, Field: "expiresAt", Message: "not a date"}})
	if persons, cards := b.fake.Counts(); persons+cards != 0 {
		t.Error("a check wrote something")
	}
}

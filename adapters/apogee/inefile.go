package apogee

import (
	"context"
	"errors"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/sis"
)

// INEFile takes the numbers that INES gave for the students of Apogée, in a file
// that the registrar's office enters or that the school's own batch loads. It is
// what there is: no public operation of Apogée's services changes the INE of a
// student who is enrolled, and a write to its tables is not what the vendor
// supports, so this package offers neither.
type INEFile struct{ file *sis.INEFile }

var _ sis.INEWriter = (*INEFile)(nil)

// OpenINEFile opens or creates the file at path: see sis.OpenINEFile for its form
// and its errors. An empty path is a passerelle.FieldErrors that says why a file is needed.
func OpenINEFile(path string) (*INEFile, error) {
	if path == "" {
		return nil, passerelle.FieldErrors{{Field: "path", Rule: "required",
			Want: "a file: Apogée takes an INE through its own screens or the vendor's batch only, never from here"}}
	}
	f, err := sis.OpenINEFile(path)
	if err != nil {
		return nil, err
	}
	return &INEFile{f}, nil
}

// WriteINE implements [sis.INEWriter]. An update for a student of another system, or
// whose number is no INE, is a passerelle.FieldErrors.
func (f *INEFile) WriteINE(ctx context.Context, u sis.INEUpdate) error {
	var faults passerelle.FieldErrors
	if u.Student.System != System || !digits(u.Student.Local) {
		faults.Add("Student", "system", "a student of Apogée, by COD_ETU")
	}
	if _, err := ine.Parse(u.Definitive); err != nil {
		fault, _ := errors.AsType[*passerelle.ParseError](err)
		faults.Add("Definitive", fault.Rule, fault.Want)
	}
	if err := faults.Err(); err != nil {
		return err
	}
	return f.file.WriteINE(ctx, u)
}

// Close closes the file.
func (f *INEFile) Close() error { return f.file.Close() }

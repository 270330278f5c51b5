package site

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Secret says where a password, key or token is. The zero value is none. It can
// be logged: it is the place, not the value.
type Secret struct {
	Env  string `json:"env,omitempty"`  // environment variable that holds it
	File string `json:"file,omitempty"` // file that holds it, alone; blanks and line ends around it are dropped
}

// maxSecret is far beyond any token.
const maxSecret = 64 << 10

// IsZero reports whether no place is named.
func (s Secret) IsZero() bool { return s == Secret{} }

// String names the place.
func (s Secret) String() string {
	switch {
	case s.Env != "":
		return "environment variable " + s.Env
	case s.File != "":
		return "file " + s.File
	}
	return "nowhere"
}

// LogValue names the place.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

func (s Secret) faults(faults *passerelle.FieldErrors, field string, required bool) {
	switch {
	case s.Env != "" && s.File != "":
		faults.Add(field, "exclusive", "env or file, not both")
	case required && s.IsZero():
		faults.Add(field, "required", `{"env": "NAME"} or {"file": "path"}: where the secret is`)
	}
}

// read returns the value. Its error names the place, and is a *SecretError.
func (s Secret) read(dir, field string) (string, error) {
	fail := func(want string, err error) (string, error) {
		return "", &SecretError{Field: field, Secret: s, Want: want, Err: err}
	}
	if s.IsZero() {
		return fail("a place where it is", nil)
	}
	if s.Env != "" {
		v := strings.TrimSpace(os.Getenv(s.Env))
		if v == "" {
			return fail("a variable that is set", nil)
		}
		return v, nil
	}
	f, err := os.Open(beside(dir, s.File))
	if err != nil {
		return fail("a file that can be read", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return fail("a file that can be read", err)
	} else if info.Mode().Perm()&0o022 != 0 {
		return fail("a file that its owner alone can write", nil)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	switch {
	case err != nil:
		return fail("a file that can be read", err)
	case len(data) > maxSecret:
		return fail("at most 64 KiB", nil)
	}
	v := strings.TrimSpace(string(data))
	if v == "" {
		return fail("a file that holds it", nil)
	}
	return v, nil
}

// CheckSecret reads a secret and forgets it. Its error is that of the Open methods,
// a [*SecretError]. field is the path in the file: "sql.dsn".
func (c *Config) CheckSecret(s Secret, field string) error {
	_, err := s.read(c.dir, field)
	return err
}

// withoutDSN keeps a data source name out of an error: a driver that cannot read one
// repeats it, with the password.
func withoutDSN(err error, field, dsn string) error {
	if err == nil {
		return nil
	}
	if _, isURL := errors.AsType[*url.Error](err); !isURL && !strings.Contains(err.Error(), dsn) {
		return err
	}
	return passerelle.FieldErrors{{Field: field, Rule: "form", Want: "a data source name in the driver's form: in a URL, % / @ and : of the password are written %25 %2F %40 and %3A"}}
}

// SecretError says that a secret is not where the configuration says. It shows
// the place, never a value.
type SecretError struct {
	Field  string // path in the file: "ines.password"
	Secret Secret
	Want   string // what was expected
	Err    error  // of the file system, or nil
}

// Error names the field, the place and the expectation.
func (e *SecretError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Field, e.Secret, e.Err)
	}
	return fmt.Sprintf("%s: %s: want %s", e.Field, e.Secret, e.Want)
}

// Unwrap returns Err.
func (e *SecretError) Unwrap() error { return e.Err }

// Is reports whether target is passerelle.ErrInvalid.
func (e *SecretError) Is(target error) bool { return target == passerelle.ErrInvalid }

// beside returns a path of the configuration: one that is not absolute counts
// from its folder.
func beside(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

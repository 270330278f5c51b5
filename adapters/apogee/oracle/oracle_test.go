package oracle_test

import (
	"database/sql"
	"errors"
	"slices"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/apogee"
	_ "github.com/passerelle-sup/passerelle/adapters/apogee/oracle"
)

// The driver is there by the name that the documentation gives; a base that does not
// answer is unavailable.
func TestDriver(t *testing.T) {
	t.Parallel()
	if !slices.Contains(sql.Drivers(), "oracle") {
		t.Fatalf("drivers %v, want oracle among them", sql.Drivers())
	}
	_, err := apogee.Open(t.Context(), "oracle", "oracle://reader:secret@127.0.0.1:1/APOGEE?CONNECTION+TIMEOUT=2", apogee.SQLConfig{})
	if !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("error %v, want ErrUnavailable", err)
	}
}

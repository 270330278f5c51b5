package sistest_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/adapters/sistest"
	"github.com/passerelle-sup/passerelle/sis"
)

// TestCSV runs the suite on the SDK's own source: a file with one bad row.
func TestCSV(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("student;ine;birth_name;given_name_1;sex;birth_date;birth_commune;year;uai\n")
	for i := range 12 {
		date := "2007-03-01"
		if i == 7 {
			date = "2007-02-30"
		}
		fmt.Fprintf(&b, "2026%d;;Lefèvre;Zoé;F;%s;67482;%d;0511296G\n", i, date, 2025+i%2)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(b.String())), nil }
	source, err := sis.NewCSV("base.csv", open, sis.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sistest.Source(t, source, sistest.Base{Students: 11, RowErrors: 1, Year: 2026})
}

package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/passerelle-sup/passerelle/egracons"
)

// bandLine is the answer from fixed bands.
type bandLine struct {
	Country    string `json:"country"`
	Name       string `json:"name"`
	Mark       string `json:"mark"`
	Band       string `json:"band,omitzero"` // as it is printed
	From       string `json:"from,omitzero"`
	To         string `json:"to,omitzero"`
	Foreign    string `json:"foreign"`
	Equivalent bool   `json:"equivalent"` // false: the country has none for this band
	Raw        string `json:"raw,omitzero"`
	Doubt      string `json:"doubt,omitzero"`
	Error      string `json:"error,omitzero"`
}

// bands answers from a file of fixed bands.
func bands(args []string, stdout, stderr io.Writer) error {
	f := flags("gradeconv bands", stderr)
	file := f.String("tables", "", "CSV `file` of bands")
	country := f.String("country", "", "`name` or code of the country")
	mark := f.String("mark", "", "French `mark` out of 20")
	if err := parse(f, args, "tables", "country", "mark"); err != nil {
		return err
	}
	data, err := os.Open(*file)
	if err != nil {
		return err
	}
	defer data.Close()
	tables, err := egracons.ReadBands(data, egracons.SmileLayout())
	if err != nil {
		return err
	}
	var known []string
	for _, t := range tables {
		if strings.EqualFold(t.Country, *country) || strings.EqualFold(t.Name, *country) {
			return answer(t, *mark, stdout)
		}
		known = append(known, fmt.Sprintf("%s (%s)", t.Name, t.Country))
	}
	return wrong("-country: no %q in the file; it has %s", *country, strings.Join(known, ", "))
}

func answer(t *egracons.BandTable, mark string, stdout io.Writer) error {
	l := bandLine{Country: t.Country, Name: t.Name, Mark: mark}
	b, err := t.Find(mark)
	if err != nil {
		l.Error = err.Error()
	} else {
		l.Band, l.From, l.To = b.Local, b.From.String(), b.To.String()
		l.Foreign, l.Equivalent, l.Raw, l.Doubt = b.Foreign, b.Foreign != "", b.Raw, b.Doubt
	}
	if err := printer(stdout)(l); err != nil {
		return err
	}
	if err != nil {
		return &exitError{refused, err}
	}
	return nil
}

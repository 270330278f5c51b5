package tors

import (
	"log/slog"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

// Version is a major version of the API.
type Version int

// The versions. The zero value is none.
const (
	V2 Version = 2 // 2.0.0, with ELMO 1.7
	V3 Version = 3 // 3.0.0, with ELMO 2.1
)

// ELMO returns the version of the documents inside, 0 for no version of the API.
func (v Version) ELMO() elmo.Version {
	switch v {
	case V2:
		return elmo.V1
	case V3:
		return elmo.V2
	}
	return 0
}

// The elements of objects in answers.
const (
	item      = "tor"
	indexItem = "omobility-id"
	statsItem = "academic-year-stats"
)

// The parameters of the endpoints.
const (
	paramID        = "omobility_id"
	paramReceiving = "receiving_hei_id" // version 2, and notifications of version 1
	paramSending   = "sending_hei_id"   // version 2, index
	maxIDsElement  = "max-omobility-ids"
)

// ToR is the transcript of records of one mobility. It is personal data.
type ToR struct {
	OMobilityID string `xml:"omobility-id"` // as the sending institution calls the mobility
	// Year is the academic year of the mobility as the receiving institution counts:
	// "2025/2026". Version 3 has it.
	Year string        `xml:"receiving-academic-year-id,omitempty"`
	ELMO elmo.Document `xml:"elmo"`
	// Conversion has the grade tables of the issuer; nil where it gives none.
	Conversion *GradeConversionTable `xml:"gradeConversionTable"`
}

// GradeConversionTable is the grade tables that come with a transcript, one for each
// field of study.
type GradeConversionTable struct {
	Tables []ISCEDTable `xml:"iscedTable"`
}

// ISCEDTable is how often each grade is given in a field of study, in percent.
type ISCEDTable struct {
	ISCED  string           `xml:"iscedCode,attr"` // ISCED-F code as in the courses of the transcript
	Grades []GradeFrequency `xml:"gradeFrequency"` // best in the order of the scale, failing ones too
}

// GradeFrequency is one grade of a table.
type GradeFrequency struct {
	Label      string `xml:"label,attr"`      // as in the results of the transcript
	Percentage string `xml:"percentage,attr"` // decimal, as written
}

// AcademicYear returns Year. Its error is a *passerelle.ParseError.
func (t *ToR) AcademicYear() (term.Year, error) { return term.ParseYear(lexical.Token(t.Year)) }

// In returns the transcript as a version has it, to be written.
func (t *ToR) In(v Version) ToR {
	out := *t
	out.ELMO = *t.ELMO.In(v.ELMO())
	if v < V3 {
		out.Year = ""
	}
	return out
}

// Issuer returns the institution that issued the transcript, zero where the document
// does not say it by a good identifier of type "schac".
func (t *ToR) Issuer() ewp.HEIID {
	for _, r := range t.ELMO.Reports {
		if hei, err := ewp.ParseHEIID(elmo.IdentifierOf(r.Issuer.Identifiers, "schac")); err == nil {
			return hei
		}
	}
	return ewp.HEIID{}
}

// LogValue shows how much there is, and nothing of the student.
func (t ToR) LogValue() slog.Value {
	return slog.GroupValue(slog.String("year", t.Year), slog.Any("document", t.ELMO.LogValue()))
}

// YearStats is how many transcripts were issued for an academic year.
type YearStats struct {
	Year  string `xml:"receiving-academic-year-id"` // as the receiving institution counts
	Total int    `xml:"imobility-tor-total"`
}

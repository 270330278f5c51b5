package ewpserver

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// parseParams reads a query or a form.
func parseParams(text string) (url.Values, error) {
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the parameters are not in the form application/x-www-form-urlencoded", passerelle.ErrInvalid)
	}
	for name, list := range values {
		for _, value := range list {
			if !isXMLText(name) || !isXMLText(value) {
				return nil, refuse(http.StatusBadRequest, "a parameter has bytes that are no UTF-8, or a character that XML cannot hold", passerelle.ErrInvalid)
			}
		}
	}
	return values, nil
}

// isXMLText reports whether s can stand in a document (XML 1.0, Char).
func isXMLText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return true
}

// Check reads parameters by the rules that all APIs share
// (ewp-specs-architecture, and the steps of the official validator). It collects
// every fault; what it returns is good only when Err is nil. Parameters that
// nothing is asked of are ignored.
type Check struct {
	values url.Values
	faults passerelle.FieldErrors
}

// Check begins to read the parameters of r.
func (r *Request) Check() *Check { return &Check{values: r.Params} }

// Err returns all faults, as passerelle.FieldErrors, which are answered with 400.
func (c *Check) Err() error { return c.faults.Err() }

// Fault adds a fault that the API has a rule of its own for.
func (c *Check) Fault(param, rule, want string) { c.faults.Add(param, rule, want) }

// Has reports whether a parameter is there, with any value.
func (c *Check) Has(param string) bool { return len(c.values[param]) > 0 }

// Optional returns the value of a parameter that may be given once. Twice is a
// fault, with equal values too.
func (c *Check) Optional(param string) (value string, given bool) {
	switch list := c.values[param]; len(list) {
	case 0:
		return "", false
	case 1:
		return list[0], true
	}
	c.faults.Add(param, "single", "the parameter once")
	return "", false
}

// Required returns the value of a parameter that must be given once.
func (c *Check) Required(param string) string {
	value, given := c.Optional(param)
	if !given && !c.Has(param) {
		c.faults.Add(param, "required", "the parameter once")
	}
	return value
}

// IDs returns the values of a parameter that may be repeated up to limit times,
// equal ones and those that nobody can know included, each once and in order.
// Those that are no identifier (1 to 64 printable ASCII characters) are left out,
// as any other that is unknown.
func (c *Check) IDs(param string, limit int) []string {
	return distinct(c.list(param, limit), isID)
}

// Codes is [Check.IDs] for codes, which may be any text.
func (c *Check) Codes(param string, limit int) []string {
	return distinct(c.list(param, limit), func(string) bool { return true })
}

// HEIs is [Check.IDs] for identifiers of institutions.
func (c *Check) HEIs(param string, limit int) []ewp.HEIID {
	var heis []ewp.HEIID
	for _, value := range distinct(c.list(param, limit), func(string) bool { return true }) {
		if hei, err := ewp.ParseHEIID(value); err == nil && hei.String() == value {
			heis = append(heis, hei)
		}
	}
	return heis
}

func (c *Check) list(param string, limit int) []string {
	list := c.values[param]
	if limit > 0 && len(list) > limit {
		c.faults.Add(param, "max", "at most "+strconv.Itoa(limit)+" values in one request")
		return nil
	}
	return list
}

// DateTime returns the moment in a parameter that may be given once: an xs:dateTime
// with a zone, such as "2000-02-12T15:19:21+01:00". The plus sign of the zone must
// be escaped in a query.
func (c *Check) DateTime(param string) (at time.Time, given bool) {
	value, given := c.Optional(param)
	if !given {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, value)
	if err != nil || !strings.Contains(value, "T") || strings.Contains(value, ",") {
		c.faults.Add(param, "date-time", "an xs:dateTime with a zone, as 2000-02-12T15:19:21+01:00")
		return time.Time{}, false
	}
	return at, true
}

// Date returns the date in a parameter that may be given once: YYYY-MM-DD.
func (c *Check) Date(param string) (date passerelle.Date, given bool) {
	value, given := c.Optional(param)
	if !given {
		return passerelle.Date{}, false
	}
	date, err := passerelle.ParseDate(value)
	if err != nil || date.Partial() {
		c.faults.Add(param, "date", "a date as 2025-09-01")
		return passerelle.Date{}, false
	}
	return date, true
}

// AcademicYears returns the years in a parameter that may be repeated: YYYY/YYYY,
// the second one year after the first, or the same in the southern hemisphere.
func (c *Check) AcademicYears(param string) []string {
	list := distinct(c.values[param], func(string) bool { return true })
	for _, year := range list {
		if !isAcademicYear(year) {
			c.faults.Add(param, "academic-year", "academic years as 2025/2026, or 2025/2025 in the southern hemisphere")
			return nil
		}
	}
	return list
}

func isAcademicYear(s string) bool {
	if len(s) != 9 || s[4] != '/' {
		return false
	}
	for i := range s {
		if i != 4 && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	first, _ := strconv.Atoi(s[:4])
	last, _ := strconv.Atoi(s[5:])
	return last == first || last == first+1
}

// isID reports whether s is an AsciiPrintableIdentifier (common-types.xsd).
func isID(s string) bool {
	if len(s) < 1 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if s[i] < '!' || s[i] > '~' {
			return false
		}
	}
	return true
}

// distinct returns the values that are good, each once, in order.
func distinct(values []string, good func(string) bool) []string {
	var list []string
	seen := make(map[string]bool, len(values))
	for _, value := range values {
		if !seen[value] && good(value) {
			seen[value] = true
			list = append(list, value)
		}
	}
	return list
}

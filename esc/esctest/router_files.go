package esctest

import (
	"bytes"
	"encoding/csv"
	"image"
	_ "image/jpeg" // the formats of identity pictures
	_ "image/png"
	"io"
	"net/http"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
)

// file reads the part "file" of a form.
func (c *call) file() ([]byte, bool) {
	c.Body = io.NopCloser(bytes.NewReader(c.body))
	part, _, err := c.FormFile("file")
	if err != nil {
		return nil, false
	}
	defer part.Close()
	data, err := io.ReadAll(part)
	return data, err == nil
}

// pictured returns the person of a picture's address.
func (r *Router) pictured(c *call) (*person, answer) {
	if c.PathValue("id") != c.pic {
		return nil, refuse(http.StatusForbidden, router.CodeAccessDenied, "access denied to this organisation")
	}
	return r.mine(c)
}

func (r *Router) setPicture(c *call) answer {
	p, no := r.pictured(c)
	if p == nil {
		return no
	}
	data, good := c.file()
	if !good {
		return plain(http.StatusBadRequest)
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || c.URL.Query().Get("resize") != "true" && (config.Width != router.PictureWidth || config.Height != router.PictureHeight) {
		return plain(http.StatusBadRequest)
	}
	p.pictures[c.pic] = data
	return answer{status: http.StatusCreated, body: "OK"}
}

func (r *Router) getPicture(c *call) answer {
	p, no := r.pictured(c)
	if p == nil {
		return no
	}
	if p.pictures[c.pic] == nil {
		return plain(http.StatusNotFound)
	}
	return answer{status: http.StatusOK, raw: p.pictures[c.pic], media: "application/octet-stream"}
}

func (r *Router) deletePicture(c *call) answer {
	p, no := r.pictured(c)
	if p == nil {
		return no
	}
	delete(p.pictures, c.pic)
	return plain(http.StatusNoContent)
}

// csvColumns are the columns of a bulk file, in an order that turns by one at each
// question. Their names are invented: the real ones are not published.
var csvColumns = []string{"cardNumber", "personIdentifier", "cardType", "cardStatusType", "issuedAt", "expiresAt"}

func (r *Router) csvConfig(*call) answer {
	r.csvShift++
	return ok(r.csvPositions())
}

func (r *Router) csvPositions() map[string]int {
	positions := make(map[string]int, len(csvColumns))
	for i, name := range csvColumns {
		positions[name] = (i + r.csvShift) % len(csvColumns)
	}
	return positions
}

// validateCSV checks rows against the order of the last question, header first.
func (r *Router) validateCSV(c *call) answer {
	data, good := c.file()
	if !good {
		return plain(http.StatusBadRequest)
	}
	reader := csv.NewReader(bytes.NewReader(data))
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	if err != nil || len(rows) == 0 {
		return plain(http.StatusBadRequest)
	}
	at := r.csvPositions()
	faults := []router.CSVFault{}
	for i, row := range rows[1:] {
		add := func(field, message string) {
			faults = append(faults, router.CSVFault{Row: i + 1, Field: field, Message: message})
		}
		if len(row) != len(csvColumns) {
			add("", "wrong number of columns")
			continue
		}
		if _, err := esi.Parse(row[at["personIdentifier"]]); err != nil {
			add("personIdentifier", "not an ESI")
		}
		var date passerelle.Date
		for _, field := range []string{"issuedAt", "expiresAt"} {
			if date.UnmarshalText([]byte(row[at[field]])) != nil || date.IsZero() {
				add(field, "not a date")
			}
		}
	}
	return ok(faults)
}

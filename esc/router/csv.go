package router

import (
	"context"
	"net/http"
	"net/url"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// CSVConfig reads where each column of a bulk file stands, from 0. The router
// changes the order without notice: ask before each file.
func (c *Client) CSVConfig(ctx context.Context, as string) (map[string]int, error) {
	var columns map[string]int
	err := c.decode(ctx, call{
		operation: "router.csv-config", method: http.MethodGet, url: c.path("cards", "csv-config"), class: transport.Read, as: as,
	}, &columns)
	return columns, err
}

// CSVOperation is what a bulk file is for.
type CSVOperation string

// The operations.
const (
	CSVCreate CSVOperation = "CREATE"
	CSVUpdate CSVOperation = "UPDATE"
	CSVDelete CSVOperation = "DELETE"
)

// CSVRequest is a bulk file to check.
type CSVRequest struct {
	As        string // PIC of the institution that asks; may be empty when the client has one only
	Operation CSVOperation
	File      []byte // with the columns where CSVConfig says
}

// CSVFault is what the router found in a row.
type CSVFault struct {
	Row     int               `json:"rowNumber"`
	Field   string            `json:"fieldName"`
	Message string            `json:"errorMessage"`
	Params  map[string]string `json:"params,omitempty"`
}

// ValidateCSV lets the router check a bulk file without writing anything. No fault
// means that every row passes.
func (c *Client) ValidateCSV(ctx context.Context, r CSVRequest) ([]CSVFault, error) {
	var faults passerelle.FieldErrors
	switch r.Operation {
	case CSVCreate, CSVUpdate, CSVDelete:
	default:
		faults.Add("Operation", "value", "CREATE, UPDATE or DELETE")
	}
	if len(r.File) == 0 {
		faults.Add("File", "required", "a CSV file")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	body, err := fileForm("cards.csv", "text/csv", r.File)
	if err != nil {
		return nil, err
	}
	var out []CSVFault
	err = c.decode(ctx, call{
		operation: "router.validate-csv", method: http.MethodPost, url: c.path("cards", "validate-csv") + "?" + url.Values{"operation": {string(r.Operation)}}.Encode(),
		class: transport.Idempotent, as: r.As, body: body,
	}, &out)
	return out, err
}

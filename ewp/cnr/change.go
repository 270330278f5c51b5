package cnr

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Route is a way that notifications take: From tells To by an API of
// notifications, such as ewp.IIACNR. It is comparable.
type Route struct {
	From ewp.HEIID // where the change was made
	To   ewp.HEIID // who is told
	API  ewp.API   // one of those that [APIs] lists
}

// Change names an object that changed, which can mean created and deleted too, and
// whom that concerns. It is comparable.
type Change struct {
	Route
	ID string // as the API of notifications has it: iia_id, omobility_id
}

// Notification is one message: the objects of one route that changed.
type Notification struct {
	Route
	IDs []string // each once, at least one
}

// maxID bounds an identifier: AsciiPrintableIdentifier of common-types.xsd has 64
// characters; agreements of older hosts have longer ones [deduced].
const maxID = 256

// Check says what keeps c from being queued: a passerelle.FieldErrors, or nil.
func (c Change) Check() error {
	var faults passerelle.FieldErrors
	if c.From.IsZero() {
		faults.Add("Change.From", "required", "an institution")
	}
	if c.To.IsZero() {
		faults.Add("Change.To", "required", "an institution")
	}
	if !c.From.IsZero() && c.From == c.To {
		faults.Add("Change.To", "different", "another institution than From")
	}
	if _, ok := forms[c.API]; !ok {
		faults.Add("Change.API", "known", "an API of notifications, such as iia-cnr")
	}
	if c.ID == "" || len(c.ID) > maxID {
		faults.Add("Change.ID", "length", fmt.Sprintf("1 to %d bytes", maxID))
	}
	return faults.Err()
}

// LogValue returns the route: the identifier may be that of a person's stay.
func (c Change) LogValue() slog.Value { return c.Route.LogValue() }

// LogValue returns the two institutions and the API.
func (r Route) LogValue() slog.Value {
	return slog.GroupValue(slog.String("from", r.From.String()), slog.String("to", r.To.String()), slog.String("api", r.API.String()))
}

// LogValue returns the route and how many objects there are.
func (n Notification) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("route", n.Route), slog.Int("ids", len(n.IDs)))
}

// changeJSON is a Change on file: the API by its name, whose number is of no release.
type changeJSON struct {
	From ewp.HEIID `json:"from"`
	To   ewp.HEIID `json:"to"`
	API  string    `json:"api"`
	ID   string    `json:"id"`
}

// MarshalJSON writes the API by its name.
func (c Change) MarshalJSON() ([]byte, error) {
	return json.Marshal(changeJSON{From: c.From, To: c.To, API: c.API.String(), ID: c.ID})
}

// UnmarshalJSON reads what MarshalJSON wrote. An API without notifications is
// passerelle.ErrInvalid.
func (c *Change) UnmarshalJSON(data []byte) error {
	var j changeJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	api, _ := ewp.ParseAPI(j.API)
	read := Change{Route: Route{From: j.From, To: j.To, API: api}, ID: j.ID}
	if err := read.Check(); err != nil {
		return err
	}
	*c = read
	return nil
}

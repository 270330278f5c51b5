package particulier

import (
	"context"
	"encoding/json"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Probe names what a ping asks about. The zero value is the service itself.
type Probe string

// The probes of the operations of this package.
const (
	ProbeService                  Probe = ""
	ProbeStudentStatusINE         Probe = "mesri_statut_etudiant_ine"
	ProbeStudentStatusIdentity    Probe = "mesri_statut_etudiant_identite"
	ProbeScholarshipINE           Probe = "cnous_etudiant_boursier_ine"
	ProbeScholarshipIdentity      Probe = "cnous_etudiant_boursier_identite"
	ProbeScholarshipFranceConnect Probe = "cnous_etudiant_boursier_france_connect"
)

// Health is the answer to a ping.
type Health struct {
	Status   HealthStatus
	Updated  string // last_update as written
	LastOK   string // last_ok_status as written
	Until    string // end of a maintenance as written, when it is told
	HTTP     int    // 200, or 502
	Received time.Time
}

// HealthStatus tells how a service or a provider is. Words that are not listed are
// kept as read.
type HealthStatus string

// The statuses.
const (
	HealthOK          HealthStatus = "ok"
	HealthBadGateway  HealthStatus = "bad_gateway"
	HealthMaintenance HealthStatus = "maintenance"
	HealthUnknown     HealthStatus = "unknown"
)

// Ping asks how the service, or the provider behind one of its operations, is. It
// needs no token. A service that says that it is not well is a success of Ping.
func (c *Client) Ping(ctx context.Context, p Probe) (Health, error) {
	path := "/api/ping"
	if p != ProbeService {
		path = "/api/" + string(p) + "/ping"
	}
	answer, err := c.Call(ctx, Call{Operation: "ping", Path: path, Anonymous: true})
	if err != nil {
		return Health{}, err
	}
	h, err := DecodeHealth(answer.Body)
	if err != nil {
		return Health{}, &Error{Operation: "ping", HTTP: answer.HTTP, Raw: answer.Body, Result: passerelle.Answered, Err: err, kind: passerelle.ErrProtocol}
	}
	h.HTTP, h.Received = answer.HTTP, c.cfg.Now()
	return h, nil
}

// DecodeHealth reads the body of a ping. Its error is a *DecodeError.
func DecodeHealth(body []byte) (Health, error) {
	const what = "ping"
	var w struct {
		Status       Field[HealthStatus] `json:"status"`
		LastUpdate   Field[text]         `json:"last_update"`
		LastOKStatus Field[text]         `json:"last_ok_status"`
		Until        Field[text]         `json:"until"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return Health{}, jsonFault(what, err)
	}
	if w.Status.Value == "" {
		return Health{}, &DecodeError{What: what, Path: "status", Want: "a text"}
	}
	return Health{
		Status: w.Status.Value, Updated: string(w.LastUpdate.Value), LastOK: string(w.LastOKStatus.Value), Until: string(w.Until.Value),
	}, nil
}

// TokenInfo is what the service says of the client's token.
type TokenInfo struct {
	ID     string
	Name   string
	Scopes []string
}

// Introspect asks which scopes the token has. See package documentation: a scope
// that is missing hides members of the answers.
func (c *Client) Introspect(ctx context.Context) (TokenInfo, error) {
	answer, err := c.Call(ctx, Call{Operation: "introspect", Path: "/api/introspect", APIKey: true})
	if err != nil {
		return TokenInfo{}, err
	}
	info, err := DecodeTokenInfo(answer.Body)
	if err != nil {
		return TokenInfo{}, &Error{Operation: "introspect", HTTP: answer.HTTP, Result: passerelle.Answered, Err: err, kind: passerelle.ErrProtocol}
	}
	return info, nil
}

// DecodeTokenInfo reads the body of an introspection. Its error is a *DecodeError.
func DecodeTokenInfo(body []byte) (TokenInfo, error) {
	const what = "introspection"
	var w struct {
		ID     Field[text]     `json:"_id"`
		Name   Field[string]   `json:"name"`
		Scopes Field[[]string] `json:"scopes"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return TokenInfo{}, jsonFault(what, err)
	}
	if w.Scopes.State == Absent {
		return TokenInfo{}, &DecodeError{What: what, Path: "scopes", Want: "a list"}
	}
	return TokenInfo{ID: string(w.ID.Value), Name: w.Name.Value, Scopes: w.Scopes.Value}, nil
}

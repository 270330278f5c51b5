package aglae

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// Values that stand for the zero fields of ExportsConfig.
const (
	DefaultExportPoll = 15 * time.Second
	DefaultMaxExport  = 512 << 20
)

// ExportsConfig is what [NewExports] needs.
type ExportsConfig struct {
	BaseURL string                // what stands before /v1. Required
	Tokens  transport.TokenSource // with the role ETU_READ_FILE. Required
	// Store remembers what was created. Required: [NewMemoryExports] for one run,
	// [OpenExports] to go on after a stop.
	Store ExportStore
	// Poll is the pause between two looks at an export that is not ready, unless the
	// service names one. 0 is DefaultExportPoll.
	Poll time.Duration
	// MaxExport bounds a file in bytes. 0 is DefaultMaxExport.
	MaxExport int64
	Transport transport.Config
	// Now is the clock of the records; nil is time.Now.
	Now func() time.Time
}

// Exports makes the export API of the Cnous work (project "relais", April 2026): an
// export is created, gets ready after a while, and is downloaded as a CSV file. Nothing
// is created twice: see [ExportStore]. It is safe for concurrent use.
//
// The API was made for town halls and asks by town; the form of its file is not
// published: read it by [ReadCrous] with the layout that fits. The file must not be
// logged, and the service purges it.
type Exports struct {
	cfg  ExportsConfig
	base string
	http *transport.Client
}

// NewExports checks the configuration. Its error is passerelle.FieldErrors with all
// faults. Nothing is sent.
func NewExports(cfg ExportsConfig) (*Exports, error) {
	var faults passerelle.FieldErrors
	client := cnousClient(&faults, cfg.BaseURL, cfg.Tokens, cfg.Transport)
	if cfg.Store == nil {
		faults.Add("Store", "required", "NewMemoryExports, or OpenExports to go on after a stop")
	}
	if cfg.Poll < 0 {
		faults.Add("Poll", "range", "no negative value; 0 is the default")
	}
	if cfg.MaxExport < 0 {
		faults.Add("MaxExport", "range", "no negative value; 0 is the default")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if cfg.Poll == 0 {
		cfg.Poll = DefaultExportPoll
	}
	if cfg.MaxExport == 0 {
		cfg.MaxExport = DefaultMaxExport
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Exports{cfg: cfg, base: strings.TrimSuffix(cfg.BaseURL, "/"), http: client}, nil
}

// ExportRequest says what is exported.
type ExportRequest struct {
	// Reference is the caller's name for this export: "2026-10 Versailles". One
	// reference is created once, whatever happens. Required; not personal.
	Reference string   `json:"reference"`
	COGCodes  []string `json:"cog_codes"` // communes; at least one
	MinLevel  Level    `json:"min_level"` // the lowest échelon; empty is 0bis
	Campaign  int      `json:"campaign"`  // first year of the school year; 0 is the current one
}

func (r ExportRequest) faults() (faults passerelle.FieldErrors) {
	if strings.TrimSpace(r.Reference) == "" || len(r.Reference) > 200 {
		faults.Add("Reference", "required", "a name for this export, 200 bytes at most")
	}
	if len(r.COGCodes) == 0 {
		faults.Add("COGCodes", "required", "the COG code of a commune")
	}
	for i, code := range r.COGCodes {
		if err := (passerelle.Birthplace{Commune: code}).Validate(); err != nil || code == "" {
			faults.Add("COGCodes["+strconv.Itoa(i)+"]", "shape", "the COG code of a commune, 78590")
		}
	}
	if r.MinLevel != "" && !r.MinLevel.Known() {
		faults.Add("MinLevel", "range", "0bis, or 1 to 7")
	}
	checkCampaign(&faults, r.Campaign)
	return faults
}

func (r ExportRequest) equal(o ExportRequest) bool {
	return r.Reference == o.Reference && slices.Equal(r.COGCodes, o.COGCodes) && r.MinLevel == o.MinLevel && r.Campaign == o.Campaign
}

// wire is the body of the creation.
func (r ExportRequest) wire() ([]byte, error) {
	w := struct {
		COGCodes []string `json:"cogCodes"`
		MinLevel string   `json:"minScholarshipLevel"`
		Campaign *int     `json:"campaignYear"` // null: the current one
	}{COGCodes: r.COGCodes, MinLevel: string(r.MinLevel)}
	if r.MinLevel == "" || r.MinLevel == Level0bis {
		w.MinLevel = "0Bis" // as this API writes it
	}
	if r.Campaign != 0 {
		w.Campaign = &r.Campaign
	}
	return json.Marshal(w)
}

// ErrExportDoubtful says that the creation of an export was begun and that its end is
// not known: the answer was lost, or the process stopped, or another is at it. It is not
// created again until [Exports.Settle]. errors.Is finds passerelle.ErrConflict too.
var ErrExportDoubtful = fmt.Errorf("aglae: the creation of this export has no known end: settle it: %w", passerelle.ErrConflict)

// Create creates an export, unless its reference was created before: then it returns
// what was noted, and asks nothing. Its error is passerelle.FieldErrors,
// [ErrExportDoubtful], passerelle.ErrConflict for a reference that stands for another
// request, an *[Error], or that of the store or the context.
func (x *Exports) Create(ctx context.Context, r ExportRequest) (ExportRecord, error) {
	if err := r.faults().Err(); err != nil {
		return ExportRecord{}, err
	}
	body, err := r.wire()
	if err != nil {
		return ExportRecord{}, err
	}
	mine := ExportRecord{Request: r, State: ExportClaimed, At: x.cfg.Now()}
	rec, claimed, err := x.cfg.Store.ClaimExport(ctx, mine)
	switch {
	case err != nil:
		return ExportRecord{}, err
	case claimed:
	case !rec.Request.equal(r):
		return rec, fmt.Errorf("aglae: the reference stands for another request: %w", passerelle.ErrConflict)
	case rec.State == ExportCreated:
		return rec, nil
	default:
		return rec, ErrExportDoubtful
	}
	id, err := x.create(ctx, body)
	// What became of it is noted even when ctx ended meanwhile.
	noted := context.WithoutCancel(ctx)
	switch {
	case err == nil:
		rec.State, rec.ID = ExportCreated, id
	case passerelle.OutcomeOf(err) == passerelle.Unknown:
		return rec, err // stays claimed
	default:
		rec.State = ExportFree
	}
	saved, storeErr := x.cfg.Store.PutExport(noted, rec)
	if storeErr != nil {
		return rec, errors.Join(err, storeErr)
	}
	return saved, err
}

func (x *Exports) create(ctx context.Context, body []byte) (id string, err error) {
	const operation = "export.create"
	resp, err := x.http.Do(ctx, &transport.Request{
		Operation: "aglae." + operation, Method: http.MethodPost, URL: x.base + "/v1/scholarship-holder-api-export/create",
		Header: http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}}, Body: body,
		Class: transport.Create, Token: x.cfg.Tokens,
	})
	if err != nil {
		return "", notAnswered(operation, err)
	}
	if err := resp.Err(); err != nil {
		return "", exportError(operation, err, resp.Status, resp.Body)
	}
	var w struct {
		ID LooseText `json:"id"`
	}
	if err := json.Unmarshal(resp.Body, &w); err != nil || w.ID == "" || w.ID == "null" || len(w.ID) > 200 {
		// It was created, and nobody knows under which number.
		return "", &Error{
			Operation: operation, HTTP: resp.Status, Raw: capped(resp.Body), Result: passerelle.Unknown, Err: &protocolError{"no id in it"},
		}
	}
	return string(w.ID), nil
}

// exportError is a refusal with what the service said.
func exportError(operation string, err error, status int, body []byte) *Error {
	var w struct {
		Status  LooseText `json:"status"`
		Message string    `json:"message"`
	}
	_ = json.Unmarshal(body, &w) // any body
	return &Error{
		Operation: operation, HTTP: status, Code: string(w.Status), Message: w.Message, Raw: capped(body), Result: passerelle.OutcomeOf(err), Err: err,
	}
}

// Settle says what became of a doubtful export, as a person found out: its number, or
// "" when it was not created, after which it may be created again. Its error is that of
// the store, passerelle.ErrNotFound, or passerelle.ErrConflict when it is not doubtful.
func (x *Exports) Settle(ctx context.Context, reference, id string) (ExportRecord, error) {
	rec, err := x.cfg.Store.Export(ctx, reference)
	if err != nil {
		return ExportRecord{}, err
	}
	if rec.State != ExportClaimed {
		return rec, fmt.Errorf("aglae: the export is %s, not doubtful: %w", rec.State, passerelle.ErrConflict)
	}
	rec.State, rec.ID = ExportCreated, id
	if id == "" {
		rec.State = ExportFree
	}
	return x.cfg.Store.PutExport(ctx, rec)
}

// Open waits until the export of a reference is ready, at most until ctx ends, and
// returns its file, which the caller closes. It can be called again: after a stop, or
// when the download broke. Its error is passerelle.ErrNotFound for a reference that was
// not created and for a file that was purged, [ErrExportDoubtful], an *[Error], or that
// of the store or the context.
func (x *Exports) Open(ctx context.Context, reference string) (io.ReadCloser, error) {
	rec, err := x.cfg.Store.Export(ctx, reference)
	switch {
	case err != nil:
		return nil, err
	case rec.State == ExportClaimed:
		return nil, ErrExportDoubtful
	case rec.State != ExportCreated:
		return nil, fmt.Errorf("aglae: the export is not created: %w", passerelle.ErrNotFound)
	}
	for {
		file, wait, err := x.look(ctx, rec.ID)
		if file != nil || err != nil {
			return file, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
}

// look asks for a file once. Without file and error it is not ready, and wait is how
// long to leave it.
func (x *Exports) look(ctx context.Context, id string) (file io.ReadCloser, wait time.Duration, err error) {
	const operation = "export.download"
	s, err := x.http.Stream(ctx, &transport.Request{
		Operation: "aglae." + operation, URL: x.base + "/v1/export/" + url.PathEscape(id) + "/download",
		Header: http.Header{"Accept": {"text/csv, */*;q=0.1"}}, Class: transport.Read, Token: x.cfg.Tokens, MaxBody: x.cfg.MaxExport,
	})
	if err != nil {
		if e, ok := errors.AsType[*transport.Error](err); ok && e.Status != 0 {
			return nil, 0, exportError(operation, err, e.Status, e.Body)
		}
		return nil, 0, notAnswered(operation, err)
	}
	switch s.Status {
	case http.StatusOK:
		return s, 0, nil
	case http.StatusAccepted:
		wait = x.cfg.Poll
		if n, err := strconv.Atoi(s.Header.Get("Retry-After")); err == nil && n > 0 {
			wait = max(wait, min(time.Duration(n)*time.Second, 10*time.Minute))
		}
		return nil, wait, s.Close()
	}
	s.Close()
	return nil, 0, &Error{
		Operation: operation, HTTP: s.Status, Result: passerelle.Answered, Err: &protocolError{"status " + strconv.Itoa(s.Status) + " is not expected"},
	}
}

// LogValue gives the address.
func (c ExportsConfig) LogValue() slog.Value {
	return slog.GroupValue(slog.String("base_url", c.BaseURL), slog.String("tokens", "***"))
}

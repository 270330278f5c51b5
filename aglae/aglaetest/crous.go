package aglaetest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/particulier"
)

// export is one that was created.
type export struct {
	request aglae.ExportRequest
	looks   int // left before it is ready
	purged  bool
}

// exportBody is what the creation takes.
type exportBody struct {
	COGCodes []string `json:"cogCodes"`
	MinLevel string   `json:"minScholarshipLevel"`
	Campaign *int     `json:"campaignYear"`
}

// Exports returns how many exports were created.
func (s *Cnous) Exports() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.exports)
}

// PurgeExports takes the files away, as the service does after a while.
func (s *Cnous) PurgeExports() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.exports {
		e.purged = true
	}
}

// files answers the export API. The caller holds the lock.
func (s *Cnous) files(r *http.Request, path string, body []byte) cnousReply {
	refuse := func(status int, message string) cnousReply {
		return cnousJSON(status, map[string]any{"status": status, "message": message})
	}
	if path == "/v1/scholarship-holder-api-export/create" && r.Method == http.MethodPost {
		var q exportBody
		if json.Unmarshal(body, &q) != nil || len(q.COGCodes) == 0 ||
			!slices.Contains([]string{"0Bis", "1", "2", "3", "4", "5", "6", "7"}, q.MinLevel) {
			return refuse(http.StatusBadRequest, "Mauvais paramètres")
		}
		id := strconv.Itoa(1000 + len(s.exports))
		e := &export{request: aglae.ExportRequest{COGCodes: q.COGCodes, MinLevel: aglae.ParseLevel(q.MinLevel)}, looks: s.cfg.ExportLooks}
		if q.Campaign != nil {
			e.request.Campaign = *q.Campaign
		}
		s.exports[id] = e
		return cnousJSON(http.StatusCreated, map[string]any{"id": id, "message": "Export en cours de génération"})
	}
	id, download := strings.CutSuffix(strings.TrimPrefix(path, "/v1/export/"), "/download")
	e := s.exports[id]
	switch {
	case !download || e == nil || e.purged:
		return refuse(http.StatusNotFound, "Export introuvable")
	case e.looks > 0:
		e.looks--
		return cnousReply{status: http.StatusAccepted, media: "application/json", body: []byte(`{"message":"Export en cours de génération"}`)}
	}
	file := s.holders
	if s.cfg.ExportFile != nil {
		file = s.cfg.ExportFile
	}
	return cnousReply{status: http.StatusOK, media: "text/csv; charset=utf-8", body: file(e.request)}
}

// holders writes the holders of an export by position, as in the health-social file.
func (s *Cnous) holders(q aglae.ExportRequest) []byte {
	lowest, _ := q.MinLevel.Rank()
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	w.Comma = ';'
	for _, p := range s.people {
		g := p.record.Grant()
		rank, ok := g.Level.Value.Rank()
		if g.Holder.Value && ok && rank >= lowest && (q.Campaign == 0 || q.Campaign == g.Campaign) {
			_ = w.Write(HealthSocialLine(p.record)) // to memory
		}
	}
	w.Flush()
	return buf.Bytes()
}

// HealthSocialLine returns the 26 cells of a student in the health-social file.
func HealthSocialLine(r aglae.CnousRecord) []string {
	day := func(f particulier.Field[particulier.DateText]) string {
		d, err := f.Value.Date()
		if err != nil {
			return ""
		}
		return d.French()
	}
	number := func(f particulier.Field[int]) string {
		if n, told := f.Get(); told {
			return strconv.Itoa(n)
		}
		return ""
	}
	return []string{
		"", r.LastName.Value, r.FirstName.Value, day(r.BirthDate), r.BirthPlace.Value.Libelle.Value, r.Civility.Value, r.Email.Value,
		number(r.GrantStatus), string(r.GrantLevel.Value), string(r.GrantEchelon.Value), day(r.BackToSchoolDate), number(r.PaymentDuration),
		r.SchoolName.Value, r.StudyTown.Value, string(r.ScholarshipHolderStatus.Value), string(r.GrantFileNumber.Value), r.INE.Value,
		r.UseName.Value, r.NumberUaiRne.Value, day(r.GrantNotificationDate), day(r.GrantEffectDate), day(r.RemovalDate), r.Removed.Value,
		"", r.BirthPlace.Value.COG.Value, "",
	}
}

package aglaetest

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/passerelle-sup/passerelle/aglae"
)

// maxEvent bounds the body of an event.
const maxEvent = 64 << 10

// event takes the enrolment event of AGLAE.
func (s *Service) event(w http.ResponseWriter, r *http.Request) {
	e, ok := s.read(w, r)
	if !ok {
		return
	}
	receipt, known := s.take(e)
	answer := map[string]string{"schema": aglae.ReferenceEventSchema, "cas": receipt.Case.String(), "reference": receipt.ID}
	if !known { // nothing to match: nobody knows the student under this number
		answer["message"] = "aucun dossier sous ce numéro"
	}
	writeJSON(w, http.StatusOK, answer)
}

// olafe takes the notification of OLAFE.
func (s *Service) olafe(w http.ResponseWriter, r *http.Request) {
	e, ok := s.read(w, r)
	if !ok {
		return
	}
	if _, known := s.take(e); !known {
		refuse(w, http.StatusNotFound, "ETUDIANT_INCONNU", "Étudiant inconnu : "+e.INE.String())
		return
	}
	w.WriteHeader(http.StatusCreated)
}

// read reads an event, or refuses it.
func (s *Service) read(w http.ResponseWriter, r *http.Request) (aglae.Event, bool) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, "METHODE", "POST attendu")
		return aglae.Event{}, false
	}
	if !s.allowed(r) {
		refuse(w, http.StatusUnauthorized, "DROIT", "identifiants refusés")
		return aglae.Event{}, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
	if err == nil {
		var e aglae.Event
		if e, err = aglae.DecodeReferenceEvent(body); err == nil {
			return e, true
		}
	}
	refuse(w, http.StatusBadRequest, "FORME", err.Error())
	return aglae.Event{}, false
}

// refuse answers an error. Its members are invented: those of OLAFE's ErreurReponseVO
// are not public.
func refuse(w http.ResponseWriter, status int, code, message string) {
	writeJSON(w, status, map[string]string{"code": code, "message": message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

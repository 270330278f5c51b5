package particuliertest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// operation is one of the addresses of the service.
type operation struct {
	path     string
	version  int
	resource string // "mesri" or "cnous"
	mode     string // "ine", "identite", "france_connect"; "" in v2
	provider string // prefix of the provider's codes
}

// operationOf recognises a path.
func operationOf(path string) (operation, bool) {
	for _, op := range []operation{
		{"/api/v2/etudiants", 2, "mesri", "", "25"},
		{"/api/v2/etudiants-boursiers", 2, "cnous", "", "26"},
		{"/v3/mesri/statut_etudiant/", 3, "mesri", "", "25"},
		{"/v3/cnous/etudiant_boursier/", 3, "cnous", "", "26"},
		{"/v4/cnous/etudiant_boursier/", 4, "cnous", "", "26"},
	} {
		if op.version == 2 {
			if path == op.path {
				return op, true
			}
			continue
		}
		if mode, ok := strings.CutPrefix(path, op.path); ok && (mode == "ine" || mode == "identite" || mode == "france_connect") {
			op.path, op.mode = path, mode
			return op, true
		}
	}
	return operation{path: path, version: 3, provider: "00"}, false
}

// providerName is the name of the provider in v3 and v4.
func (op operation) providerName() string { return strings.ToUpper(op.resource) }

// wireError is one error of v3 and v4.
type wireError struct {
	Code   string         `json:"code"`
	Title  string         `json:"title"`
	Detail string         `json:"detail"`
	Source any            `json:"source"`
	Meta   map[string]any `json:"meta"`
}

const (
	mediaV3 = "application/vnd.api+json; charset=utf-8"
	mediaV2 = "application/json; charset=utf-8"
)

func errorsBody(e ...wireError) []byte {
	for i := range e {
		if e[i].Meta == nil {
			e[i].Meta = map[string]any{}
		}
	}
	return must(map[string]any{"errors": e})
}

func must(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // values of this package
	}
	return data
}

// fail is an error of the service itself, in the words of the version.
func (op operation) fail(status int, code, title, detail string) reply {
	return op.failAt(status, code, title, detail, nil)
}

func (op operation) failAt(status int, code, title, detail string, source any) reply {
	if op.version > 2 {
		return reply{status: status, media: mediaV3, body: errorsBody(wireError{Code: code, Title: title, Detail: detail, Source: source})}
	}
	word, reason := "error", title
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		status, word = http.StatusBadRequest, "bad_request"
	case http.StatusUnauthorized, http.StatusForbidden:
		status, word, reason = http.StatusUnauthorized, "access_denied", "Token not found or inactive"
	case http.StatusConflict:
		return texts(status, detail)
	case http.StatusInternalServerError:
		reason = "Internal server error"
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		word = "network_error"
	}
	return reply{status: status, media: mediaV2, body: must(map[string]string{"error": word, "reason": reason, "message": detail})}
}

// failProvider is an error that the provider caused.
func (op operation) failProvider(status int, code, title string) reply {
	const detail = "Une erreur est survenue lors de l'appel au fournisseur de donnée."
	if op.version > 2 {
		return reply{status: status, media: mediaV3, body: errorsBody(wireError{Code: code, Title: title, Detail: detail, Meta: map[string]any{"provider": op.providerName()}})}
	}
	word := "data_provider_error"
	if strings.HasSuffix(code, "002") || strings.HasSuffix(code, "004") {
		word = "network_error"
	}
	return reply{status: http.StatusServiceUnavailable, media: mediaV2, body: must(map[string]string{"error": word, "reason": title, "message": detail})}
}

// notFound is the answer for people whom nobody knows.
func (op operation) notFound() reply {
	who, v2 := "étudiant", "Student not found"
	if op.resource == "cnous" {
		who, v2 = "étudiant boursier", "Scholarship not found"
	}
	detail := "Aucun " + who + " n'a pu être trouvé avec les critères de recherche fournis"
	if op.version == 2 {
		return reply{status: http.StatusNotFound, media: mediaV2, body: must(map[string]string{"error": "not_found", "reason": v2, "message": detail})}
	}
	return reply{status: http.StatusNotFound, media: mediaV3, body: errorsBody(wireError{
		Code: op.provider + "003", Title: "Entité non trouvée", Detail: detail + ".", Meta: map[string]any{"provider": op.providerName()},
	})}
}

// ambiguous is the answer when several people match.
func (op operation) ambiguous() reply {
	const text = "Plusieurs ressources correspondent aux critères"
	if op.version == 2 {
		return reply{status: http.StatusConflict, media: mediaV2, body: must(map[string]string{"error": "conflict", "reason": text, "message": text})}
	}
	return reply{status: http.StatusConflict, media: mediaV3, body: errorsBody(wireError{
		Code: op.provider + "015", Title: "Conflit", Detail: text + ".", Meta: map[string]any{"provider": op.providerName()},
	})}
}

// texts is an error from before the version is known: texts in errors.
func texts(status int, messages ...string) reply {
	return reply{status: status, media: mediaV2, body: must(map[string]any{"errors": messages})}
}

package checkine

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/passerelle-sup/passerelle/ine"
)

// version is what the handler answers at /version.
const version = "passerelle checkine 1"

// Handler answers both forms by keys; nil is the rules of package ine, where
// the RNIE key is deduced. A type that is not INES is answered by 400, digits and
// letters that make no RNIE number by false. It is safe for concurrent use.
func Handler(keys *ine.Keys) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/check-ine", func(w http.ResponseWriter, r *http.Request) {
		var q question
		if err := json.NewDecoder(io.LimitReader(r.Body, 4<<10)).Decode(&q); err != nil || q.Type != typeINES {
			http.Error(w, "want {\"type\":\"INES\",\"ine\":\"9 digits\",\"cle\":\"2 letters\"}", http.StatusBadRequest)
			return
		}
		answer(w, keys, q)
	})
	mux.HandleFunc("GET /checkINE/type/{type}/ine/{ine}/cle/{cle}", func(w http.ResponseWriter, r *http.Request) {
		q := question{r.PathValue("type"), r.PathValue("ine"), r.PathValue("cle")}
		if q.Type != typeINES {
			http.Error(w, "want type INES", http.StatusBadRequest)
			return
		}
		answer(w, keys, q)
	})
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, version) //nolint:errcheck // the client is gone
	})
	return mux
}

// answer writes the verdict on a key.
func answer(w http.ResponseWriter, keys *ine.Keys, q question) {
	right := false
	if n, err := ine.Parse(q.INE + q.Key); err == nil && n.Family() == ine.RNIE && len(q.INE) == 9 {
		verdict, _ := keys.Check(n)
		right = verdict == ine.KeyOK
	}
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, strconv.FormatBool(right)) //nolint:errcheck // the client is gone
}

package router_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
)

// BenchmarkPerson reads a student of the fake over loopback.
func BenchmarkPerson(b *testing.B) {
	bed := newBed(b, esctest.RouterConfig{})
	must(bed.client.CreatePerson(b.Context(), personWrite(picA)))(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bed.client.Person(b.Context(), router.PersonRequest{As: picA, ESI: ada}); err != nil {
			b.Fatal(err)
		}
		bed.fake.Requests()
	}
}

// BenchmarkPersonFloor is the same exchange with net/http and encoding/json alone.
func BenchmarkPersonFloor(b *testing.B) {
	bed := newBed(b, esctest.RouterConfig{})
	must(bed.client.CreatePerson(b.Context(), personWrite(picA)))(b)
	client := &http.Client{Transport: &http.Transport{}}
	b.ReportAllocs()
	for b.Loop() {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, bed.config.BaseURL+"/esc-rest/api/v2/persons/"+ada.String(), nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+tokens[0].Token)
		resp, err := client.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		var p router.Person
		if err != nil || json.Unmarshal(body, &p) != nil {
			b.Fatal("no person")
		}
		bed.fake.Requests()
	}
}

// BenchmarkSyncUnchanged looks at a student about whom there is nothing to send.
func BenchmarkSyncUnchanged(b *testing.B) {
	bed := newSync(b, esctest.RouterConfig{})
	if _, err := bed.sync.Apply(b.Context(), wanted()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if r, err := bed.sync.Apply(b.Context(), wanted()); err != nil || r.Effect != router.Unchanged {
			b.Fatal(r.Effect, err)
		}
	}
}

// BenchmarkSyncUnchangedFloor writes what would be sent, which is what has to be
// compared.
func BenchmarkSyncUnchangedFloor(b *testing.B) {
	w := wanted()
	person := router.PersonUpdate{Identifier: w.ESI, IdentifierCode: "ESI", Enrolments: []router.Enrolment{{Organisation: w.PIC, Level: w.Level, Email: w.Email, FullName: w.FullName}}}
	card := cardWrite(number).Card
	day := passerelle.DateOf(time.Now())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(person); err != nil {
			b.Fatal(err)
		}
		if _, err := json.Marshal(card); err != nil || card.ExpiresAt.Before(day.AddDays(-4000)) {
			b.Fatal(err)
		}
	}
}

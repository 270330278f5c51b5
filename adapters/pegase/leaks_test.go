package pegase_test

import (
	"log/slog"
	"testing"

	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// Nothing personal and no secret is in a log line or an error text, whatever goes wrong.
func TestLeaks(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	leaks.Secret(t, lucie.INE, definitive, "Lefèvre", "Nguyễn", "Estelle", "2006-03-14", "hunter22", "Hanoï", "67482", "LPK24KAB2345", "lucie@", "000000001", "000000002", "eyJhbGciOi")
	server, c := tenant(t, pegasetest.Config{
		Password: "hunter22", Quirks: pegasetest.Quirks{WrappedErrors: true},
	}, func(c *pegase.Config) { c.Transport.Logger = leaks.Logger() })
	server.Add(lucie)
	server.Add(estelle)
	w, err := c.INEWriter()
	if err != nil {
		t.Fatal(err)
	}
	faults := []pegasetest.Fault{pegasetest.ServerError, pegasetest.ExpiredToken, pegasetest.Truncated, pegasetest.AnswerLost, pegasetest.Unavailable, pegasetest.RateLimited, pegasetest.NoFault}
	calls := map[pegasetest.Operation]func() error{
		pegasetest.Search: func() error {
			_, errs := collect(c.Search(t.Context(), pegase.SearchQuery{INE: lucie.INE}))
			return joined(errs)
		},
		pegasetest.Identity: func() error { _, err := c.Identity(t.Context(), "00000001-0000-4000-8000-00005e900000"); return err },
		pegasetest.Flow: func() error {
			_, errs := collect(c.Flow(t.Context(), pegase.FlowQuery{Student: "000000001"}))
			return joined(errs)
		},
		pegasetest.File: func() error { _, err := c.File(t.Context(), "000000001"); return err },
		pegasetest.Correction: func() error {
			return w.WriteINE(t.Context(), sis.INEUpdate{Student: id("000000001"), Definitive: "900000001BD"}) // another one is confirmed
		},
		pegasetest.Courses: func() error { _, err := c.Courses(t.Context(), "000000001"); return err },
		pegasetest.Marks:   func() error { _, err := c.Marks(t.Context(), "PERIODE-26-27", "000000001", "LIC-DROIT"); return err },
		pegasetest.Token:   func() error { server.ExpireTokens(); _, err := c.File(t.Context(), "000000002"); return err },
	}
	failures := 0
	for op, call := range calls {
		for _, f := range faults {
			server.Script(op, f, f, f, f)
			if err := call(); err != nil {
				failures++
				leaks.Error(err)
				leaks.Logger().Error("failed", "error", err)
			}
		}
	}
	if failures < 20 {
		t.Fatalf("%d calls failed: the check proves little", failures)
	}
	server, c = tenant(t, pegasetest.Config{}, func(c *pegase.Config) { c.Transport.Logger = leaks.Logger() }) // without faults
	server.Add(lucie)
	server.Add(estelle)
	file, err := c.File(t.Context(), "000000001")
	if err != nil {
		t.Fatal(err)
	}
	identity, err := c.Identity(t.Context(), "00000001-0000-4000-8000-00005e900000")
	if err != nil {
		t.Fatal(err)
	}
	leaks.Logger().Info("records", slog.Any("file", file), slog.Any("identity", identity), slog.Any("config", pegase.ReplicaConfig{Driver: "sqlite", DSN: "hunter22"}))
	leaks.Logger().Info("parts", "student", file.Student, "enrolment", file.Enrolments[0], "ine", file.Student.INE, "birth", file.Student.Birth,
		"civil", file.Student.Civil, "profile", *identity.Profile, "contact", *identity.Profile.Contact, "status", *identity.Profile.CivilStatus,
		"mel", pegase.FlowEmail{Address: "lucie@mel.example"}, "cvec", file.Enrolments[0].CVEC)
	for _, row := range all(t, c.Flow(t.Context(), pegase.FlowQuery{})) {
		leaks.Logger().Info("row", "row", row)
	}
	for _, s := range all(t, c.Search(t.Context(), pegase.SearchQuery{})) {
		leaks.Logger().Info("line", "line", s)
	}
	leaks.Check(t)
}

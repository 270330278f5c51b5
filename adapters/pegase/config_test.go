package pegase_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// Every address is a value of the configuration: none has a default.
func TestNewFaults(t *testing.T) {
	t.Parallel()
	full := pegase.Config{
		Endpoints: pegase.Endpoints{Token: "https://a.example/t", IDT: "https://a.example/i", INS: "https://a.example/n"}, Username: "svc-api", Password: "secret",
	}
	for i, c := range []struct {
		change func(*pegase.Config)
		want   []string
	}{
		0: {func(c *pegase.Config) { *c = pegase.Config{} }, []string{"Endpoints.Token", "Endpoints.IDT", "Endpoints.INS", "Username", "Password"}},
		1: {func(*pegase.Config) {}, nil},
		2: {func(c *pegase.Config) { c.Endpoints.COC = "coc.example" }, []string{"Endpoints.COC"}},
		3: {func(c *pegase.Config) { c.Endpoints.IDT = "https://user:word@idt.example/" }, []string{"Endpoints.IDT"}},
		4: {func(c *pegase.Config) { c.Overlap, c.Parallel, c.Details = -1, -1, 9 }, []string{"Details", "Overlap", "Parallel"}},
		5: {func(c *pegase.Config) { c.Transport.MaxBody = -1 }, []string{"Transport.MaxBody"}},
	} {
		cfg := full
		c.change(&cfg)
		_, err := pegase.New(cfg)
		faults, _ := errors.AsType[passerelle.FieldErrors](err)
		var got []string
		for _, f := range faults {
			got = append(got, f.Field)
		}
		testutil.Equal(t, "faults of case "+string(rune('0'+i)), got, c.want)
	}
}

func TestTenantEndpoints(t *testing.T) {
	t.Parallel()
	got, err := pegase.TenantEndpoints("bas-esup")
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "addresses", got, pegase.Endpoints{
		Token:   "https://authn-app.bas-esup.pc-scol.fr/cas/v1/tickets",
		IDT:     "https://idt.bas-esup.pc-scol.fr/api/idt/ext/v1",
		INS:     "https://ins.bas-esup.pc-scol.fr/api/ins/ext/v2",
		Gestion: "https://ins.bas-esup.pc-scol.fr/api/v5/ins",
		ODF:     "https://odf.bas-esup.pc-scol.fr/api/odf/ext/v1",
		CHC:     "https://chc.bas-esup.pc-scol.fr/api/ext/chc/v1",
		COC:     "https://coc.bas-esup.pc-scol.fr/api/coc/publication/v2",
	})
	for i, name := range []string{0: "", 1: "evil.example/", 2: "-a", 3: "Univ"} {
		if _, err := pegase.TenantEndpoints(name); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: tenant %q: error %v; want ErrInvalid", i, name, err)
		}
	}
}

func TestConfigLog(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "config", pegase.Config{Username: "svc-api", Password: "hunter22"})
	if strings.Contains(b.String(), "hunter22") || !strings.Contains(b.String(), "svc-api") {
		t.Errorf("the log line is %s; want the account without its password", b.String())
	}
}

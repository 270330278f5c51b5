package site

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/apogee"
	_ "github.com/passerelle-sup/passerelle/adapters/apogee/oracle" // the driver "oracle"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/table"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/transport"
)

// SQL is any base, read by the queries of a mapping.
type SQL struct {
	Driver  string `json:"driver"` // name of the database/sql driver: oracle, or one that the program imports
	DSN     Secret `json:"dsn"`    // address and account in the driver's own form
	Mapping string `json:"mapping"`
}

func (s *SQL) faults(faults *passerelle.FieldErrors) {
	if s.Driver == "" {
		faults.Add("sql.driver", "required", "the name of a database/sql driver, such as oracle")
	}
	if s.Mapping == "" {
		faults.Add("sql.mapping", "required", "the file with the queries, in the form of table.Mapping")
	}
	s.DSN.faults(faults, "sql.dsn", true)
}

// Apogee is Apogée by its base, or by its services where no base is open.
type Apogee struct {
	// The base.
	Driver  string `json:"driver,omitempty"` // empty: oracle
	DSN     Secret `json:"dsn,omitzero"`
	Schema  string `json:"schema,omitempty"`  // stands before the names of tables: APOGEE
	Early   bool   `json:"early,omitempty"`   // enrolments of INS_ANTICIPE_ETP too
	Debt    bool   `json:"debt,omitempty"`    // enrolments of INS_DETTE_ETP too
	Mapping string `json:"mapping,omitempty"` // file with queries of the school's own, in place of the documented ones

	// The services.
	URL        string             `json:"url,omitempty"` // folder of the services: https://host/wsapogee/services
	Username   string             `json:"username,omitempty"`
	Password   Secret             `json:"password,omitzero"`
	Header     string             `json:"header,omitempty"`     // name of a gateway's header: X-Gravitee-Api-Key
	HeaderKey  Secret             `json:"header_key,omitzero"`  // its value
	Steps      []apogee.Versioned `json:"steps,omitempty"`      // what is listed: the service has no list of everybody
	Components []string           `json:"components,omitempty"` // likewise
	TLS        TLS                `json:"tls,omitzero"`

	Communes string `json:"communes,omitempty"` // file of INSEE's communes (COG), for the codes of birthplaces
}

func (s *Apogee) faults(faults *passerelle.FieldErrors) {
	base := !s.DSN.IsZero()
	switch {
	case base == (s.URL != ""):
		faults.Add("apogee", "exclusive", "dsn for the base or url for the services, one of them")
	case !base && len(s.Steps)+len(s.Components) == 0:
		faults.Add("apogee.steps", "required", "steps or components: the services list no whole base")
	}
	s.DSN.faults(faults, "apogee.dsn", false)
	s.Password.faults(faults, "apogee.password", s.Username != "")
	s.HeaderKey.faults(faults, "apogee.header_key", s.Header != "")
	s.TLS.faults(faults, "apogee.tls")
}

// Pegase is Pégase by its external APIs.
type Pegase struct {
	Tenant    string           `json:"tenant,omitempty"`   // the published addresses of a tenant: univ-exemple, bas-exemple
	Endpoints pegase.Endpoints `json:"endpoints,omitzero"` // addresses in place of those of the tenant, one by one
	Username  string           `json:"username"`
	Password  Secret           `json:"password"`
	Structure string           `json:"structure,omitempty"`        // empty: ETAB00
	NoToken   bool             `json:"omit_token_param,omitempty"` // see pegase.Config.OmitTokenParam
	// WriteINE hands numbers back to Pégase. Without it they go to a file: Pégase asks
	// INES by itself.
	WriteINE bool `json:"write_ine,omitempty"`
	TLS      TLS  `json:"tls,omitzero"`
}

func (s *Pegase) faults(faults *passerelle.FieldErrors) {
	if s.Tenant == "" && s.Endpoints.Token == "" {
		faults.Add("pegase.tenant", "required", "the tenant, or endpoints")
	}
	if s.Username == "" {
		faults.Add("pegase.username", "required", "the service account, usually svc-api")
	}
	s.Password.faults(faults, "pegase.password", true)
	s.TLS.faults(faults, "pegase.tls")
}

// PegaseEndpoints returns the addresses of the section pegase.
func (c *Config) PegaseEndpoints() (pegase.Endpoints, error) {
	if c.Pegase == nil {
		return pegase.Endpoints{}, missing("pegase")
	}
	own := c.Pegase.Endpoints
	if c.Pegase.Tenant == "" {
		return own, nil
	}
	e, err := pegase.TenantEndpoints(c.Pegase.Tenant)
	e.Token, e.IDT, e.INS = cmp.Or(own.Token, e.Token), cmp.Or(own.IDT, e.IDT), cmp.Or(own.INS, e.INS)
	e.Gestion, e.ODF, e.CHC, e.COC = cmp.Or(own.Gestion, e.Gestion), cmp.Or(own.ODF, e.ODF), cmp.Or(own.CHC, e.CHC), cmp.Or(own.COC, e.COC)
	return e, err
}

// OpenPegase returns the client of the section pegase.
func (c *Config) OpenPegase(policy transport.Config) (*pegase.Client, error) {
	endpoints, err := c.PegaseEndpoints()
	if err != nil {
		return nil, err
	}
	s := c.Pegase
	password, err := s.Password.read(c.dir, "pegase.password")
	if err != nil {
		return nil, err
	}
	if policy.Base == nil {
		if policy.Base, err = s.TLS.base(c.dir, "pegase.tls"); err != nil {
			return nil, err
		}
	}
	return pegase.New(pegase.Config{
		Endpoints: endpoints, Username: s.Username, Password: password, Structure: s.Structure, OmitTokenParam: s.NoToken, Transport: policy,
	})
}

// OpenApogee returns Apogée's base or services, as the section says. The closer,
// when it is not nil, is to be closed after use.
func (c *Config) OpenApogee(ctx context.Context, policy transport.Config) (sis.Source, io.Closer, error) {
	if c.Apogee == nil {
		return nil, nil, missing("apogee")
	}
	s := c.Apogee
	var communes *apogee.Communes
	if s.Communes != "" {
		f, err := os.Open(c.Path(s.Communes))
		if err != nil {
			return nil, nil, err
		}
		defer f.Close()
		if communes, err = apogee.ReadCommunes(f); err != nil {
			return nil, nil, err
		}
	}
	if s.URL != "" {
		client, err := c.OpenApogeeServices(policy)
		if err != nil {
			return nil, nil, err
		}
		src, err := apogee.NewSource(apogee.SourceConfig{Client: client, Year: c.Year, Steps: s.Steps, Components: s.Components, Communes: communes})
		return src, nil, err
	}
	var mapping table.Mapping
	var err error
	if s.Mapping != "" {
		mapping, err = c.readMapping(s.Mapping)
	} else {
		mapping, err = apogee.Mapping(apogee.Options{Schema: s.Schema, Early: s.Early, Debt: s.Debt})
	}
	if err != nil {
		return nil, nil, err
	}
	dsn, err := s.DSN.read(c.dir, "apogee.dsn")
	if err != nil {
		return nil, nil, err
	}
	base, err := apogee.Open(ctx, cmp.Or(s.Driver, "oracle"), dsn, apogee.SQLConfig{Mapping: mapping, Communes: communes})
	if err != nil {
		return nil, nil, withoutDSN(err, "apogee.dsn", dsn)
	}
	return base, base, nil
}

// OpenApogeeServices returns the client of Apogée's services.
func (c *Config) OpenApogeeServices(policy transport.Config) (*apogee.Client, error) {
	if c.Apogee == nil || c.Apogee.URL == "" {
		return nil, missing("apogee.url")
	}
	s := c.Apogee
	cfg := apogee.Config{URL: s.URL, Username: s.Username, Transport: policy}
	var err error
	if s.Username != "" {
		if cfg.Password, err = s.Password.read(c.dir, "apogee.password"); err != nil {
			return nil, err
		}
	}
	if s.Header != "" {
		key, err := s.HeaderKey.read(c.dir, "apogee.header_key")
		if err != nil {
			return nil, err
		}
		cfg.Header = http.Header{}
		cfg.Header.Set(s.Header, key)
	}
	if policy.Base == nil {
		if cfg.Transport.Base, err = s.TLS.base(c.dir, "apogee.tls"); err != nil {
			return nil, err
		}
	}
	return apogee.New(cfg)
}

// Base is a base that OpenSQL opened.
type Base struct {
	*table.SQL
	db *sql.DB
}

// Close closes the base.
func (b *Base) Close() error { return b.db.Close() }

// OpenSQL opens the base of the section sql and checks its queries. Close the result.
func (c *Config) OpenSQL(ctx context.Context) (*Base, error) {
	if c.SQL == nil {
		return nil, missing("sql")
	}
	mapping, err := c.readMapping(c.SQL.Mapping)
	if err != nil {
		return nil, err
	}
	dsn, err := c.SQL.DSN.read(c.dir, "sql.dsn")
	if err != nil {
		return nil, err
	}
	db, err := sql.Open(c.SQL.Driver, dsn)
	if err != nil {
		return nil, passerelle.FieldErrors{{Field: "sql.driver", Rule: "name", Want: "a database/sql driver of this program, and a data source name in its form"}}
	}
	b := &Base{db: db}
	if b.SQL, err = table.NewSQL(table.SQLConfig{DB: db, Mapping: mapping}); err == nil {
		err = b.Check(ctx)
	}
	if err != nil {
		return nil, errors.Join(withoutDSN(err, "sql.dsn", dsn), db.Close())
	}
	return b, nil
}

// OpenCSV opens a file by the section csv, or in the documented form without one.
func (c *Config) OpenCSV(path string) (*table.CSV, error) {
	if c.CSV == nil {
		return table.OpenCSV(path, table.Mapping{})
	}
	return table.OpenCSV(path, *c.CSV)
}

func (c *Config) readMapping(path string) (table.Mapping, error) {
	f, err := os.Open(c.Path(path))
	if err != nil {
		return table.Mapping{}, err
	}
	defer f.Close()
	return table.ReadMapping(f)
}

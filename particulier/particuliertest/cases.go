package particuliertest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Case is one person of a test host and what is answered.
type Case struct {
	Path        string          `json:"path"`
	File        string          `json:"file"`
	Description string          `json:"description"`
	Params      map[string]any  `json:"params"`
	Status      int             `json:"status"`
	Payload     json.RawMessage `json:"payload"`
}

// Cases are the people of a test host.
type Cases struct {
	list     []Case
	byParams map[string]*Case // of those that are no FranceConnect case
}

// NewCases returns the cases of a list.
func NewCases(list []Case) *Cases {
	c := &Cases{list: slices.Clone(list), byParams: make(map[string]*Case)}
	for i := range c.list {
		k := &c.list[i]
		if !k.stray() && !k.franceConnect() {
			c.byParams[k.Path+"\x00"+canonical(k.Params)] = k
		}
	}
	return c
}

// LoadCases reads cases.jsonl of a folder: one case a line.
func LoadCases(folder fs.FS) (*Cases, error) {
	data, err := fs.ReadFile(folder, "cases.jsonl")
	if err != nil {
		return nil, err
	}
	var list []Case
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var k Case
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.UseNumber()
		if err := d.Decode(&k); err != nil || k.Path == "" || k.Status == 0 {
			return nil, fmt.Errorf("particuliertest: cases.jsonl line %d is no case: %w", n, passerelle.ErrInvalid)
		}
		list = append(list, k)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return NewCases(list), nil
}

// All returns the cases in the order of the file.
func (c *Cases) All() []Case { return slices.Clone(c.list) }

// stray reports whether k is the 404 of its operation, whose parameters mean
// nothing, except where they are real ones of v2.
func (k *Case) stray() bool {
	op, _ := operationOf(k.Path)
	return k.Status == http.StatusNotFound && op.version > 2
}

// franceConnect reports whether k is about a person who signed in.
func (k *Case) franceConnect() bool {
	_, v2 := k.Params["given_name"]
	return v2 || strings.HasSuffix(k.Path, "/france_connect")
}

// canonical is a text that is equal for two sets of parameters that the test host
// takes for the same.
func canonical(params map[string]any) string {
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "%s=%s\x00", name, strings.ToLower(flat(params[name])))
	}
	return b.String()
}

// flat writes a value: lists with a separator that no name has.
func flat(v any) string {
	switch v := v.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = flat(e)
		}
		return strings.Join(parts, "\x01")
	case []string:
		return strings.Join(v, "\x01")
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

// find returns the case that a question is, or nil.
func (c *Cases) find(q *question) *Case {
	if q.pivot == nil {
		params := make(map[string]any)
		for name, values := range q.query {
			switch {
			case name == "recipient":
			case strings.HasSuffix(name, "[]"):
				params[strings.TrimSuffix(name, "[]")] = values
			default:
				params[name] = values[0]
			}
		}
		return c.byParams[q.op.path+"\x00"+canonical(params)]
	}
	var best *Case // the one that says most of the person
	for i := range c.list {
		k := &c.list[i]
		if k.Path == q.op.path && k.franceConnect() && !k.stray() && k.fits(q) && (best == nil || len(k.Params) > len(best.Params)) {
			best = k
		}
	}
	return best
}

// notFound returns the 404 of an operation of v3.
func (c *Cases) notFound(op operation) *Case {
	for i := range c.list {
		if k := &c.list[i]; k.Path == op.path && k.stray() {
			return k
		}
	}
	return nil
}

// fits reports whether every parameter of a FranceConnect case is that of the
// person: the cases spell them in the ways of several versions.
func (k *Case) fits(q *question) bool {
	p := q.pivot
	date, _ := passerelle.ParseDate(p.BirthDate)
	if _, asked := k.Params["campaignYear"]; !asked && q.campaign() != 0 {
		return false
	}
	for name, v := range k.Params {
		want := strings.ToLower(strings.ReplaceAll(flat(v), "\x01", " "))
		got := ""
		switch name {
		case "given_name", "prenoms", "prenom":
			got = p.GivenName
		case "family_name", "nomNaissance":
			got = p.FamilyName
		case "birthdate":
			got = p.BirthDate
			if d, err := passerelle.ParseFrenchDate(want); err == nil {
				want = d.String()
			}
		case "anneeDateNaissance", "anneeDateDeNaissance":
			got = strconv.Itoa(date.Year)
		case "moisDateNaissance", "moisDateDeNaissance":
			got = strconv.Itoa(int(date.Month))
		case "jourDateNaissance", "jourDateDeNaissance":
			got = strconv.Itoa(date.Day)
		case "gender", "sexe", "sexeEtatCivil":
			got = p.Gender
			if len(want) == 1 {
				got = p.Gender[:min(1, len(p.Gender))]
			}
		case "birthplace", "codeCogInseeCommuneNaissance", "codeInseeLieuDeNaissance":
			got = p.Birthplace
		case "birthcountry", "codePaysLieuDeNaissance", "codeCogInseePaysNaissance":
			got = p.Birthcountry
		case "preferred_username", "nomUsage":
			got = p.PreferredUsername
		case "campaignYear":
			got = q.query.Get("campaignYear")
		}
		if strings.ToLower(got) != want {
			return false
		}
	}
	return true
}

// PivotOf returns the person whom a FranceConnect case is about.
func (k Case) PivotOf() Pivot {
	first := func(names ...string) string {
		for _, n := range names {
			if v, ok := k.Params[n]; ok {
				return strings.ReplaceAll(flat(v), "\x01", " ")
			}
		}
		return ""
	}
	p := Pivot{
		FamilyName: first("family_name", "nomNaissance"), GivenName: first("given_name", "prenoms", "prenom"), BirthDate: first("birthdate"),
		Birthplace: first("birthplace", "codeCogInseeCommuneNaissance", "codeInseeLieuDeNaissance"), PreferredUsername: first("preferred_username", "nomUsage"),
		Birthcountry: first("birthcountry", "codePaysLieuDeNaissance", "codeCogInseePaysNaissance"), Gender: "male",
	}
	if strings.HasPrefix(strings.ToLower(first("gender", "sexe", "sexeEtatCivil")), "f") {
		p.Gender = "female"
	}
	if d, err := passerelle.ParseFrenchDate(p.BirthDate); err == nil {
		p.BirthDate = d.String()
	}
	if p.BirthDate == "" {
		y, _ := strconv.Atoi(first("anneeDateNaissance"))
		m, _ := strconv.Atoi(first("moisDateNaissance"))
		d, _ := strconv.Atoi(first("jourDateNaissance"))
		p.BirthDate = passerelle.NewDate(y, time.Month(m), d).String()
	}
	return p
}

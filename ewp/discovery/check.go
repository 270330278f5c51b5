package discovery

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// Against is what a manifest can be checked against, beside itself.
type Against struct {
	// Catalogue is the present catalogue: other hosts may hold an address or a key.
	// Nil is not checked.
	Catalogue *registry.Index
	// HEIPattern is what the registry accepts as identifier of the institution from
	// this source, if one knows: it is part of the registry's configuration.
	HEIPattern *regexp.Regexp
}

// Verdict is what the registry would say of a manifest.
type Verdict struct {
	// Refused is what the registry does not import: the whole manifest, an entry or
	// a key, as Want tells of each.
	Refused passerelle.FieldErrors
	// Warnings is what the registry imports and complains of, and what other hosts
	// will stumble over.
	Warnings passerelle.FieldErrors
}

// What becomes of what is refused.
const (
	wholeLost = "; the registry keeps the manifest that it imported last"
	entryLost = "; the registry drops the entry"
	keyLost   = "; the registry drops the key"
)

// Check says what the registry would do with the manifest, all reasons at once. The
// rules are those of the schema of Discovery 6.0.0, of the schemas of the APIs, and
// of the checks that the registry's own code makes.
func (m *Manifest) Check(against Against) Verdict {
	c := checker{m: m, against: against}
	c.check()
	return c.v
}

type checker struct {
	m       *Manifest
	against Against
	v       Verdict
}

func (c *checker) refuse(field, rule, want string) { c.v.Refused.Add(field, rule, want) }
func (c *checker) warn(field, rule, want string)   { c.v.Warnings.Add(field, rule, want) }

func (c *checker) check() {
	if !isHTTPS(c.m.URL) {
		c.refuse("URL", "url", "the https address, without blanks or fragment, at which the registry fetches the manifest"+entryLost)
	} else if isLocal(c.m.URL) {
		c.warn("URL", "local", "an address that the registry can reach")
	}
	if c.m.Withdrawn {
		if c.m.AdminProvider+c.m.AdminNotes != "" || len(c.m.AdminEmails)+len(c.m.APIs)+len(c.m.ClientKeys)+len(c.m.ServerKeys) > 0 || !c.m.HEI.ID.IsZero() {
			c.refuse("Withdrawn", "contradiction", "nothing but URL in a manifest without host")
		}
		return
	}
	if len(c.m.AdminEmails) == 0 {
		c.refuse("AdminEmails", "required", "at least one address"+wholeLost)
	}
	c.emails("AdminEmails", c.m.AdminEmails, wholeLost)
	if strings.TrimSpace(c.m.AdminProvider) == "" {
		c.refuse("AdminProvider", "required", "the name of the provider and the software, in English"+wholeLost)
	}
	c.text("AdminProvider", c.m.AdminProvider, wholeLost)
	c.text("AdminNotes", c.m.AdminNotes, wholeLost)
	c.hei()
	c.keys("ClientKeys", c.m.ClientKeys)
	c.keys("ServerKeys", c.m.ServerKeys)
	c.entries()
	if c.against.Catalogue != nil {
		c.others()
	}
}

// emails checks addresses by the pattern of the schema, and guesses which ones are
// of persons: Discovery 6.0.0 forbids those, and nobody can check it.
func (c *checker) emails(field string, emails []string, lost string) {
	for i, e := range emails {
		at := fmt.Sprintf("%s[%d]", field, i)
		local, domain, _ := strings.Cut(e, "@")
		name, rest, _ := strings.Cut(domain, ".")
		switch {
		case local == "" || name == "" || rest == "" || strings.ContainsAny(e, " \t\r\n") || strings.Contains(domain, "@"):
			c.refuse(at, "email", "an address such as ewp-admin@univ-exemple.fr"+lost)
		case looksPersonal(local):
			c.warn(at, "personal", "the address of a service: Discovery 6.0.0 forbids those of persons, because the catalogue is public")
		}
		c.text(at, e, lost)
	}
}

// looksPersonal reports whether the local part of an address is two words of
// letters with a dot between them, as in first.last. Deduced from usage.
func looksPersonal(local string) bool {
	first, last, ok := strings.Cut(local, ".")
	for _, word := range []string{first, last} {
		if len(word) < 2 || strings.Trim(strings.ToLower(word), "abcdefghijklmnopqrstuvwxyz") != "" {
			return false
		}
		for _, role := range []string{"ewp", "erasmus", "admin", "support", "contact", "service", "international", "office", "mobility", "it", "noc", "team", "dev", "info", "sis"} {
			if strings.EqualFold(word, role) {
				return false
			}
		}
	}
	return ok
}

func (c *checker) hei() {
	h := c.m.HEI
	if h.ID.IsZero() {
		if len(h.Names)+len(h.OtherIDs) > 0 {
			c.refuse("HEI.ID", "required", "the identifier of the institution"+wholeLost)
		}
		if len(c.m.ClientKeys) > 0 {
			c.warn("ClientKeys", "institution", "an institution in whose name the keys speak")
		}
		return
	}
	if p := c.against.HEIPattern; p != nil && !matchesWhole(p, h.ID.String()) {
		c.refuse("HEI.ID", "pattern", "an identifier that the registry accepts from this source; it drops the institution")
	}
	if !h.ID.IsDomain() {
		c.warn("HEI.ID", "domain", "a domain name of the institution, in the style of SCHAC")
	}
	if len(h.Names) == 0 {
		c.refuse("HEI.Names", "required", "at least one name"+wholeLost)
	}
	for i, n := range h.Names {
		at := fmt.Sprintf("HEI.Names[%d]", i)
		if strings.TrimSpace(n.Value) == "" {
			c.warn(at, "required", "a name")
		}
		if n.Lang != "" && !language.MatchString(n.Lang) {
			c.refuse(at, "language", "a language tag such as fr or ru-Latn"+wholeLost)
		}
		c.text(at, n.Value, wholeLost)
	}
	for i, id := range h.OtherIDs {
		at := fmt.Sprintf("HEI.OtherIDs[%d]", i)
		if id.Type == "" {
			c.warn(at, "type", "the type of the identifier")
		}
		if v := strings.TrimSpace(id.Value); v == "" || v != id.Value {
			c.warn(at, "blanks", "a value without blanks around it")
		}
		c.text(at, id.Type, wholeLost)
		c.text(at, id.Value, wholeLost)
	}
}

// language is the lexical form of xs:language, the type of xml:lang.
var language = regexp.MustCompile(`^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$`)

func matchesWhole(p *regexp.Regexp, s string) bool {
	whole, err := regexp.Compile(`^(?:` + p.String() + `)$`)
	return err == nil && whole.MatchString(s)
}

// keys checks keys as the registry does: RSA keys of 2048 bits at least.
func (c *checker) keys(field string, keys []ewp.PublicKey) {
	seen := make(map[ewp.Fingerprint]bool)
	for i, k := range keys {
		at := fmt.Sprintf("%s[%d]", field, i)
		switch {
		case k.IsZero():
			c.refuse(at, "required", "an RSA public key"+keyLost)
		case k.RSA().N.BitLen() < ewp.MinKeyBits:
			c.refuse(at, "length", fmt.Sprintf("at least %d bits", ewp.MinKeyBits)+keyLost)
		case k.Usable() != nil:
			c.warn(at, "length", fmt.Sprintf("at most %d bits, which others may refuse to compute with", ewp.MaxKeyBits))
		case seen[k.Fingerprint()]:
			c.warn(at, "duplicate", "each key once")
		}
		seen[k.Fingerprint()] = true
	}
	if len(keys) == 0 && field == "ServerKeys" {
		for _, e := range c.m.APIs {
			if e.Security.Has(ewp.ServerHTTPSig) {
				c.warn(field, "required", "a key for the answers that the entries promise to sign")
				return
			}
		}
	}
}

// text refuses characters that XML cannot hold.
func (c *checker) text(field, s, lost string) {
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\uFFFD' || r == '\uFFFE' || r == '\uFFFF' {
			c.refuse(field, "character", "no character that XML cannot hold"+lost)
			return
		}
	}
}

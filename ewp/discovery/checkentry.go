package discovery

import (
	"encoding/xml"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// organisation is where the namespaces of the network's APIs begin. The registry
// leaves all others alone.
const organisation = "https://github.com/erasmus-without-paper/"

func (c *checker) entries() {
	seen := make(map[xml.Name]int)
	for i, e := range c.m.APIs {
		at := fmt.Sprintf("APIs[%d]", i)
		c.entry(at, e)
		if first, ok := seen[e.Name]; !ok {
			seen[e.Name] = i
		} else if !mayRepeat(e.Name) && endpoint(e) != endpoint(c.m.APIs[first]) {
			c.refuse(at, "duplicate", "each API once: APIs["+strconv.Itoa(first)+"] declares it at another address"+entryLost)
		}
	}
}

// mayRepeat reports whether the registry accepts an API at several addresses.
func mayRepeat(n xml.Name) bool {
	return n.Local == "echo" || n.Local == "discovery" || !strings.HasPrefix(n.Space, organisation)
}

// endpoint returns the address by which the registry compares two entries.
func endpoint(e Entry) string {
	if u, ok := e.Value("url"); ok {
		return u
	}
	u, _ := e.Value("get-url")
	return u
}

func (c *checker) entry(at string, e Entry) {
	switch {
	case e.Name.Local == "" || e.Name.Space == "":
		c.refuse(at+".Name", "required", "the namespace and the name of the API's element"+entryLost)
		return
	case e.Name.Local == ewp.Discovery.String() && strings.HasPrefix(e.Name.Space, organisation):
		c.refuse(at, "discovery", "no entry of the Discovery API: it is written from URL")
		return
	case e.Name.Local == ewp.Registry.String() && strings.HasPrefix(e.Name.Space, organisation):
		c.refuse(at, "registry", "no entry of the Registry API, which the registry alone declares"+entryLost)
		return
	}
	c.emails(at+".AdminEmails", e.AdminEmails, entryLost)
	c.text(at+".AdminNotes", e.AdminNotes, entryLost)
	c.version(at, e)
	for i, el := range e.Elements {
		c.element(fmt.Sprintf("%s.Elements[%d]", at, i), el)
	}
	if shape, ok := shapes[e.Name]; ok {
		c.shape(at, e, shape)
		c.security(at, e)
		return
	}
	if strings.HasPrefix(e.Name.Space, organisation) {
		c.warn(at+".Name", "namespace", "an API in a version that this module knows: it cannot tell whether the registry drops the entry")
	}
	for _, el := range e.Elements {
		if kindOf(el.Name.Local) == address && !isHTTPS(el.Text) {
			c.refuse(at+"."+el.Name.Local, "url", "an https address without blanks or fragment"+entryLost)
		}
	}
}

// version checks that version and namespace agree, as the registry warns.
func (c *checker) version(at string, e Entry) {
	if !strings.HasPrefix(e.Name.Space, organisation) {
		return
	}
	major, ok := ewp.NamespaceMajor(e.Name.Space)
	switch {
	case ok && e.Version.Major != major && (major != 1 || e.Version.Major != 0):
		c.warn(at+".Version", "namespace", fmt.Sprintf("version %d.x.x, as the namespace says", major))
	case !ok && strings.Contains(e.Name.Space, "/master") && e.Version.Major != 0:
		c.warn(at+".Version", "namespace", "version 0.x.x in the namespace of a draft")
	}
}

func (c *checker) element(at string, el Element) {
	if el.Name.Local == "" || strings.ContainsAny(el.Name.Local, " :") {
		c.refuse(at, "name", "the name of an element"+entryLost)
	}
	c.text(at, el.Text, entryLost)
	if el.Text != "" && len(el.Children) > 0 {
		c.refuse(at, "contradiction", "text or children"+entryLost)
	}
	for _, a := range el.Attrs {
		c.text(at, a.Value, entryLost)
	}
	for i, child := range el.Children {
		c.element(fmt.Sprintf("%s.Children[%d]", at, i), child)
	}
}

// shape checks the elements of an entry against the schema of its API.
func (c *checker) shape(at string, e Entry, shape []part) {
	count := make(map[string]int)
	for i, el := range e.Elements {
		field := fmt.Sprintf("%s.Elements[%d]", at, i)
		p, ok := partOf(shape, e, el)
		if !ok {
			c.refuse(field, "unknown", "only elements of the API's schema: "+names(shape)+entryLost)
			continue
		}
		field = at + "." + p.name
		if count[p.name]++; count[p.name] == 2 {
			c.refuse(field, "duplicate", "the element once"+entryLost)
		}
		if len(el.Children)+len(el.Attrs) > 0 {
			c.refuse(field, "content", "text alone"+entryLost)
		}
		c.content(field, p.kind, el.Text)
	}
	for _, p := range shape {
		if count[p.name] == 0 && !p.optional {
			c.refuse(at+"."+p.name, "required", "the element, as the API's schema says"+entryLost)
		}
	}
}

func partOf(shape []part, e Entry, el Element) (part, bool) {
	if el.Name.Space == "" || el.Name.Space == e.Name.Space {
		for _, p := range shape {
			if p.name == el.Name.Local {
				return p, true
			}
		}
	}
	return part{}, false
}

func names(shape []part) string {
	var list []string
	for _, p := range shape {
		list = append(list, p.name)
	}
	return strings.Join(list, ", ")
}

func (c *checker) content(field string, k kind, text string) {
	switch k {
	case address:
		if !isHTTPS(text) {
			c.refuse(field, "url", "an https address without blanks or fragment"+entryLost)
		} else if isLocal(text) {
			c.warn(field, "local", "an address that others can reach")
		}
	case positive:
		if n, err := strconv.Atoi(text); err != nil || n < 1 {
			c.refuse(field, "number", "a number from 1 on"+entryLost)
		}
	case boolean:
		if text != "true" && text != "false" && text != "1" && text != "0" {
			c.refuse(field, "boolean", "true or false"+entryLost)
		}
	case empty:
		if text != "" {
			c.refuse(field, "content", "an empty element"+entryLost)
		}
	}
}

// security checks http-security. The registry takes anything; what is said here is
// what the official validator says of such a host.
func (c *checker) security(at string, e Entry) {
	field := at + ".Security"
	if unsecured[e.Name] {
		if e.Security != 0 {
			c.refuse(field, "unknown", "no http-security, which the API's schema does not have"+entryLost)
		}
		return
	}
	const others = ewp.ClientOther | ewp.ServerOther | ewp.RequestOther | ewp.ResponseOther
	if e.Security&others != 0 {
		c.refuse(field, "unknown", "methods that this module can write")
	}
	if e.Security&(ewp.ClientHTTPSig|ewp.ClientAnonymous) == 0 {
		c.warn(field, "client", "signed requests: an absent list means TLS certificates, which the network gave up")
	}
	if e.Security&ewp.ServerMethods == 0 || e.Security&ewp.RequestMethods == 0 || e.Security&ewp.ResponseMethods == 0 {
		c.warn(field, "lists", "all four lists, so that nobody has to know what an absent one means")
	}
	if e.Security.Has(ewp.ServerHTTPSig) && !e.Security.Has(ewp.ServerTLSCert) {
		c.warn(field, "server", "the TLS certificate beside the signature, as all hosts have")
	}
}

// others checks the manifest against the other hosts of the catalogue.
func (c *checker) others() {
	x := c.against.Catalogue
	for i, e := range c.m.APIs {
		if e.Name.Local == "" || e.Name.Space == "" || mayRepeat(e.Name) && e.Name.Local != "echo" {
			continue
		}
		at := fmt.Sprintf("APIs[%d]", i)
		taken, held := false, false
		for other := range x.Entries(registry.Query{Namespace: e.Name.Space, Name: e.Name.Local}) {
			if c.isOurs(other.Host()) {
				continue
			}
			u := other.URL("url")
			if u == "" {
				u = other.URL("get-url")
			}
			held = held || !mayRepeat(e.Name) && !c.m.HEI.ID.IsZero() && u != endpoint(e) && other.Host().HEIs().Has(c.m.HEI.ID)
			taken = taken || u == endpoint(e) && len(c.m.ServerKeys) > 0 && !c.hasAllKeys(other.Host())
		}
		if held {
			c.refuse(at, "conflict", "an API that no other host declares for the institution at another address"+entryLost)
		}
		if taken {
			c.refuse(at, "address", "an address that no host with other server keys declares"+entryLost)
		}
	}
	if c.m.HEI.ID.IsZero() {
		return
	}
	for i, k := range c.m.ClientKeys {
		heis, _ := x.HEIsOfClientKey(k.Fingerprint())
		if heis.Len() > 0 && (!heis.Has(c.m.HEI.ID) || heis.Len() > 1) {
			c.refuse(fmt.Sprintf("ClientKeys[%d]", i), "conflict", "a key that no other institution uses"+keyLost)
		}
	}
}

// isOurs reports whether a host is what the registry made of an earlier version of
// the manifest: the one with the same address of Discovery.
func (c *checker) isOurs(h registry.Host) bool {
	for e := range h.Entries() {
		if e.Name().Local == ewp.Discovery.String() && e.URL("url") == c.m.URL {
			return true
		}
	}
	return false
}

// hasAllKeys reports whether the manifest has all server keys of another host.
func (c *checker) hasAllKeys(h registry.Host) bool {
	ours := make(map[ewp.Fingerprint]bool)
	for _, k := range c.m.ServerKeys {
		ours[k.Fingerprint()] = true
	}
	for _, f := range h.ServerKeys() {
		if !ours[f] {
			return false
		}
	}
	return true
}

// isHTTPS reports whether the registry accepts an address.
func isHTTPS(s string) bool {
	if !strings.HasPrefix(s, "https://") || strings.ContainsAny(s, "# \t\r\n") {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && u.Hostname() != "" && u.User == nil
}

// isLocal reports whether an address is one of a private network. The registry's
// own check also refuses top-level domains that it does not know.
func isLocal(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil {
		return ip.IsLoopback() || ip.IsPrivate()
	}
	return !strings.Contains(u.Hostname(), ".")
}

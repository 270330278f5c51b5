package xmlscan

import (
	"encoding/xml"
	"strings"
)

// The namespaces that are bound by definition.
const (
	namespaceXML   = "http://www.w3.org/XML/1998/namespace"
	namespaceXMLNS = "http://www.w3.org/2000/xmlns/"
)

// Bounds on what a document makes the scanner remember.
const (
	maxNames    = 1 << 16 // different names as written, and different namespaces
	maxBindings = 1024    // namespace declarations in force at one place, as in internal/xmlx
)

// names remembers each name as it is written, and what each prefix means now.
type names struct {
	known    map[string]*qname
	prefixes map[string]*prefix
	uris     map[string]string
	undo     []binding
}

// qname is a name as written.
type qname struct {
	raw    string
	prefix *prefix
	local  string
	xmlns  bool // "xmlns" or "xmlns:…"
}

// prefix is a prefix with the namespace that it is bound to here, "" when to none.
// The empty prefix is that of names without one.
type prefix struct{ name, uri string }

type binding struct {
	prefix *prefix
	uri    string // before
}

func newNames() names {
	return names{
		known: make(map[string]*qname),
		prefixes: map[string]*prefix{
			"":      {},
			"xml":   {"xml", namespaceXML},
			"xmlns": {"xmlns", namespaceXMLNS},
		},
		uris: make(map[string]string),
	}
}

// lookup returns what is known of a name, nil when it is no name, and more when
// there are too many.
func (n *names) lookup(raw []byte) (q *qname, full bool) {
	if q := n.known[string(raw)]; q != nil {
		return q, false
	}
	if len(n.known) >= maxNames {
		return nil, true
	}
	q = &qname{raw: string(raw)}
	before, local, colon := strings.Cut(q.raw, ":")
	if !colon {
		before, local = "", q.raw
	}
	if !isNCName(local) || colon && !isNCName(before) {
		return nil, false
	}
	q.local = local
	q.xmlns = before == "xmlns" || !colon && local == "xmlns"
	q.prefix = n.prefixes[before]
	if q.prefix == nil {
		q.prefix = &prefix{name: before}
		n.prefixes[before] = q.prefix
	}
	n.known[q.raw] = q
	return q, false
}

// namespace returns the one string that stands for a namespace.
func (n *names) namespace(value []byte) (uri string, full bool) {
	uri, ok := n.uris[string(value)]
	if !ok {
		if len(n.uris) >= maxNames {
			return "", true
		}
		uri = string(value)
		n.uris[uri] = uri
	}
	return uri, false
}

// bind makes a prefix mean a namespace until release.
func (n *names) bind(p *prefix, uri string) {
	n.undo = append(n.undo, binding{p, p.uri})
	p.uri = uri
}

// release takes back the declarations after the first mark.
func (n *names) release(mark int) {
	for i := len(n.undo) - 1; i >= mark; i-- {
		n.undo[i].prefix.uri = n.undo[i].uri
	}
	n.undo = n.undo[:mark]
}

// isNCName reports whether s is a name without a colon. The few names beyond ASCII
// are left to encoding/xml, which has the tables of XML 1.0.
func isNCName(s string) bool {
	ascii := true
	for i := range len(s) {
		if class[s[i]]&nameByte == 0 || s[i] == ':' {
			return false
		}
		ascii = ascii && s[i] < 0x80
	}
	if !ascii {
		_, err := xml.NewDecoder(strings.NewReader("<" + s + "/>")).RawToken()
		return err == nil
	}
	return s != "" && class[s[0]]&nameStart != 0
}

package registry

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry/internal/xmlscan"
)

// namespaceXML is that of xml:lang.
const namespaceXML = "http://www.w3.org/XML/1998/namespace"

// builder reads a catalogue, in one pass. Its parts are put together by index.
type builder struct {
	s     *xmlscan.Scanner
	texts arena
	buf   []byte

	names    []elementName
	nameIDs  map[xml.Name]uint32
	apis     []apiName
	apiIDs   map[xml.Name]uint32
	ranks    map[ref]uint64
	nodes    []node
	entries  []entry
	hosts    []host
	prints   []ewp.Fingerprint
	covered  []uint32 // indexes of heis
	heis     []heiDraft
	heiIDs   map[ewp.HEIID]uint32
	otherIDs map[string][]uint32
	keys     map[ewp.Fingerprint]ewp.PublicKey
	lists    [4]ewp.SecurityList
	report   Report
}

type elementName struct {
	name
	url bool // holds an address
}

type apiName struct {
	xml.Name
	major      int // of the namespace
	versioned  bool
	unreleased bool // the namespace is that of a draft
}

type heiDraft struct {
	id        ewp.HEIID
	line      int
	described bool
	otherIDs  []pair
	names     []pair
}

// pair is a type or language, and a text.
type pair struct{ key, value ref }

func newBuilder(s *xmlscan.Scanner) *builder {
	return &builder{
		s: s, texts: newArena(),
		nameIDs: make(map[xml.Name]uint32), apiIDs: make(map[xml.Name]uint32), ranks: make(map[ref]uint64),
		heiIDs: make(map[ewp.HEIID]uint32), otherIDs: make(map[string][]uint32), keys: make(map[ewp.Fingerprint]ewp.PublicKey),
		lists: ewp.SecurityLists(),
	}
}

var (
	errNoCatalogue = &kindError{passerelle.ErrProtocol, "the document is no catalogue of version 1"}
	errNoHost      = &kindError{passerelle.ErrProtocol, "the catalogue has no host"}
	errTooShared   = &kindError{passerelle.ErrProtocol, "too many institutions share client keys"}
)

// document reads everything up to the end.
func (b *builder) document() error {
	if _, err := b.s.Next(); err != nil {
		return err
	}
	if b.s.Name() != (xml.Name{Space: ewp.NamespaceRegistry, Local: "catalogue"}) {
		return errNoCatalogue
	}
	if err := b.children(b.section); err != nil {
		return err
	}
	if _, err := b.s.Next(); err != io.EOF { // there is nothing after the root element
		return err
	}
	if len(b.hosts) == 0 {
		return errNoHost
	}
	return nil
}

// section reads a child of the root element. As everywhere, what is not known is
// skipped: minor versions add things.
func (b *builder) section(n xml.Name) error {
	switch own(n) {
	case "host":
		return b.host()
	case "institutions":
		return b.children(func(n xml.Name) error {
			if own(n) == "hei" {
				return b.hei()
			}
			return b.s.Skip()
		})
	case "binaries":
		return b.children(func(n xml.Name) error {
			if own(n) == "rsa-public-key" {
				return b.key()
			}
			return b.s.Skip()
		})
	}
	return b.s.Skip()
}

// own returns the local name of an element of the catalogue's namespace, "" for
// any other.
func own(n xml.Name) string {
	if n.Space != ewp.NamespaceRegistry {
		return ""
	}
	return n.Local
}

// children calls read for each element inside the one that was started last; read
// goes on to the end of that element.
func (b *builder) children(read func(xml.Name) error) error {
	for {
		kind, err := b.s.Next()
		switch {
		case err != nil:
			return err
		case kind == xmlscan.End:
			return nil
		case kind == xmlscan.Start:
			if err := read(b.s.Name()); err != nil {
				return err
			}
		}
	}
}

// content reads the text of the element that was started last, up to its end. It is
// valid until the next call.
func (b *builder) content() ([]byte, error) {
	b.buf = b.buf[:0]
	for depth := b.s.Depth(); ; {
		kind, err := b.s.Next()
		switch {
		case err != nil:
			return nil, err
		case kind == xmlscan.Text && b.s.Depth() == depth:
			b.buf = append(b.buf, b.s.Text()...)
		case kind == xmlscan.End && b.s.Depth() < depth:
			return b.buf, nil
		}
	}
}

// attr returns the value of an attribute of the element that was started last.
func (b *builder) attr(space, local string) []byte {
	for _, a := range b.s.Attrs() {
		if a.Name.Local == local && a.Name.Space == space {
			return a.Value
		}
	}
	return nil
}

func (b *builder) find(p Problem, hei ewp.HEIID, subject string) {
	b.report.add(Finding{Problem: p, Line: b.s.Line(), HEI: hei, Subject: subject})
}

// host reads a host element.
func (b *builder) host() error {
	at := uint32(len(b.hosts))
	h := host{entries: span{from: uint32(len(b.entries))}}
	var heis []uint32
	var clients, servers, certs []ewp.Fingerprint
	err := b.children(func(n xml.Name) error {
		if n.Space == ewp.NamespaceCommon {
			return b.admin(n.Local, &h)
		}
		switch own(n) {
		case "apis-implemented":
			return b.children(func(n xml.Name) error { return b.entry(n, at) })
		case "institutions-covered":
			return b.children(func(n xml.Name) error {
				if own(n) != "hei-id" {
					return b.s.Skip()
				}
				text, err := b.content()
				if err != nil {
					return err
				}
				if i, ok := b.heiOf(text); ok {
					heis = append(heis, i)
				}
				return nil
			})
		case "client-credentials-in-use":
			return b.credentials(&clients, &certs)
		case "server-credentials-in-use":
			return b.credentials(&servers, nil)
		}
		return b.s.Skip()
	})
	if err != nil {
		return err
	}
	h.entries.to = uint32(len(b.entries))
	slices.Sort(heis)
	heis = slices.Compact(heis)
	if len(heis) > 1 {
		b.find(HostSeveralHEIs, b.heis[heis[0]].id, "")
	}
	h.heis = appendSpan(&b.covered, heis)
	for _, list := range []struct {
		to     *span
		prints []ewp.Fingerprint
	}{{&h.clients, clients}, {&h.servers, servers}, {&h.certs, certs}} {
		slices.SortFunc(list.prints, comparePrints)
		*list.to = appendSpan(&b.prints, slices.Compact(list.prints))
	}
	b.hosts = append(b.hosts, h)
	return nil
}

// appendSpan adds items and returns where they are.
func appendSpan[T any](to *[]T, items []T) span {
	from := len(*to)
	*to = append(*to, items...)
	return span{uint32(from), uint32(len(*to))}
}

// admin reads one of the elements about administrators.
func (b *builder) admin(local string, h *host) error {
	text, err := b.content()
	if err != nil {
		return err
	}
	r := b.texts.add(bytes.TrimSpace(text))
	switch local {
	case "admin-email":
		h.emails = append(h.emails, r)
	case "admin-provider":
		h.provider = r
	case "admin-notes":
		h.notes = r
	}
	return nil
}

// credentials reads the fingerprints of keys, and of certificates where there may
// be some.
func (b *builder) credentials(keys, certs *[]ewp.Fingerprint) error {
	return b.children(func(n xml.Name) error {
		to := keys
		switch {
		case own(n) == "certificate" && certs != nil:
			to = certs
		case own(n) != "rsa-public-key":
			return b.s.Skip()
		}
		if f, ok := b.fingerprint(); ok {
			*to = append(*to, f)
		}
		return b.s.Skip()
	})
}

func (b *builder) fingerprint() (ewp.Fingerprint, bool) {
	f, err := ewp.ParseFingerprint(string(b.attr("", "sha-256")))
	if err != nil {
		b.find(FingerprintMissing, ewp.HEIID{}, "")
		return ewp.Fingerprint{}, false
	}
	return f, true
}

// key reads a key among the binaries.
func (b *builder) key() error {
	f, ok := b.fingerprint()
	if !ok {
		return b.s.Skip()
	}
	line := b.s.Line()
	text, err := b.content()
	if err != nil {
		return err
	}
	key, err := ewp.ParsePublicKey(string(text))
	problem := Problem("")
	switch {
	case err != nil:
		problem = KeyMalformed
	case key.Fingerprint() != f:
		problem = KeyMismatch
	default:
		b.keys[f] = key
		if key.Usable() != nil {
			problem = KeyWeak
		}
	}
	if problem != "" {
		b.report.add(Finding{Problem: problem, Line: line, Subject: f.String()})
	}
	return nil
}

// heiOf returns the place of an institution, made when it is met first.
func (b *builder) heiOf(text []byte) (uint32, bool) {
	id, err := ewp.ParseHEIID(string(text))
	if err != nil {
		b.find(HEIIDMalformed, ewp.HEIID{}, "")
		return 0, false
	}
	i, ok := b.heiIDs[id]
	if !ok {
		i = uint32(len(b.heis))
		b.heiIDs[id] = i
		b.heis = append(b.heis, heiDraft{id: id, line: b.s.Line()})
		if !id.IsDomain() {
			b.find(HEIIDNoDomain, id, "")
		}
	}
	return i, true
}

// hei reads the description of an institution.
func (b *builder) hei() error {
	i, ok := b.heiOf(b.attr("", "id"))
	if !ok {
		return b.s.Skip()
	}
	id := b.heis[i].id
	if b.heis[i].described {
		b.find(HEIRepeated, id, "")
	}
	d := heiDraft{id: id, line: b.heis[i].line, described: true}
	err := b.children(func(n xml.Name) error {
		switch own(n) {
		case "other-id":
			return b.otherID(i, &d)
		case "name":
			lang := b.texts.add(b.attr(namespaceXML, "lang"))
			text, err := b.content()
			if text = bytes.TrimSpace(text); err == nil && len(text) > 0 {
				d.names = append(d.names, pair{lang, b.texts.add(text)})
			}
			return err
		}
		return b.s.Skip()
	})
	if err != nil {
		return err
	}
	if len(d.names) == 0 {
		b.find(HEIUnnamed, id, "")
	}
	b.several(d)
	b.heis[i] = d
	return nil
}

// otherID reads another identifier of the institution at i.
func (b *builder) otherID(i uint32, d *heiDraft) error {
	key := append(append([]byte(nil), b.attr("", "type")...), 0)
	from := len(key)
	text, err := b.content()
	if err != nil {
		return err
	}
	typ := string(key[:from-1])
	key = otherIDKey(append(key, text...), from)
	if from == 1 || len(key) == from {
		b.find(OtherIDEmpty, d.id, typ)
		return nil
	}
	trimmed := string(bytes.TrimSpace(text))
	if len(trimmed) != len(text) {
		b.find(OtherIDBlank, d.id, typ+" "+trimmed)
	}
	if typ == ewp.OtherIDPIC && !isPIC(trimmed) {
		b.find(PICMalformed, d.id, trimmed)
	}
	d.otherIDs = append(d.otherIDs, pair{b.texts.add(key[:from-1]), b.texts.add(text)})
	holders := b.otherIDs[string(key)]
	if len(holders) == 0 || holders[len(holders)-1] != i { // index removes what is left of repetitions
		if len(holders) > 0 && unique(typ) {
			b.find(OtherIDShared, d.id, typ+" "+trimmed)
		}
		b.otherIDs[string(key)] = append(holders, i)
	}
	return nil
}

// unique reports whether an institution should have one identifier of a type, and
// share it with none.
func unique(typ string) bool { return typ == ewp.OtherIDPIC || typ == ewp.OtherIDErasmus }

// several reports that an institution has more identifiers of a type than one.
func (b *builder) several(d heiDraft) {
	for _, typ := range []string{ewp.OtherIDErasmus, ewp.OtherIDPIC} {
		n := 0
		for _, p := range d.otherIDs {
			if string(b.texts.bytes(p.key)) == typ {
				n++
			}
		}
		if n > 1 {
			b.find(OtherIDSeveral, d.id, typ)
		}
	}
}

func isPIC(s string) bool {
	return len(s) == 9 && strings.Trim(s, "0123456789") == ""
}

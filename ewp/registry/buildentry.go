package registry

import (
	"bytes"
	"encoding/xml"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry/internal/xmlscan"
)

// entry reads one declaration of an API.
func (b *builder) entry(n xml.Name, host uint32) error {
	e := entry{api: b.api(n), host: host, nodes: span{from: uint32(len(b.nodes))}}
	e.version = b.texts.add(b.attr("", "version"))
	e.rank = b.rank(e.version, &b.apis[e.api])
	base := b.s.Depth()
	last := uint32(0) // the element that is open, if it has no children so far
	leaf := false
	b.buf = b.buf[:0]
	for {
		kind, err := b.s.Next()
		if err != nil {
			return err
		}
		switch kind {
		case xmlscan.Start:
			child := b.s.Name()
			if b.s.Depth() == base+1 && child.Local == "http-security" && child.Space == n.Space {
				methods, err := b.security()
				if err != nil {
					return err
				}
				e.methods |= methods
				continue
			}
			last, leaf = uint32(len(b.nodes)), true
			b.nodes = append(b.nodes, node{name: b.element(child), depth: uint32(b.s.Depth() - base)})
			b.buf = b.buf[:0]
		case xmlscan.Text:
			if leaf {
				b.buf = append(b.buf, b.s.Text()...)
			}
		case xmlscan.End:
			if b.s.Depth() < base {
				e.nodes.to = uint32(len(b.nodes))
				b.entries = append(b.entries, e)
				return nil
			}
			if leaf {
				b.leaf(&b.nodes[last], n)
				leaf = false
			}
		}
	}
}

// leaf gives an element without children its text.
func (b *builder) leaf(n *node, api xml.Name) {
	text := bytes.TrimSpace(b.buf)
	n.text = b.texts.add(text)
	if n.depth == 1 && b.names[n.name].url && !isHTTPS(text) {
		b.find(URLMalformed, ewp.HEIID{}, api.Local)
	}
}

// isHTTPS reports whether the registry accepts an address: https, without blank or
// fragment.
func isHTTPS(url []byte) bool {
	rest, ok := bytes.CutPrefix(url, []byte("https://"))
	return ok && len(rest) > 0 && rest[0] != '/' && !bytes.ContainsAny(rest, "# \t\r\n")
}

// security reads http-security.
func (b *builder) security() (methods ewp.Methods, err error) {
	err = b.children(func(n xml.Name) error {
		for _, list := range b.lists {
			if n.Space == ewp.NamespaceSecurity && n.Local == list.Element {
				return b.children(func(n xml.Name) error {
					methods |= list.MethodOf(n)
					return b.s.Skip()
				})
			}
		}
		return b.s.Skip()
	})
	return methods, err
}

// api returns the number of an API by the order in which they are met.
func (b *builder) api(n xml.Name) uint32 {
	i, ok := b.apiIDs[n]
	if !ok {
		i = uint32(len(b.apis))
		b.apiIDs[n] = i
		a := apiName{Name: n, unreleased: strings.Contains(n.Space, "/master")}
		a.major, a.versioned = ewp.NamespaceMajor(n.Space)
		b.apis = append(b.apis, a)
	}
	return i
}

// element returns the number of an element's name.
func (b *builder) element(n xml.Name) uint32 {
	i, ok := b.nameIDs[n]
	if !ok {
		i = uint32(len(b.names))
		b.nameIDs[n] = i
		b.names = append(b.names, elementName{
			name: name{b.texts.add([]byte(n.Space)), b.texts.add([]byte(n.Local))},
			url:  n.Local == "url" || strings.HasSuffix(n.Local, "-url"),
		})
	}
	return i
}

// rank parses the version of an entry, each text once, and says when it does not
// agree with the namespace as the registry wants it: stable-vN has versions N.x.x,
// stable-v1 has those of drafts too, and the master branch has drafts only.
func (b *builder) rank(text ref, a *apiName) uint64 {
	if text.n == 0 {
		b.find(VersionMissing, ewp.HEIID{}, a.Local)
		return 0
	}
	rank, ok := b.ranks[text]
	if !ok {
		if v, err := ewp.ParseVersion(string(b.texts.bytes(text))); err == nil {
			rank = rankOf(v)
		}
		b.ranks[text] = rank
	}
	major := int(rank << 1 >> 41)
	switch {
	case rank == 0:
		b.find(VersionMalformed, ewp.HEIID{}, a.Local)
	case a.versioned && major != a.major && (major != 0 || a.major != 1), a.unreleased && !a.versioned && major != 0:
		b.find(VersionMismatch, ewp.HEIID{}, a.Local)
	}
	return rank
}

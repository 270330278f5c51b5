package ewptest

import (
	"maps"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// WriteCatalogue returns the catalogue of some hosts, as the registry writes it from
// their manifests: entries copied, keys by fingerprint and their bytes once, each
// institution described once with all the names and identifiers that any host gives
// it. It is valid against catalogue.xsd (ewp-specs-api-registry 1.5.0) from one host
// on. A withdrawn manifest counts as none. The error is that of
// [discovery.Manifest.Marshal] for a manifest that the registry would not import as it
// stands.
func WriteCatalogue(hosts ...*discovery.Manifest) ([]byte, error) {
	c := newCatalogue()
	for _, m := range hosts {
		if err := c.add(m); err != nil {
			return nil, err
		}
	}
	return c.marshal()
}

// catalogue is a catalogue that is being written.
type catalogue struct {
	root *etree.Element
	heis map[ewp.HEIID]ewp.Institution
	keys map[ewp.Fingerprint]ewp.PublicKey
}

func newCatalogue() *catalogue {
	root := etree.NewElement("catalogue")
	root.CreateAttr("xmlns", ewp.NamespaceRegistry)
	root.CreateAttr("xmlns:ewp", ewp.NamespaceCommon)
	root.CreateAttr("xmlns:sec", ewp.NamespaceSecurity)
	return &catalogue{root: root, heis: map[ewp.HEIID]ewp.Institution{}, keys: map[ewp.Fingerprint]ewp.PublicKey{}}
}

// add adds the host of a manifest.
func (c *catalogue) add(m *discovery.Manifest) error {
	if m.Withdrawn {
		return nil
	}
	data, err := m.Marshal()
	if err != nil {
		return err
	}
	doc, err := xmlx.Parse(data, "", xmlx.Limits{})
	if err != nil {
		return err
	}
	from := xmlx.Child(doc.Root(), ewp.NamespaceDiscovery, "host")
	host := c.root.CreateElement("host")
	for _, name := range []string{"admin-email", "admin-provider", "admin-notes"} {
		for _, el := range xmlx.Children(from, ewp.NamespaceCommon, name) {
			child(host, "ewp:"+name, xmlx.Text(el))
		}
	}
	apis := host.CreateElement("apis-implemented")
	if el := xmlx.Child(from, ewp.NamespaceRegistry, "apis-implemented"); el != nil {
		for _, entry := range el.ChildElements() {
			apis.AddChild(entry.Copy())
		}
	}
	covered := host.CreateElement("institutions-covered")
	if !m.HEI.ID.IsZero() {
		child(covered, "hei-id", m.HEI.ID.String())
		c.describe(m.HEI)
	}
	c.credentials(host, "client-credentials-in-use", m.ClientKeys)
	c.credentials(host, "server-credentials-in-use", m.ServerKeys)
	return nil
}

// writeRegistry describes the registry itself, which covers no institution, in a host
// element of the catalogue or of its manifest: apis is the name of the element with
// the entries, prefix included.
func writeRegistry(host *etree.Element, apis, catalogueURL, manifestURL string) {
	child(host, "ewp:admin-email", "registry@ewp.example")
	child(host, "ewp:admin-provider", "ewptest")
	list := host.CreateElement(apis)
	for _, e := range []struct {
		api          ewp.API
		element, url string
	}{{ewp.Discovery, "url", manifestURL}, {ewp.Registry, "catalogue-url", catalogueURL}} {
		entry := list.CreateElement(e.api.String())
		entry.CreateAttr("xmlns", e.api.Namespace())
		entry.CreateAttr("version", e.api.Version().String())
		child(entry, e.element, e.url)
	}
}

// registryManifest returns the manifest of the registry itself.
func registryManifest(catalogueURL, manifestURL string) ([]byte, error) {
	root := etree.NewElement("manifest")
	root.CreateAttr("xmlns", ewp.NamespaceDiscovery)
	root.CreateAttr("xmlns:ewp", ewp.NamespaceCommon)
	root.CreateAttr("xmlns:r", ewp.NamespaceRegistry)
	writeRegistry(root.CreateElement("host"), "r:apis-implemented", catalogueURL, manifestURL)
	return xmlx.Marshal(root, "")
}

// describe adds what a host says of an institution to what others said.
func (c *catalogue) describe(hei ewp.Institution) {
	known := c.heis[hei.ID]
	for _, id := range hei.OtherIDs {
		if !slices.Contains(known.OtherIDs, id) {
			known.OtherIDs = append(known.OtherIDs, id)
		}
	}
	for _, name := range hei.Names {
		if !slices.Contains(known.Names, name) {
			known.Names = append(known.Names, name)
		}
	}
	known.ID = hei.ID
	c.heis[hei.ID] = known
}

func (c *catalogue) credentials(host *etree.Element, name string, keys []ewp.PublicKey) {
	if len(keys) == 0 {
		return
	}
	list := host.CreateElement(name)
	for _, k := range keys {
		list.CreateElement("rsa-public-key").CreateAttr("sha-256", k.Fingerprint().String())
		c.keys[k.Fingerprint()] = k
	}
}

func (c *catalogue) marshal() ([]byte, error) {
	institutions := c.root.CreateElement("institutions")
	for _, id := range slices.SortedFunc(maps.Keys(c.heis), func(a, b ewp.HEIID) int { return strings.Compare(a.String(), b.String()) }) {
		hei := institutions.CreateElement("hei")
		hei.CreateAttr("id", id.String())
		for _, other := range c.heis[id].OtherIDs {
			child(hei, "other-id", other.Value).CreateAttr("type", other.Type)
		}
		for _, name := range c.heis[id].Names {
			el := child(hei, "name", name.Value)
			if name.Lang != "" {
				el.CreateAttr("xml:lang", name.Lang)
			}
		}
	}
	if len(c.keys) > 0 {
		binaries := c.root.CreateElement("binaries")
		for _, f := range slices.SortedFunc(maps.Keys(c.keys), func(a, b ewp.Fingerprint) int { return slices.Compare(a[:], b[:]) }) {
			child(binaries, "rsa-public-key", lines(c.keys[f].String())).CreateAttr("sha-256", f.String())
		}
	}
	return xmlx.Marshal(c.root, "")
}

// lines breaks base64 as the registry does: 76 characters a line, indented.
func lines(text string) string {
	var b strings.Builder
	for chunk := range slices.Chunk([]byte(text), base64LineLength) {
		b.WriteString("\n            ")
		b.Write(chunk)
	}
	b.WriteString("\n        ")
	return b.String()
}

// base64LineLength is that of MIME (RFC 2045, 6.8).
const base64LineLength = 76

func child(parent *etree.Element, name, text string) *etree.Element {
	el := parent.CreateElement(name)
	el.SetText(text)
	return el
}

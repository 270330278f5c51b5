package registry_test

import (
	"context"
	"fmt"
	"strings"
	"testing/fstest"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

const catalogue = `<catalogue xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-registry/tree/stable-v1">
	<host>
		<apis-implemented>
			<iias xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v7/manifest-entry.xsd" version="7.0.0">
				<get-url>https://ewp.univ-exemple.fr/iias/get</get-url>
				<max-iia-ids>20</max-iia-ids>
				<index-url>https://ewp.univ-exemple.fr/iias/index</index-url>
			</iias>
		</apis-implemented>
		<institutions-covered><hei-id>univ-exemple.fr</hei-id></institutions-covered>
		<server-credentials-in-use>
			<rsa-public-key sha-256="5531f9a02c44a894d0b706961259fec740ad4ae8a3555871f1a5cd9801285bd4"/>
		</server-credentials-in-use>
	</host>
	<institutions>
		<hei id="univ-exemple.fr">
			<other-id type="erasmus">F EXEMPLE01</other-id>
			<name xml:lang="fr">Université Exemple</name>
		</hei>
	</institutions>
</catalogue>`

func Example() {
	x, err := registry.Parse(strings.NewReader(catalogue), registry.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Who is "F EXEMPLE01", and where are its agreements?
	hei, ok := x.HEIsByOtherID(ewp.OtherIDErasmus, "f exemple01").One()
	fmt.Println(hei, ok)
	e, ok := x.Find(registry.Query{HEI: hei, Namespace: ewp.IIAs.Namespace(), Name: ewp.IIAs.String()})
	fmt.Println(e.VersionText(), e.URL("get-url"), e.Limit("max-iia-ids"), ok)
	// May this key sign what comes from there?
	key := ewp.MustParseFingerprint("5531f9a02c44a894d0b706961259fec740ad4ae8a3555871f1a5cd9801285bd4")
	fmt.Println(e.Host().HasServerKey(key))
	// In whose name does it sign requests? Nobody's.
	_, known := x.HEIsOfClientKey(key)
	fmt.Println(known)
	for f := range x.Report().Findings() {
		fmt.Println(f.Problem, f.Subject[:8])
	}
	// Output:
	// univ-exemple.fr true
	// 7.0.0 https://ewp.univ-exemple.fr/iias/get 20 true
	// true
	// false
	// key-absent 5531f9a0
}

func ExampleClient() {
	files := fstest.MapFS{"catalogue.xml": {Data: []byte(catalogue)}}
	c, err := registry.New(registry.Config{Source: registry.FS(files, "catalogue.xml")})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.Index()
	fmt.Println(err)
	ctx, cancel := context.WithCancel(context.Background())
	changed, err := c.Refresh(ctx)
	fmt.Println(changed, err)
	go c.Run(ctx) // keeps it up to date
	defer cancel()
	x, err := c.Index()
	fmt.Println(x.Report().Hosts, err)
	// Output:
	// registry: ask: no catalogue was fetched so far
	// true <nil>
	// 1 <nil>
}

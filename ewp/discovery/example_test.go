package discovery_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// The key of the examples of the specification.
const key = `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAkQojIPtX+BYGGC2f1zXr
	U3ijq5oApW6YA+mSiB3p5pEQRUuvIHKbSKRXQaW/5hORYpWU1GzU2Wq99vykjX9b
	8GQlM+0xbFP0cILIhjz23R0Q53mKcf2xAzQt2b3f56QOnjUaKbXsuB+ejTLAtQ4D
	yKYSodCzUFkuUZUw+TK7G9ySMbcVHqrG8qDCw3/7CXkN0Wf9HpSnYP5fwd426fay
	u6RXGeX5vUuX5BJkjsxoL8Smn7TB31LSFn3LbQLzG4UuxGaGgHWZCMSC35dX2d3z
	4zcpZxgyN8LNWXCf4g95b20Ljsbnvk1dIUTJtRJJ29zbWXcgXgVl69UKQx8NxXIx
	6wIDAQAB`

func Example() {
	m := discovery.Manifest{
		URL:           "https://ewp.univ-exemple.fr/manifest.xml",
		AdminEmails:   []string{"ewp-admin@univ-exemple.fr"},
		AdminProvider: "Exemple SIS",
		APIs: []discovery.Entry{
			discovery.For(ewp.Echo, discovery.Value("url", "https://ewp.univ-exemple.fr/echo")),
			discovery.For(ewp.IIAs,
				discovery.Value("get-url", "https://ewp.univ-exemple.fr/iias/get"),
				discovery.Value("max-iia-ids", "20")),
		},
		HEI: ewp.Institution{
			ID:    ewp.MustParseHEIID("univ-exemple.fr"),
			Names: ewp.Texts{{Lang: "fr", Value: "Université Exemple"}},
		},
	}
	_, err := m.Marshal()
	fmt.Println(err)
	for _, w := range m.Check(discovery.Against{}).Warnings {
		fmt.Println("warning:", w)
	}
	// Output:
	// APIs[1].index-url: required: want the element, as the API's schema says; the registry drops the entry
	// warning: ServerKeys: required: want a key for the answers that the entries promise to sign
}

func ExampleKeyring() {
	ctx := context.Background()
	public, err := ewp.ParsePublicKey(key)
	if err != nil {
		fmt.Println(err)
		return
	}
	ring, err := discovery.NewKeyring(ctx, discovery.KeyringConfig{HEI: ewp.MustParseHEIID("univ-exemple.fr"), Role: discovery.Client})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := ring.Announce(ctx, public); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(ring.Published()), "key to publish")

	// Minutes later the registry has read the manifest.
	catalogue, err := registry.Parse(strings.NewReader(`<catalogue xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-registry/tree/stable-v1">
		<host>
			<institutions-covered><hei-id>univ-exemple.fr</hei-id></institutions-covered>
			<client-credentials-in-use>
				<rsa-public-key sha-256="5531f9a02c44a894d0b706961259fec740ad4ae8a3555871f1a5cd9801285bd4"/>
			</client-credentials-in-use>
		</host>
	</catalogue>`), registry.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	changed, err := ring.Advance(ctx, catalogue)
	fmt.Println(changed[0].Phase, err)
	signing, ok := ring.Signing()
	fmt.Println(signing.Fingerprint(), ok)
	// Output:
	// 1 key to publish
	// active <nil>
	// 5531f9a02c44a894d0b706961259fec740ad4ae8a3555871f1a5cd9801285bd4 true
}

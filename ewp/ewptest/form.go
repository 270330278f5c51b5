package ewptest

import (
	"encoding/xml"
	"fmt"
	"slices"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// forms are the children that documents of the network layer may have, in their order:
// what their schemas say (common-types.xsd; response.xsd of echo and monitoring).
var forms = map[xml.Name][]formPart{
	{Space: ewp.NamespaceCommon, Local: "error-response"}: {
		{name: "developer-message", min: 1, max: 1}, {name: "user-message", max: -1},
	},
	rootOf(ewp.Echo, ""):       {{name: "hei-id", max: -1}, {name: "echo", max: -1}},
	rootOf(ewp.Monitoring, ""): {},
}

type formPart struct {
	name     string
	min, max int // a negative max is none
}

// rootOf returns the root element of the answers of an endpoint.
func rootOf(api ewp.API, endpoint string) xml.Name {
	e, _ := api.Endpoint(endpoint)
	return xml.Name{Space: e.Namespace, Local: e.Root}
}

// checkForm looks at the children of a document of the network layer; it knows nothing
// of others. An element of another namespace is one of an extension, and passed over.
func checkForm(root *etree.Element) error {
	name := xmlx.Name(root)
	form, ok := forms[name]
	if !ok {
		return nil
	}
	place, count := 0, 0
	for _, el := range root.ChildElements() {
		got := xmlx.Name(el)
		if got.Space != name.Space {
			continue
		}
		at := slices.IndexFunc(form, func(p formPart) bool { return p.name == got.Local })
		switch {
		case at < 0:
			return fmt.Errorf("element %s is not in the schema of %s", got.Local, name.Local)
		case at < place:
			return fmt.Errorf("element %s stands after %s", got.Local, form[place].name)
		case at > place:
			if err := form[place].missing(count, form[place:at]); err != nil {
				return err
			}
			place, count = at, 0
		}
		if count++; form[at].max >= 0 && count > form[at].max {
			return fmt.Errorf("element %s stands %d times", got.Local, count)
		}
	}
	if place < len(form) {
		return form[place].missing(count, form[place:])
	}
	return nil
}

// missing returns an error when the part, of which there are some, or one after it is
// required and absent.
func (p formPart) missing(count int, parts []formPart) error {
	for _, part := range parts {
		if count < part.min {
			return fmt.Errorf("element %s is missing", part.name)
		}
		count = 0
	}
	return nil
}

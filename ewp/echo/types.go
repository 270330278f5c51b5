package echo

import (
	"encoding/xml"

	"github.com/passerelle-sup/passerelle/ewp"
)

// Param is the parameter that is repeated, as often as it was sent.
const Param = "echo"

// Response is the answer of the API.
type Response struct {
	XMLName xml.Name `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-echo/tree/stable-v2 response"`
	// HEIs are the institutions that the host takes the caller for: one, since a
	// client key belongs to one.
	HEIs []ewp.HEIID `xml:"hei-id"`
	// Echo are the values of the parameter, in order, repeated ones too.
	Echo []string `xml:"echo"`
}

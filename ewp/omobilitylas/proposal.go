package omobilitylas

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
)

// ProposalID returns the identifier of a proposal: the SHA-256 of its element without
// the attribute, as [Encode] writes it, in hexadecimal. It changes if and only if the
// content does, as the schema demands; signatures are content. (The schema suggests the
// hash of a canonical form; any rule will do, because nobody else computes it.)
func ProposalID(p Proposal) string {
	p.ID = ""
	var b bytes.Buffer
	name := xml.StartElement{Name: xml.Name{Space: Namespace, Local: "changes-proposal"}}
	if err := xml.NewEncoder(&b).EncodeElement(p, name); err != nil {
		panic(fmt.Sprintf("omobilitylas: a proposal that encoding/xml cannot write: %v", err)) // strings alone
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

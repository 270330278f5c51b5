package iias

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/c14n"
)

// ConditionsHash computes the conditions-hash of version 6 (6.3.0) of the agreement in
// a document: the SHA-256 of its cooperation-conditions in Exclusive XML
// Canonicalization without comments, without the contacts in them. Prefixes and
// declarations of the document count, so it must be as it was served, see [Split].
//
// The answer has the canonical form as its Text; every copy of version 6 is
// Approvable. Earlier versions hashed contacts too (second hand). The error is that of
// [Compute].
func ConditionsHash(document []byte) (Computed, error) {
	doc, err := c14n.Parse(document)
	if err != nil {
		return Computed{}, err
	}
	root := doc.Root
	if err := checkRoot(nameOf(root), 6); err != nil {
		return Computed{}, err
	}
	agreements := []*c14n.Node{root}
	if root.Local != "iia" {
		agreements = children(root, "iia")
	}
	if len(agreements) != 1 {
		return Computed{}, fmt.Errorf("iias: %d agreements in the document, want one: %w", len(agreements), passerelle.ErrProtocol)
	}
	agreement := agreements[0]
	conditions := children(agreement, "cooperation-conditions")
	if len(conditions) != 1 {
		return Computed{}, fmt.Errorf("iias: %d cooperation-conditions in the agreement, want one: %w", len(conditions), passerelle.ErrProtocol)
	}
	var text bytes.Buffer
	contact := func(n *c14n.Node) bool {
		return n.Kind == c14n.Element && (n.Local == "sending-contact" || n.Local == "receiving-contact")
	}
	if err := conditions[0].WriteElement(&text, c14n.Exclusive, contact); err != nil {
		return Computed{}, err
	}
	answer := Computed{Hash: sha256.Sum256(text.Bytes()), Approvable: true, Text: text.String()}
	for i, partner := range children(agreement, "partner") {
		for _, id := range children(partner, "iia-id") {
			switch i {
			case 0:
				answer.ID = id.Text()
			case 1:
				answer.PartnerID = id.Text()
			}
		}
	}
	for _, declared := range children(agreement, "conditions-hash") {
		answer.Declared = strings.TrimSpace(declared.Text())
	}
	return answer, nil
}

// children returns the children of a name, whatever their namespace.
func children(n *c14n.Node, name string) []*c14n.Node {
	var found []*c14n.Node
	for _, child := range n.Elements() {
		if child.Local == name {
			found = append(found, child)
		}
	}
	return found
}

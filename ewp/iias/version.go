package iias

import (
	"encoding/xml"
	"fmt"
	"strconv"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/c14n"
)

// VersionError says that a document is of another version of the API than 7. Version
// 6 is no longer spoken on the network (cut-over from 25 March to 2 April 2024); its
// hashes are computed by [ComputeOfV6] and [ConditionsHash]. errors.Is knows it as
// passerelle.ErrProtocol.
type VersionError struct {
	Major int // of the document
	Want  int // that is read here
}

// Error returns both versions.
func (e *VersionError) Error() string {
	text := "iias: the document is of version " + strconv.Itoa(e.Major) + " of the API, and version " + strconv.Itoa(e.Want) + " is read here"
	if e.Major == 6 && e.Want == 7 {
		text += ": the network left version 6 in the spring of 2024"
	}
	return text
}

// Is reports whether target is passerelle.ErrProtocol.
func (e *VersionError) Is(target error) bool { return target == passerelle.ErrProtocol }

// checkRoot refuses documents that are no agreements of a major version. A namespace
// that names no version is let through, for documents that came without.
func checkRoot(root xml.Name, major int) error {
	if root.Local != "iias-get-response" && root.Local != "iia" {
		return fmt.Errorf("iias: the root element is no iias-get-response and no iia: %w", passerelle.ErrProtocol)
	}
	return checkVersion(root, major)
}

func checkVersion(name xml.Name, major int) error {
	if m, ok := ewp.NamespaceMajor(name.Space); ok && m != major {
		return &VersionError{Major: m, Want: major}
	}
	return nil
}

func nameOf(n *c14n.Node) xml.Name { return xml.Name{Space: n.Space, Local: n.Local} }

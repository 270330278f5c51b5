package ine

import (
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// name returns the i-th name of an enumeration; a value that is none of its
// constants has no name.
func name(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return ""
}

// parseName sets *v to the rank of text among the names of an enumeration.
func parseName[E ~uint8](v *E, text []byte, names []string, what string) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return &passerelle.ParseError{Type: what, Rule: "name", Want: "one of " + strings.Join(names, ", ")}
	}
	*v = E(i)
	return nil
}

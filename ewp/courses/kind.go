package courses

import (
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Kind is what a specification is, by the prefix of its identifier. Others than those
// below may come; they are kept as read.
type Kind string

// The kinds, from the smallest to the greatest.
const (
	Class     Kind = "CLS" // a part of a course: lectures, a lab
	Course    Kind = "CR"  // within one academic term
	Module    Kind = "MOD" // a group of courses
	Programme Kind = "DEP" // ends with a degree
)

// maxKey is how long an identifier may be after its prefix.
const maxKey = 40

// KindOf returns the kind that an identifier of a specification, or of an instance,
// begins with. It is false for one that this package does not know, which is to be taken
// for something that does not exist.
func KindOf(id string) (Kind, bool) {
	prefix, key, ok := strings.Cut(id, "/")
	for _, k := range []Kind{Class, Course, Module, Programme} {
		if ok && key != "" && (prefix == string(k) || prefix == string(k)+"I") {
			return k, true
		}
	}
	return "", false
}

// Type returns the word for the kind in documents, "" for one that has none.
func (k Kind) Type() string {
	return map[Kind]string{Class: "Class", Course: "Course", Module: "Module", Programme: "Degree Programme"}[k]
}

// ID returns the identifier of a specification, "CR/1234", from the key that the system
// has it under: 1 to 40 printable ASCII characters without blanks. Its error is a
// *passerelle.ParseError.
func (k Kind) ID(key string) (string, error) { return identifier(string(k), key) }

// InstanceID is ID for an instance: "CRI/1234".
func (k Kind) InstanceID(key string) (string, error) { return identifier(string(k)+"I", key) }

func identifier(prefix, key string) (string, error) {
	id := prefix + "/" + key
	if why := isIdentifier(id); why != nil {
		return "", why
	}
	return id, nil
}

// isIdentifier says why a text is no identifier of the schema.
func isIdentifier(id string) error {
	fault := func(rule string, pos int, want string) error {
		return &passerelle.ParseError{Type: "course identifier", Rule: rule, Pos: pos, Want: want}
	}
	if _, ok := KindOf(id); !ok {
		return fault("prefix", 1, "CR/, CLS/, MOD/ or DEP/, or CRI/, CLSI/, MODI/ or DEPI/, and a key")
	}
	start := strings.IndexByte(id, '/') + 1
	if len(id)-start > maxKey {
		return fault("length", start+maxKey+1, "40 characters at most after the prefix")
	}
	for i := start; i < len(id); i++ {
		if id[i] < '!' || id[i] > '~' {
			return fault("character", i+1, "printable ASCII without blanks")
		}
	}
	return nil
}

package tors

import (
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
)

// Component is a course that was agreed upon, as a learning agreement has it in its
// table of studied components.
type Component struct {
	LOSID string // identifier of the course in the Courses API, "" when not given
	LOIID string // and of the instance of a term
	Code  string // of the receiving institution
	Title string
	ECTS  string // credits, decimal text as agreed
}

// Match is a course that was agreed upon or taken, or both.
type Match struct {
	Agreed *Component          // nil for a course that was not agreed upon
	Taken  *elmo.Specification // nil for one that the transcript does not have
}

// Passed reports whether the course was taken and passed: one whose status is not said
// counts as passed, by the rule of ELMO, an unknown one does not.
func (m Match) Passed() bool {
	return m.Taken != nil && m.Taken.Specifies.Instance.State() == elmo.Passed
}

// Compare holds a transcript against the courses agreed upon, which is what recognition
// begins with: those in their order, then what was taken beside them. A course is
// found by the identifier of its instance, its own, its code, and its title at last,
// blanks and case aside; each is taken once. Parts of a course that was found are not
// listed beside it.
func Compare(agreed []Component, t *ToR) []Match {
	var all []*node
	for _, r := range t.ELMO.Reports {
		for _, s := range r.Specifications {
			all = grow(all, s, nil)
		}
	}
	matches := make([]Match, len(agreed))
	for i := range agreed {
		matches[i].Agreed = &agreed[i]
	}
	for _, same := range []func(Component, elmo.Specification) bool{sameInstance, sameCourse, sameCode, sameTitle} {
		for i := range matches {
			if matches[i].Taken != nil {
				continue
			}
			for _, n := range all {
				if !n.taken && same(agreed[i], n.spec) {
					n.taken = true
					matches[i].Taken = &n.spec
					break
				}
			}
		}
	}
	for _, n := range all {
		if len(n.spec.Parts) == 0 && !n.within() {
			matches = append(matches, Match{Taken: &n.spec})
		}
	}
	return matches
}

// node is a course of the transcript with what holds it.
type node struct {
	spec   elmo.Specification
	parent *node
	taken  bool
}

func grow(all []*node, s elmo.Specification, parent *node) []*node {
	n := &node{spec: s, parent: parent}
	all = append(all, n)
	for _, p := range s.Parts {
		all = grow(all, p.Specification, n)
	}
	return all
}

// within reports whether the course, or one that holds it, was found.
func (n *node) within() bool {
	for ; n != nil; n = n.parent {
		if n.taken {
			return true
		}
	}
	return false
}

func sameInstance(c Component, s elmo.Specification) bool {
	return c.LOIID != "" && c.LOIID == elmo.IdentifierOf(s.Specifies.Instance.Identifiers, loiType)
}

func sameCourse(c Component, s elmo.Specification) bool {
	return c.LOSID != "" && c.LOSID == elmo.IdentifierOf(s.Identifiers, losType)
}

func sameCode(c Component, s elmo.Specification) bool {
	if c.Code == "" {
		return false
	}
	for _, id := range s.Identifiers {
		if !strings.EqualFold(id.Type, losType) && strings.TrimSpace(id.Value) == c.Code {
			return true
		}
	}
	return false
}

func sameTitle(c Component, s elmo.Specification) bool {
	for _, title := range s.Titles {
		if folded := passerelle.FoldName(title.Value); folded != "" && folded == passerelle.FoldName(c.Title) {
			return true
		}
	}
	return false
}

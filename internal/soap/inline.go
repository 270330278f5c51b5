package soap

import (
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// maxReferences bounds references through references. The elements and attributes
// copied are bounded by Limits.MaxElements.
const maxReferences = 100

// Inline puts what is referred to in the place of each reference of an answer in
// the SOAP encoding: the href and id attributes of SOAP 1.1 (section 5.4.1), with
// which Axis 1 answers, and the ref and id attributes of SOAP 1.2 (part 2,
// section 3.1.5). The body is the element that is not marked as an independent
// one. References to something outside the message are left alone. A circle, a
// reference to nothing and an answer that unfolds beyond measure are an
// [EnvelopeError].
func (e *Envelope) Inline() error {
	if e.Body == nil {
		return nil
	}
	r := resolver{version: e.Version, ids: map[string]*etree.Element{}, active: map[string]bool{}, left: e.maxElements}
	for i, el := range e.independent {
		if root, _ := xmlx.Attr(el, e.encoding(), "root"); root != "0" {
			e.Body = e.independent[i]
			break
		}
	}
	tops := e.independent
	if len(tops) == 0 {
		tops = []*etree.Element{e.Body}
	}
	for _, el := range tops {
		if err := r.index(el); err != nil {
			return err
		}
	}
	return r.expand(e.Body)
}

func (e *Envelope) encoding() string {
	if e.Version == V12 {
		return encoding12
	}
	return encoding11
}

type resolver struct {
	version Version
	ids     map[string]*etree.Element
	active  map[string]bool
	left    int
}

func (r *resolver) id(el *etree.Element) string {
	namespace := ""
	if r.version == V12 {
		namespace = encoding12
	}
	id, _ := xmlx.Attr(el, namespace, "id")
	return id
}

// reference returns what el refers to inside the message, "" where it does not.
func (r *resolver) reference(el *etree.Element) string {
	if r.version == V12 {
		ref, _ := xmlx.Attr(el, encoding12, "ref")
		return strings.TrimPrefix(ref, "#")
	}
	href, _ := xmlx.Attr(el, "", "href")
	if ref, ok := strings.CutPrefix(href, "#"); ok {
		return ref
	}
	return ""
}

func (r *resolver) index(el *etree.Element) error {
	if id := r.id(el); id != "" {
		if r.ids[id] != nil {
			return &EnvelopeError{Rule: "reference", Want: "each id once"}
		}
		r.ids[id] = el
	}
	for _, child := range el.ChildElements() {
		if err := r.index(child); err != nil {
			return err
		}
	}
	return nil
}

func (r *resolver) expand(el *etree.Element) error {
	if id := r.id(el); id != "" && !r.active[id] {
		r.active[id] = true // what is inside el must not refer to it
		defer delete(r.active, id)
	}
	ref := r.reference(el)
	if ref != "" {
		target := r.ids[ref]
		switch {
		case target == nil:
			return &EnvelopeError{Rule: "reference", Want: "references to elements that are there"}
		case r.active[ref]:
			return &EnvelopeError{Rule: "reference", Want: "references without a circle"}
		case len(r.active) >= maxReferences:
			return &EnvelopeError{Rule: "reference", Want: "fewer references through references"}
		}
		if r.left -= weight(target); r.left < 0 {
			return tooMuch()
		}
		if r.left -= replace(el, target); r.left < 0 {
			return tooMuch()
		}
		r.active[ref] = true
		defer delete(r.active, ref)
		if r.reference(el) != "" {
			return r.expand(el)
		}
	}
	for _, child := range el.ChildElements() {
		if err := r.expand(child); err != nil {
			return err
		}
	}
	return nil
}

func tooMuch() error {
	return &EnvelopeError{Rule: "reference", Want: "references that unfold to fewer elements"}
}

// weight counts the elements and attributes that a copy of el costs.
func weight(el *etree.Element) int {
	n := 1 + len(el.Attr)
	for _, child := range el.ChildElements() {
		n += weight(child)
	}
	return n
}

// replace gives el the attributes and the content of target, and keeps its name.
// It returns how many namespace declarations that took.
func replace(el, target *etree.Element) int {
	space := xmlx.Namespace(el, el.Space)
	el.Attr, el.Child = nil, nil
	for i := range target.Attr {
		if a := &target.Attr[i]; a.Key != "id" && a.Key != "root" || a.Space == "xmlns" {
			el.CreateAttr(a.FullKey(), a.Value)
		}
	}
	declared := xmlx.Inherit(el, target)
	// The target may bind the prefix of el to something else. An element without
	// namespace then leaves the default one to its children.
	bare := false
	if xmlx.Namespace(el, el.Space) != space {
		if bare = space == ""; bare {
			el.CreateAttr("xmlns", "")
		} else {
			el.Space = "inlined"
			el.CreateAttr("xmlns:inlined", space)
		}
	}
	for _, token := range target.Child {
		switch t := token.(type) {
		case *etree.Element:
			child := t.Copy()
			el.AddChild(child)
			if bare {
				declared += xmlx.Inherit(child, t)
			}
		case *etree.CharData:
			el.CreateText(t.Data)
		}
	}
	return declared
}

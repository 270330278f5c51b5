package ewptest

import (
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// element is one of a document.
type element = etree.Element

// selector is the path of elements below the root, in its namespace, that hold the
// identifiers of an answer: {"ounit", "ounit-id"}. The last may be an attribute of the
// element before it: {"la", "changes-proposal", "@id"}. It makes the checks of the
// validator's verifiers.
type selector []string

// texts returns what the elements hold, in their order.
func (p selector) texts(root *element) []string {
	space := xmlx.Name(root).Space
	level := []*element{root}
	var texts []string
	for _, name := range p {
		var next []*element
		for _, el := range level {
			if attr, ok := strings.CutPrefix(name, "@"); ok {
				if text, ok := xmlx.Attr(el, "", attr); ok {
					texts = append(texts, text)
				}
				continue
			}
			next = append(next, xmlx.Children(el, space, name)...)
		}
		level = next
	}
	for _, el := range level {
		texts = append(texts, xmlx.Text(el))
	}
	return texts
}

// name is the element that holds the identifiers.
func (p selector) name() string { return p[len(p)-1] }

// exactly wants these values and no others, in any order.
func (p selector) exactly(want ...string) check {
	return func(root *element) error {
		got := p.texts(root)
		if more := minus(got, want); len(more) > 0 {
			return failure("%s %v should not be there; %v is expected", p.name(), more, want)
		}
		if less := minus(want, got); len(less) > 0 {
			return failure("%s %v should be there; %v came", p.name(), less, got)
		}
		return nil
	}
}

// nothing wants no value at all.
func (p selector) nothing() check { return p.exactly() }

// with wants these values, and maybe others.
func (p selector) with(want ...string) check {
	return func(root *element) error {
		got := p.texts(root)
		for _, w := range want {
			if !slices.Contains(got, w) {
				return failure("%s %s should be there; %v came", p.name(), w, got)
			}
		}
		return nil
	}
}

// something wants a value.
func (p selector) something() check {
	return func(root *element) error {
		if len(p.texts(root)) == 0 {
			return failure("%s should be there, and there is none", p.name())
		}
		return nil
	}
}

// minus returns the values of a that are not in b, as often as they are too many.
func minus(a, b []string) []string {
	rest := slices.Clone(a)
	for _, v := range b {
		if i := slices.Index(rest, v); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		}
	}
	return rest
}

package aglae

import (
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Codec turns questions and answers into what stands in the body of a SOAP envelope
// and back, as a [Contract] says. The client and the fake of package aglaetest share
// it. It is safe for concurrent use.
type Codec struct {
	contract         Contract
	request, respond soap.Operation
	words            map[Verdict]string // the service's word for a verdict, the first in the alphabet where it has several
}

// NewCodec validates the contract and returns its codec.
func NewCodec(c Contract) (*Codec, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	k := &Codec{contract: c, words: make(map[Verdict]string)}
	k.request = soap.Operation{Name: c.Request, Namespace: c.Namespace, Qualified: !c.Unqualified}
	k.respond = k.request
	k.respond.Name = c.Response
	for word, v := range c.Words {
		if old, ok := k.words[v]; !ok || word < old {
			k.words[v] = word
		}
	}
	return k, nil
}

// KeyOf tells under which number the contract asks a question; KeyNone when it has a
// place for none of those that q has.
func (k *Codec) KeyOf(q Question) KeyUsed {
	has := func(f Field) bool {
		return slices.ContainsFunc(k.contract.Fields, func(e Element) bool { return e.Field == f })
	}
	number := has(FieldGrantNumber) && !(q.GrantNumber.IsZero() && q.INE.IsZero())
	switch byINE := has(FieldINE) && !q.INE.IsZero(); {
	case byINE && number:
		return KeyBoth
	case byINE:
		return KeyINE
	case number:
		return KeyGrantNumber
	}
	return KeyNone
}

func (k *Codec) value(q Question, f Field) string {
	switch f {
	case FieldINE:
		return q.INE.String()
	case FieldGrantNumber:
		if q.GrantNumber.IsZero() {
			return q.INE.String()
		}
		return q.GrantNumber.String()
	case FieldYear:
		return strconv.Itoa(q.Year)
	case FieldBirthDate:
		if k.contract.FrenchDate {
			return q.BirthDate.French()
		}
		return q.BirthDate.String()
	case FieldStudent:
		return q.Student
	}
	return ""
}

// EncodeQuestion returns the element that asks q. What the contract has no element
// for is left out.
func (k *Codec) EncodeQuestion(q Question) *etree.Element {
	return k.request.Element(k.fields(func(e Element) string {
		if e.Field == "" {
			return e.Text
		}
		return k.value(q, e.Field)
	})...)
}

// fields builds the tree of the elements of a question.
func (k *Codec) fields(text func(Element) string) []soap.Field {
	var top []soap.Field
	for _, e := range k.contract.Fields {
		value := text(e)
		if value == "" && !e.Required {
			continue
		}
		at := &top
		steps := strings.Split(e.Path, "/")
		for i, step := range steps {
			f := k.field(step)
			if i == len(steps)-1 {
				f.Value = value
				*at = append(*at, f)
				break
			}
			// An element that holds others is written once, where it first comes.
			j := slices.IndexFunc(*at, func(g soap.Field) bool {
				return g.Name == f.Name && g.Namespace == f.Namespace && g.Unqualified == f.Unqualified
			})
			if j < 0 {
				j = len(*at)
				*at = append(*at, f)
			}
			at = &(*at)[j].Fields
		}
	}
	return top
}

func (k *Codec) field(step string) soap.Field {
	prefix, local, found := strings.Cut(step, ":")
	switch {
	case !found:
		return soap.Field{Name: step}
	case prefix == "":
		return soap.Field{Name: local, Unqualified: true}
	}
	return soap.Field{Name: local, Namespace: k.contract.Namespaces[prefix]}
}

// DecodeQuestion is EncodeQuestion in reverse, for the side that answers. It is
// strict: an element that is missing, unknown, in another order or in another
// namespace than the contract says is a passerelle.FieldErrors, and so is a value that
// cannot be read.
func (k *Codec) DecodeQuestion(el *etree.Element) (Question, error) {
	if !k.request.Matches(el) {
		return Question{}, passerelle.FieldErrors{{Field: "Body", Rule: "name", Want: "the element " + k.contract.Request + " of the contract"}}
	}
	var q Question
	var faults passerelle.FieldErrors
	note := func(f Field, err error) {
		if e, ok := err.(*passerelle.ParseError); ok { //nolint:errorlint // parsers return it bare
			faults.Add(string(f), e.Rule, e.Want)
		}
	}
	node := k.request.Read(el, false)
	for _, e := range k.contract.Fields {
		text, said := node.Path(localPath(e.Path)).Text()
		if !said || e.Field == "" {
			continue
		}
		var err error
		switch e.Field {
		case FieldINE:
			q.INE, err = ine.Parse(text)
		case FieldGrantNumber:
			q.GrantNumber, err = ParseGrantNumber(text)
		case FieldYear:
			if q.Year, err = strconv.Atoi(text); err != nil {
				err = &passerelle.ParseError{Type: "year", Rule: "character", Want: "digits"}
			}
		case FieldBirthDate:
			if k.contract.FrenchDate {
				q.BirthDate, err = passerelle.ParseFrenchDate(text)
			} else {
				q.BirthDate, err = passerelle.ParseDate(text)
			}
		case FieldStudent:
			q.Student = text
		}
		note(e.Field, err)
	}
	if err := faults.Err(); err != nil {
		return Question{}, err
	}
	want := k.request.Element(k.fields(func(e Element) string {
		if e.Field == "" {
			return e.Text
		}
		return node.Path(localPath(e.Path)).String()
	})...)
	return q, sameShape(el, want, k.contract.Request)
}

// localPath takes the prefixes off a path.
func localPath(path string) string {
	if !strings.Contains(path, ":") {
		return path
	}
	steps := strings.Split(path, "/")
	for i, step := range steps {
		if _, local, found := strings.Cut(step, ":"); found {
			steps[i] = local
		}
	}
	return strings.Join(steps, "/")
}

// sameShape compares the names and constants of two trees, and names the first
// difference.
func sameShape(got, want *etree.Element, at string) error {
	gots, wants := got.ChildElements(), want.ChildElements()
	for i := range max(len(gots), len(wants)) {
		switch {
		case i >= len(wants):
			return passerelle.FieldErrors{{Field: at, Rule: "element", Want: "no more than " + strconv.Itoa(len(wants)) + " elements"}}
		case i >= len(gots), xmlx.Name(gots[i]) != xmlx.Name(wants[i]):
			return passerelle.FieldErrors{{Field: at, Rule: "element", Want: wants[i].Tag + " as element " + strconv.Itoa(i+1)}}
		case xmlx.Text(gots[i]) != xmlx.Text(wants[i]):
			return passerelle.FieldErrors{{Field: at + "/" + wants[i].Tag, Rule: "value", Want: "the text of the contract"}}
		}
		if err := sameShape(gots[i], wants[i], at+"/"+wants[i].Tag); err != nil {
			return err
		}
	}
	return nil
}

// EncodeAnswer returns the element that answers with a verdict. Its error, a
// passerelle.FieldErrors, says that the contract has no word for it.
func (k *Codec) EncodeAnswer(v Verdict, code, message string) (*etree.Element, error) {
	word, ok := k.words[v]
	if !ok {
		return nil, passerelle.FieldErrors{{Field: "Contract.Words", Rule: "required", Want: "a word for " + v.String()}}
	}
	el := k.respond.Element()
	for _, said := range []struct{ path, text string }{{k.contract.Verdict, word}, {k.contract.Code, code}, {k.contract.Message, message}} {
		if said.path == "" || said.text == "" {
			continue
		}
		at := el
		for local := range strings.SplitSeq(said.path, "/") {
			next := at.SelectElement(local)
			if next == nil {
				next = at.CreateElement(local)
				if k.respond.Qualified {
					next.Space = el.Space
				}
			}
			at = next
		}
		at.SetText(said.text)
	}
	return el, nil
}

// decoded is an answer element, read.
type decoded struct {
	verdict       Verdict
	word          string
	code, message string
}

// DecodeAnswer reads the element that answers. Elements are found by their local names
// in any order, and those that the contract does not name are passed over. An
// error, which is a passerelle.ErrProtocol, means that no verdict can be read: the
// verdict is Unavailable then, whatever else was said.
func (k *Codec) DecodeAnswer(el *etree.Element) (v Verdict, code, message string, err error) {
	d, err := k.decode(el)
	return d.verdict, d.code, d.message, err
}

func (k *Codec) decode(el *etree.Element) (decoded, error) {
	d := decoded{verdict: Unavailable}
	if !k.respond.Matches(el) {
		return d, &protocolError{"want the element " + k.contract.Response + " in the namespace of the contract"}
	}
	node := k.respond.Read(el, false)
	d.word = node.Path(k.contract.Verdict).String()
	if k.contract.Code != "" {
		d.code = node.Path(k.contract.Code).String()
	}
	if k.contract.Message != "" {
		d.message = node.Path(k.contract.Message).String()
	}
	if rule, ok := k.contract.rule(d.code); ok {
		if rule.Kind != "" {
			return d, rule.Kind.Err()
		}
		d.verdict = rule.Verdict
		return d, nil
	}
	v, known := k.contract.Words[d.word]
	switch {
	case d.word == "":
		return d, &protocolError{"want a verdict at " + k.contract.Verdict}
	case !known:
		return d, &protocolError{"a verdict that the contract does not know"}
	case countPath(node, k.contract.Verdict) > 1:
		return d, &protocolError{"several verdicts to one question"}
	}
	d.verdict = v
	return d, nil
}

// countPath counts the elements at the end of a path.
func countPath(n soap.Node, path string) int {
	first, rest, more := strings.Cut(path, "/")
	children := n.Children(first)
	if !more {
		return len(children)
	}
	count := 0
	for _, c := range children {
		count += countPath(c, rest)
	}
	return count
}

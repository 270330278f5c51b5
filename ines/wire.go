package ines

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Request is one of [VerifyRequest], [SearchRequest], [RegisterRequest] and
// [FollowUpRequest].
type Request interface {
	// Operation tells which question it is.
	Operation() Operation
}

// Operation returns OpVerify.
func (VerifyRequest) Operation() Operation { return OpVerify }

// Operation returns OpSearch.
func (SearchRequest) Operation() Operation { return OpSearch }

// Operation returns OpRegister.
func (RegisterRequest) Operation() Operation { return OpRegister }

// Operation returns OpFollowUp.
func (FollowUpRequest) Operation() Operation { return OpFollowUp }

// Codec turns requests and answers into what stands in the body of a SOAP
// envelope and back, as a [Contract] says. The client and the fake of package
// inestest share it. It is safe for concurrent use.
type Codec struct {
	contract Contract
	conventions
	exchanges map[Operation]*exchange
}

// exchange is an Exchange ready for use.
type exchange struct {
	Exchange
	fields, answer []node
	record         []step
}

// node is an Element ready for use.
type node struct {
	Element
	path []step
}

// step is one name of a path.
type step struct{ tag, space, local string } // tag as written, namespace, local name

// NewCodec validates the contract and returns its codec.
func NewCodec(c Contract) (*Codec, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	k := &Codec{contract: c, conventions: conventions{Conventions: c.Conventions}, exchanges: make(map[Operation]*exchange)}
	k.date, _ = parseDatePattern(c.DateFormat) // checked by Validate,
	k.zone, _ = time.LoadLocation(c.TimeZone)  // as is this
	k.word = make(map[Status]string)
	for _, word := range slices.Backward(slices.Sorted(maps.Keys(c.Statuses))) {
		k.word[c.Statuses[word]] = word
	}
	for op, x := range c.Operations {
		k.exchanges[op] = &exchange{Exchange: x, fields: k.nodes(x.Fields), answer: k.nodes(x.Answer), record: k.path(x.Record)}
	}
	return k, nil
}

func (k *Codec) nodes(elements []Element) []node {
	nodes := make([]node, len(elements))
	for i, e := range elements {
		nodes[i] = node{Element: e, path: k.path(e.Path)}
	}
	return nodes
}

func (k *Codec) path(path string) []step {
	if path == "" {
		return nil
	}
	var steps []step
	for name := range strings.SplitSeq(path, "/") {
		prefix, local, found := strings.Cut(name, ":")
		switch {
		case found:
			steps = append(steps, step{name, k.contract.Namespaces[prefix], local})
		case k.contract.Unqualified:
			steps = append(steps, step{name, "", name})
		default:
			steps = append(steps, step{k.tag(name), k.contract.Namespace, name})
		}
	}
	return steps
}

// tag writes a name of the contract's namespace.
func (k *Codec) tag(local string) string {
	if k.contract.Prefix == "" {
		return local
	}
	return k.contract.Prefix + ":" + local
}

// root returns the element of an operation or of its answer, namespaces declared.
func (k *Codec) root(local string) *etree.Element {
	el := etree.NewElement(k.tag(local))
	if k.contract.Prefix == "" {
		el.CreateAttr("xmlns", k.contract.Namespace)
	} else {
		el.CreateAttr("xmlns:"+k.contract.Prefix, k.contract.Namespace)
	}
	for _, prefix := range slices.Sorted(maps.Keys(k.contract.Namespaces)) {
		el.CreateAttr("xmlns:"+prefix, k.contract.Namespaces[prefix])
	}
	return el
}

// Operations lists what the contract can do.
func (k *Codec) Operations() []Operation { return slices.Sorted(maps.Keys(k.exchanges)) }

// EncodeRequest returns the operation element of r. Its error, a
// passerelle.FieldErrors, says that the contract lacks the operation, takes one
// value where r has several, or cannot select what r asks to follow up. Other
// fields that the contract has no element for are left out.
func (k *Codec) EncodeRequest(r Request) (*etree.Element, error) {
	x, ok := k.exchanges[r.Operation()]
	if !ok {
		return nil, missing(r.Operation())
	}
	v := k.request(r)
	var faults passerelle.FieldErrors
	for _, f := range []Field{FieldRequestID, FieldSince} { // without it, too much would be asked for
		if len(v[f]) > 0 && !slices.ContainsFunc(x.fields, func(n node) bool { return n.Field == f }) {
			faults.Add(string(f), "unsupported", "a contract with an element for it")
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	el := k.root(x.Request)
	return el, fill(el, x.fields, v)
}

// missing says that the contract has no such operation.
func missing(op Operation) error {
	return passerelle.FieldErrors{{Field: "Contract.Operations[" + string(op) + "]", Rule: "required", Want: "a contract with this operation"}}
}

// DecodeRequest is EncodeRequest in reverse, for the side that answers. It is
// strict: an element that is missing, unknown, in another order or in another
// namespace than the contract says is a passerelle.FieldErrors.
func (k *Codec) DecodeRequest(el *etree.Element) (Request, error) {
	for op, x := range k.exchanges {
		if !xmlx.Is(el, k.contract.Namespace, x.Request) {
			continue
		}
		var faults passerelle.FieldErrors
		r := k.readRequest(op, read(el, x.fields), &faults)
		if err := faults.Err(); err != nil {
			return nil, err
		}
		want, err := k.EncodeRequest(r)
		if err != nil {
			return nil, err
		}
		return r, same(el, want, x.Request)
	}
	return nil, passerelle.FieldErrors{{Field: "Body", Rule: "name", Want: "an operation of the contract"}}
}

// EncodeAnswer returns the element that answers an operation. Only a follow-up
// takes none or several answers; another operation takes the first.
func (k *Codec) EncodeAnswer(op Operation, answers ...Answer) (*etree.Element, error) {
	x, ok := k.exchanges[op]
	if !ok {
		return nil, missing(op)
	}
	el := k.root(x.Response)
	for i, a := range answers {
		if i > 0 && (op != OpFollowUp || len(x.record) == 0) {
			break
		}
		record := el
		if n := len(x.record); n > 0 {
			record = child(descend(el, x.record[:n-1]), x.record[n-1], true)
		}
		if err := fill(record, x.answer, k.answer(a)); err != nil {
			return nil, err
		}
	}
	return el, nil
}

// DecodeAnswer reads the element that answers op. It is lenient: elements are
// found by their local names in any order, those that the contract does not name
// are passed over, and what cannot be read is named in [Answer.Unread]. An
// error, which is a passerelle.ErrProtocol, means that el is not the answer of
// this operation. Each answer has to be judged by [Answer.Check].
func (k *Codec) DecodeAnswer(op Operation, el *etree.Element) ([]Answer, error) {
	x, ok := k.exchanges[op]
	if !ok {
		return nil, missing(op)
	}
	if !xmlx.Is(el, k.contract.Namespace, x.Response) {
		return nil, &shapeError{"want the element " + x.Response + " in the namespace of the contract"}
	}
	records := find(el, x.record)
	if op != OpFollowUp && len(records) != 1 {
		return nil, &shapeError{"want one " + x.Record + ", got " + strconv.Itoa(len(records))}
	}
	answers := make([]Answer, len(records))
	for i, record := range records {
		answers[i] = k.readAnswer(op, read(record, x.answer))
	}
	return answers, nil
}

// Check reports what makes an answer unusable, as a passerelle.ErrProtocol: no
// status; a confirmation whose INE maître is missing or cannot be read. The
// answer to a verification may confirm without repeating a number.
func (a Answer) Check() error {
	switch {
	case a.Status == "":
		return &shapeError{"want a status"}
	case a.Status != StatusConfirmed || !a.Master.IsZero():
		return nil
	case slices.ContainsFunc(a.Unread, func(f passerelle.FieldError) bool { return f.Field == string(FieldMaster) }):
		return &shapeError{"confirmed with an INE maître of no known shape"}
	case a.Operation != OpVerify:
		return &shapeError{"confirmed without INE maître"}
	}
	return nil
}

// shapeError says how an answer departs from the contract, without its content.
type shapeError struct{ text string }

func (e *shapeError) Error() string        { return "answer: " + e.text }
func (e *shapeError) Is(target error) bool { return target == passerelle.ErrProtocol }

// fill writes the elements below el in the order of the contract.
func fill(el *etree.Element, nodes []node, v values) error {
	var faults passerelle.FieldErrors
	for _, n := range nodes {
		texts := v[n.Field]
		switch {
		case n.Field == "":
			texts = []string{n.Text}
		case len(texts) == 0 && n.Required:
			texts = []string{""}
		case len(texts) > 1 && !n.Repeated:
			faults.Add(string(n.Field), "count", "one value, as the contract has one element "+n.Path)
			continue
		}
		for _, text := range texts {
			last := len(n.path) - 1
			leaf := child(descend(el, n.path[:last]), n.path[last], true)
			if text != "" {
				leaf.CreateText(text)
			}
		}
	}
	return faults.Err()
}

// descend goes down the steps, making what is not there.
func descend(el *etree.Element, steps []step) *etree.Element {
	for _, s := range steps {
		el = child(el, s, false)
	}
	return el
}

// child returns the child of that name, a new one where none is there or anew is set.
func child(el *etree.Element, s step, anew bool) *etree.Element {
	if !anew {
		if found := xmlx.Child(el, s.space, s.local); found != nil {
			return found
		}
	}
	return el.CreateElement(s.tag)
}

// read collects the texts of the elements below el.
func read(el *etree.Element, nodes []node) values {
	v := make(values, len(nodes))
	for _, n := range nodes {
		if n.Field == "" {
			continue
		}
		for _, leaf := range find(el, n.path) {
			v.put(n.Field, xmlx.Text(leaf))
		}
	}
	return v
}

// find returns all elements at the end of the steps, el itself for none, by
// their local names.
func find(el *etree.Element, steps []step) []*etree.Element {
	found := []*etree.Element{el}
	for _, s := range steps {
		var next []*etree.Element
		for _, el := range found {
			next = append(next, xmlx.Children(el, xmlx.Any, s.local)...)
		}
		found = next
	}
	return found
}

// same compares the names of two trees, and names the first difference.
func same(got, want *etree.Element, at string) error {
	gots, wants := got.ChildElements(), want.ChildElements()
	for i := range max(len(gots), len(wants)) {
		switch {
		case i >= len(wants):
			return passerelle.FieldErrors{{Field: at, Rule: "element", Want: "no more than " + strconv.Itoa(len(wants)) + " elements"}}
		case i >= len(gots), xmlx.Name(gots[i]) != xmlx.Name(wants[i]):
			return passerelle.FieldErrors{{Field: at, Rule: "element", Want: wants[i].Tag + " as element " + strconv.Itoa(i+1)}}
		}
		if err := same(gots[i], wants[i], at+"/"+wants[i].Tag); err != nil {
			return err
		}
	}
	return nil
}

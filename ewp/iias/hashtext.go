package iias

import (
	"encoding/xml"
	"io"
	"strconv"
	"strings"
)

// sheet is one of the two published transformations.
type sheet uint8

const (
	sheet7 sheet = iota
	// sheet6 hashes documents of version 6: no flags, no attributes, and a list of
	// years of which the first and the last count.
	sheet6
)

func (s sheet) major() int {
	if s == sheet6 {
		return 6
	}
	return 7
}

// hasher makes the text to hash while it reads the tokens of a document: values are
// taken as they are written, and nothing is marshalled again.
type hasher struct {
	sheet sheet
	text  []byte // of the conditions
	open  []frame

	agreements  int
	ids         []string // of the partners, "" where one has none
	identified  bool     // the partner that is open has an iia-id
	terminated  bool
	approvable  bool
	declared    string
	first, last string   // years of the condition that is open
	years       []string // of the same, in version 6
}

// frame is an element that is open.
type frame struct {
	name  string
	place place
	// skip says that what is inside is not in the text, off that the element is not.
	skip, off bool
	parent    bool   // it has a child element
	keep      bool   // its text is of use
	value     string // text of an isced-f-code of version 6
	text      []byte
}

// place is where an element stands, as far as that matters.
type place uint8

const (
	elsewhere place = iota
	inAgreement
	inPartner
	inConditions
	inSpec // any depth below a condition
	partnerID
	declaredHash
	aYear
)

// read reads a document to its end.
func (h *hasher) read(s *scanner) error {
	for {
		token, err := s.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := h.start(t); err != nil {
				return err
			}
		case xml.EndElement:
			h.end()
		case xml.CharData:
			if top := len(h.open) - 1; h.open[top].keep && !h.open[top].parent {
				h.open[top].text = append(h.open[top].text, t...)
			}
		}
	}
}

func (h *hasher) start(t xml.StartElement) error {
	var up *frame
	if n := len(h.open); n > 0 {
		up = &h.open[n-1]
		up.parent = true
	} else if err := checkRoot(declaredName(t), h.sheet.major()); err != nil {
		return err
	}
	if t.Name.Local == "iia" {
		if err := checkVersion(declaredName(t), h.sheet.major()); err != nil {
			return err
		}
	}
	f := frame{name: t.Name.Local}
	if up != nil {
		f.skip = up.skip
	}
	flagged := false
	for _, a := range t.Attr {
		switch {
		case a.Name.Space != "":
		case a.Name.Local == "not-yet-defined" && isTrue(a.Value):
			flagged = true
		case a.Name.Local == "v6-value":
			f.value = a.Value
		}
	}
	if h.sheet == sheet6 {
		flagged, f.value = false, ""
	}
	f.off = f.skip || flagged
	f.skip = f.off || f.name == "sending-contact" || f.name == "receiving-contact"
	if flagged || f.value != "" {
		h.approvable = false
	}
	h.put(&f, up, t)
	if n := len(h.open); n < cap(h.open) { // with the text of an element that was there before
		text := h.open[:n+1][n].text
		f.text = text[:0]
	}
	h.open = append(h.open, f)
	return nil
}

// put says where an element stands, and writes its attributes if they are in the text.
func (h *hasher) put(f *frame, up *frame, t xml.StartElement) {
	switch at := f.above(up); {
	case f.name == "iia" && at == elsewhere:
		f.place = inAgreement
		h.agreements++
		h.ids, h.text = nil, h.text[:0]
	case at == inAgreement:
		switch f.name {
		case "partner":
			f.place = inPartner
			h.ids, h.identified = append(h.ids, ""), false
		case "cooperation-conditions":
			f.place = inConditions
			for _, a := range t.Attr {
				h.terminated = h.terminated || h.sheet == sheet7 && a.Name.Local == "terminated-as-a-whole" && isTrue(a.Value)
			}
		case "iia-hash":
			f.place, f.keep = declaredHash, true
		}
	case at == inPartner && f.name == "iia-id" && !h.identified:
		f.place, f.keep, h.identified = partnerID, true, true
	case at == inConditions:
		f.place = inSpec
		h.first, h.last, h.years = "", "", h.years[:0]
	case at == inSpec:
		f.place = inSpec
		f.keep = !f.off
		if h.isYear(f.name) {
			f.off = true
			if h.ofSpec() {
				f.place, f.keep = aYear, true
			}
		}
		if !f.off && h.sheet == sheet7 {
			h.attributes(f.name, t.Attr)
		}
	}
}

// above is the place of the element around, elsewhere for the root.
func (f *frame) above(up *frame) place {
	if up == nil {
		return elsewhere
	}
	return up.place
}

// isYear reports whether an element holds a year, which stands at the end of its
// condition.
func (h *hasher) isYear(name string) bool {
	if h.sheet == sheet6 {
		return name == "receiving-academic-year-id"
	}
	return name == "receiving-first-academic-year-id" || name == "receiving-last-academic-year-id"
}

// ofSpec reports whether the element that is being opened is the child of a condition.
func (h *hasher) ofSpec() bool {
	return len(h.open) >= 2 && h.open[len(h.open)-2].place == inConditions
}

// attributes writes those that no schema allows, and that the transformation writes
// nevertheless.
func (h *hasher) attributes(name string, attrs []xml.Attr) {
	for _, a := range attrs {
		if _, ok := declares(a.Name); ok || a.Name.Space == "" && (a.Name.Local == "not-yet-defined" || a.Name.Local == "v6-value") {
			continue
		}
		h.text = append(h.text, "_@"...)
		h.names(name)
		h.text = append(h.text, '.')
		h.text = append(h.text, a.Name.Local...)
		h.text = append(h.text, '=')
		h.text = append(h.text, a.Value...)
		h.text = append(h.text, "@_"...)
	}
}

// names writes the names of the two elements that are open, and of one inside.
func (h *hasher) names(name string) {
	n := len(h.open)
	h.text = append(h.text, h.open[n-2].name...)
	h.text = append(h.text, '.')
	h.text = append(h.text, h.open[n-1].name...)
	h.text = append(h.text, '.')
	h.text = append(h.text, name...)
}

// end closes the element on top.
func (h *hasher) end() {
	n := len(h.open) - 1
	f := &h.open[n]
	h.open = h.open[:n]
	switch f.place {
	case partnerID:
		h.ids[len(h.ids)-1] = string(f.text)
	case declaredHash:
		h.declared = string(f.text)
	case aYear:
		h.year(f)
	case inSpec:
		if n > 0 && h.open[n-1].place == inConditions {
			h.endSpec()
		} else if !f.off && !f.parent {
			h.leaf(f)
		}
	}
}

// leaf writes an element without children.
func (h *hasher) leaf(f *frame) {
	h.text = append(h.text, '_')
	h.names(f.name)
	h.text = append(h.text, '=')
	if f.name == "isced-f-code" && f.value != "" {
		h.text = append(h.text, f.value...)
	} else {
		h.text = append(h.text, f.text...)
	}
	h.text = append(h.text, '_')
}

func (h *hasher) year(f *frame) {
	switch {
	case h.sheet == sheet6:
		h.years = append(h.years, string(f.text))
		h.first, h.last = h.years[0], h.years[len(h.years)-1]
	case f.name == "receiving-first-academic-year-id":
		h.first = string(f.text)
	default:
		h.last = string(f.text)
	}
}

// endSpec writes the years of a condition.
func (h *hasher) endSpec() {
	h.text = append(h.text, "_receiving-first-academic-year-id="...)
	h.text = append(h.text, h.first...)
	h.text = append(h.text, "__receiving-last-academic-year-id="...)
	h.text = append(h.text, h.last...)
	h.text = append(h.text, '_')
}

// whole returns the text: the end of the agreement, its identifiers, its conditions.
func (h *hasher) whole() string {
	var b strings.Builder
	b.Grow(len(h.text) + 256)
	if h.terminated {
		b.WriteString("_@terminated-as-a-whole@_")
	}
	for i, id := range h.ids {
		b.WriteString("_iia-id_" + strconv.Itoa(i+1) + "=" + id + "_")
	}
	b.Write(h.text)
	return b.String()
}

// id returns the identifier of a partner, "" where there is none.
func (h *hasher) id(i int) string {
	if i >= len(h.ids) {
		return ""
	}
	return h.ids[i]
}

// isTrue reports whether a flag is set, in the words of the transformation.
func isTrue(value string) bool { return value == "true" || value == "1" }

package hei

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"path"
	"strconv"
	"strings"
)

// Only the part of ECMA-376 that a list needs is read: rows and cells of the first
// sheet, with texts in place or in the table of shared ones.

// maxTexts bounds the table of shared texts, unpacked, in bytes.
const maxTexts = 64 << 20

// sheetRows yields the rows of the first sheet of a workbook.
func sheetRows(r io.ReaderAt, size int64) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		book, err := zip.NewReader(r, size)
		if err != nil {
			yield(row{}, invalid("no XLSX workbook"))
			return
		}
		name, err := firstSheet(book)
		if err != nil {
			yield(row{}, err)
			return
		}
		texts, err := sharedTexts(book)
		if err != nil {
			yield(row{}, err)
			return
		}
		sheet, err := openPart(book, name, maxPart)
		if err != nil {
			yield(row{}, err)
			return
		}
		defer sheet.Close()
		for number := 1; ; number++ {
			start, err := sheet.next("row")
			if err == io.EOF {
				return
			}
			var cells []string
			if err == nil {
				if n, aerr := strconv.Atoi(attribute(start, "r")); aerr == nil && n > 0 {
					number = n
				}
				cells, err = sheet.cells(texts)
			}
			if !yield(row{number, cells}, err) || err != nil {
				return
			}
		}
	}
}

// firstSheet returns the name of the part that has the first sheet.
func firstSheet(book *zip.Reader) (string, error) {
	workbook, err := openPart(book, "xl/workbook.xml", 1<<20)
	if err != nil {
		return "", err
	}
	defer workbook.Close()
	start, err := workbook.next("sheet")
	if err != nil {
		return "", invalid("a workbook without sheets")
	}
	id := attribute(start, "id")
	relations, err := openPart(book, "xl/_rels/workbook.xml.rels", 1<<20)
	if err != nil {
		return "", err
	}
	defer relations.Close()
	for {
		start, err := relations.next("Relationship")
		if err != nil {
			return "", invalid("a workbook whose first sheet is nowhere")
		}
		if attribute(start, "Id") == id {
			if target := attribute(start, "Target"); strings.HasPrefix(target, "/") {
				return target[1:], nil
			} else {
				return path.Join("xl", target), nil
			}
		}
	}
}

// sharedTexts reads the texts that cells refer to by number.
func sharedTexts(book *zip.Reader) ([]string, error) {
	table, err := openPart(book, "xl/sharedStrings.xml", maxTexts)
	if errors.Is(err, errNoPart) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer table.Close()
	var texts []string
	for {
		if _, err := table.next("si"); err == io.EOF {
			return texts, nil
		} else if err != nil {
			return nil, err
		}
		text, err := table.text("si")
		if err != nil {
			return nil, err
		}
		if texts = append(texts, text); len(texts) > maxRows*10 {
			return nil, invalid("more than %d texts", maxRows*10)
		}
	}
}

var errNoPart = invalid("a part of the workbook is missing")

// part is an XML file of a workbook, bounded, without document type declaration.
type part struct {
	io.Closer
	limited *io.LimitedReader
	xml     *xml.Decoder
}

func openPart(book *zip.Reader, name string, limit int64) (*part, error) {
	for _, f := range book.File {
		if f.Name != name {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, invalid("a part of the workbook cannot be unpacked")
		}
		limited := &io.LimitedReader{R: r, N: limit}
		return &part{r, limited, xml.NewDecoder(limited)}, nil
	}
	return nil, errNoPart
}

// token returns the next token; io.EOF is the end of a whole document.
func (p *part) token() (xml.Token, error) {
	t, err := p.xml.RawToken()
	if err == nil {
		if _, ok := t.(xml.Directive); ok {
			return nil, invalid("a document type declaration")
		}
		return t, nil
	}
	if p.limited.N <= 0 {
		return nil, invalid("a part of the workbook is too large")
	}
	if err == io.EOF {
		return nil, io.EOF
	}
	return nil, invalid("a part of the workbook is no XML")
}

// next goes to the next element of a name.
func (p *part) next(name string) (xml.StartElement, error) {
	for {
		t, err := p.token()
		if err != nil {
			return xml.StartElement{}, err
		}
		if start, ok := t.(xml.StartElement); ok && start.Name.Local == name {
			return start, nil
		}
	}
}

// inside returns the next token of an element that was begun; false at its end.
func (p *part) inside(name string) (xml.Token, bool, error) {
	t, err := p.token()
	if err == io.EOF {
		return nil, false, invalid("a part of the workbook is cut off")
	}
	if end, ok := t.(xml.EndElement); ok && end.Name.Local == name {
		return nil, false, nil
	}
	return t, err == nil, err
}

// text returns the text of the t and v elements in an element, phonetic readings left
// out.
func (p *part) text(name string) (string, error) {
	var b strings.Builder
	taking, phonetic := false, false
	for {
		t, ok, err := p.inside(name)
		if !ok {
			return b.String(), err
		}
		switch t := t.(type) {
		case xml.StartElement:
			taking = t.Name.Local == "t" || t.Name.Local == "v"
			phonetic = phonetic || t.Name.Local == "rPh"
		case xml.EndElement:
			taking = false
			phonetic = phonetic && t.Name.Local != "rPh"
		case xml.CharData:
			if taking && !phonetic {
				b.Write(t)
			}
		}
		if b.Len() > maxCell {
			return "", invalid("a cell of more than %d bytes", maxCell)
		}
	}
}

// cells reads the cells of the row that was begun.
func (p *part) cells(texts []string) ([]string, error) {
	var cells []string
	for {
		t, ok, err := p.inside("row")
		if !ok {
			return cells, err
		}
		start, ok := t.(xml.StartElement)
		if !ok || start.Name.Local != "c" {
			continue
		}
		at := len(cells)
		if ref := attribute(start, "r"); ref != "" {
			if at = column(ref); at < 0 {
				return nil, invalid("a cell at %q", ref[:min(len(ref), 10)])
			}
		}
		if at >= maxFields {
			return nil, invalid("more than %d columns", maxFields)
		}
		text, err := p.text("c")
		if err != nil {
			return nil, err
		}
		if attribute(start, "t") == "s" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || n >= len(texts) {
				return nil, invalid("a cell with a text that is not there")
			}
			text = texts[n]
		}
		for len(cells) <= at {
			cells = append(cells, "")
		}
		cells[at] = text
	}
}

// column returns the column of a reference, from 0: 27 for "AB12"; -1 for none.
func column(ref string) int {
	n := 0
	for i := range len(ref) {
		c := ref[i]
		if isDigit(c) {
			break
		}
		if c < 'A' || c > 'Z' || n > maxFields {
			return -1
		}
		n = n*26 + int(c-'A') + 1
	}
	return n - 1
}

func attribute(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

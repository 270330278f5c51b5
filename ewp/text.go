package ewp

import "strings"

// Text is a text with the language it is in, as an element with an optional
// xml:lang (StringWithOptionalLang and its like in common-types.xsd). With a
// ",chardata" field it marshals under any element name.
type Text struct {
	Lang  string `xml:"http://www.w3.org/XML/1998/namespace lang,attr,omitempty"` // BCP 47: "en", "ru-Latn"; empty when not said
	Value string `xml:",chardata"`
}

// IsLang reports whether the text is in a language: "en" is also meant by "EN",
// "en-GB" and "EN-Latn" (basic filtering of RFC 4647, 3.3.1). The empty language
// is that of texts which do not say theirs.
func (t Text) IsLang(lang string) bool {
	if lang == "" || len(t.Lang) < len(lang) {
		return t.Lang == lang
	}
	return strings.EqualFold(t.Lang[:len(lang)], lang) && (len(t.Lang) == len(lang) || t.Lang[len(lang)] == '-')
}

// Texts is one text in several languages. Nothing forbids two in one language,
// such as a name in two scripts.
type Texts []Text

// In returns the text in the first of the languages that there is one in, else
// the one that names no language, else the first of all. It returns the zero Text
// where there is none at all.
func (ts Texts) In(langs ...string) Text {
	for _, lang := range append(langs[:len(langs):len(langs)], "") {
		for _, t := range ts {
			if t.IsLang(lang) {
				return t
			}
		}
	}
	if len(ts) > 0 {
		return ts[0]
	}
	return Text{}
}

// Has reports whether there is a text in lang.
func (ts Texts) Has(lang string) bool {
	for _, t := range ts {
		if t.IsLang(lang) {
			return true
		}
	}
	return false
}

// SuccessUserMessage is the local name, in [NamespaceCommon], of the message for a
// person that some answers to updates carry, one element a language.
const SuccessUserMessage = "success-user-message"

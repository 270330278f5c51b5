package campaign

import (
	"strings"
	"testing"
)

// TestTexts wants every outcome and reason in both languages, with the same
// number of places for arguments.
func TestTexts(t *testing.T) {
	t.Parallel()
	for _, o := range Outcomes() {
		for _, lang := range []Lang{French, English} {
			if o.Title(lang) == string(o) {
				t.Errorf("%s has no title in %s", o, lang)
			}
			if o.NeedsAction() && o.Todo(lang) == "" {
				t.Errorf("%s needs action and does not say which in %s", o, lang)
			}
		}
	}
	for key, english := range reasonTexts[English] {
		if french, ok := reasonTexts[French][key]; !ok || strings.Count(french, "%s") != strings.Count(english, "%s") {
			t.Errorf("reason %s: %q in English, %q in French", key, english, french)
		}
	}
	if len(reasonTexts[French]) != len(reasonTexts[English]) {
		t.Error("a reason stands in one language only")
	}
	if got := because("share", 4, 20, 5).Text(French); got != "4 immatriculations sur 20 en litige ou refusées, plus de 5 %" {
		t.Errorf("reason %q", got)
	}
}

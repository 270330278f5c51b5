package ewptest_test

import (
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
)

const (
	uniA = "uni-a.example"
	uniB = "uni-b.example"
	uniC = "uni-c.example"
)

// three are the universities of a network: who is looked at, who speaks, and another.
func three(first ewptest.UniversityConfig) ewptest.Config {
	first.HEI = ewp.MustParseHEIID(uniA)
	return ewptest.Config{Universities: []ewptest.UniversityConfig{
		first, {HEI: ewp.MustParseHEIID(uniB)}, {HEI: ewp.MustParseHEIID(uniC)},
	}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{}))
	report, err := ewptest.Check(t.Context(), n.Host(uniA, uniB))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(report)
}

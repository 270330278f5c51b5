package httpsig

import (
	"slices"
	"strings"
	"testing"
)

// FuzzParams reads parameters, writes them and reads them again.
func FuzzParams(f *testing.F) {
	const id = "035013774f596e1887344bda8a06462030759592355db3f51c8498ffd0b18add"
	f.Add(`keyId="` + id + `",algorithm="rsa-sha256",headers="(request-target) host",signature="QUJD"`)
	f.Add(` keyId = "` + id + `" , signature="QUJD",	headers="a a A",algorithm="rsa-sha256",x="," `)
	f.Add(`keyId="` + id + `",algorithm="rsa-sha256",signature="QUJD"`)
	f.Add(`keyId="\"",=,`)
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseParams(s)
		if err != nil {
			if err.Reason == "" || err.Want == "" || strings.Contains(err.Error(), s) && len(s) > 20 {
				t.Fatalf("error %q without reason or expectation, or with the input", err)
			}
			return
		}
		for _, name := range p.names {
			if name != strings.ToLower(name) || strings.ContainsAny(name, ` "`) {
				t.Fatalf("name %q", name)
			}
		}
		again, err := parseParams(p.format())
		if err != nil {
			t.Fatalf("%v in %s", err, p.format())
		}
		if again.keyID != p.keyID || again.signature != p.signature || !slices.Equal(again.names, p.names) || !slices.Equal(again.raw, p.raw) {
			t.Fatalf("read again %+v, want %+v", again, p)
		}
	})
}

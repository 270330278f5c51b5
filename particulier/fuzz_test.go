package particulier_test

import (
	"errors"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/particulier"
)

// seed adds the payloads of the published cases, and what is odd.
func seed(f *testing.F) {
	for _, s := range []string{
		`null`, `{}`, `{"data":null}`, `{"data":{}}`, `{"errors":["x"]}`, `{"errors":[{"code":"25003","source":null,"meta":{"retry_in":10}}]}`,
		`{"error":"not_found","reason":"r","message":"m"}`, `{"inscriptions":[{}]}`, `{"data":{"admissions":[{"code_cog_insee_commune":1e400}]}}`,
		`{"status":"ok"}`, `{"_id":"1","scopes":[]}`, "\xff", `{"data":{"echelon_bourse":{"echelon":6}}}`,
	} {
		f.Add([]byte(s))
	}
	for i, c := range loadCases(f).All() {
		if i%5 == 0 {
			f.Add([]byte(c.Payload))
		}
	}
}

// checkDecode: an error is a protocol error that repeats nothing long.
func checkDecode(t *testing.T, err error) {
	t.Helper()
	if err != nil && (!errors.Is(err, passerelle.ErrProtocol) || len(err.Error()) > 400) {
		t.Errorf("error %v", err)
	}
}

// FuzzDecodeStudentStatus: whatever comes, a value is there only where it is present.
func FuzzDecodeStudentStatus(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := particulier.DecodeStudentStatus(data)
		checkDecode(t, err)
		if s.Admissions.State != particulier.Present && s.Admissions.Value != nil || s.INE.State != particulier.Present && s.INE.Value != "" {
			t.Errorf("a value that is not present: %+v", s)
		}
		if enrolled, known := s.Enrolled(); enrolled && !known || known && s.Admissions.State != particulier.Present {
			t.Errorf("enrolled %v, known %v of %+v", enrolled, known, s)
		}
	})
}

// FuzzDecodeScholarship is the same for scholarships.
func FuzzDecodeScholarship(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := particulier.DecodeScholarship(data)
		checkDecode(t, err)
		if right, known := s.Right(); right && (!known || s.Holder.State != particulier.Present) {
			t.Errorf("a right without a holder: %+v", s)
		}
	})
}

// FuzzParseFaults: whatever comes, a code never stands for a kind that it is not.
func FuzzParseFaults(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		faults := particulier.ParseFaults(data)
		if len(faults) > 40 {
			t.Errorf("%d faults", len(faults))
		}
		for _, fault := range faults {
			_ = fault.Code.Error()
		}
	})
}

// FuzzDecodeService reads pings and introspections.
func FuzzDecodeService(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := particulier.DecodeHealth(data)
		checkDecode(t, err)
		if err == nil && h.Status == "" {
			t.Error("a health without status")
		}
		_, err = particulier.DecodeTokenInfo(data)
		checkDecode(t, err)
	})
}

// FuzzRecipient: what is read is written again as the same.
func FuzzRecipient(f *testing.F) {
	f.Add("13002526500013")
	f.Add("35600000000048")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := particulier.ParseRecipient(s)
		if err != nil {
			return
		}
		if again, err := particulier.ParseRecipient(r.String()); err != nil || again != r {
			t.Errorf("%v, %v", again, err)
		}
	})
}

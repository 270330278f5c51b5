package registry

import (
	"iter"
	"maps"
	"slices"

	"github.com/passerelle-sup/passerelle/ewp"
)

// Problem is something odd in a catalogue that does not stop it from being used.
type Problem string

// The problems. "Dropped" means that the index does not have it.
const (
	HEIIDMalformed     Problem = "hei-id"            // no identifier: empty, with blanks inside; dropped
	HEIIDNoDomain      Problem = "hei-id-domain"     // an identifier that is no domain name
	HEIRepeated        Problem = "hei-repeated"      // described more than once; the last description counts
	HEIUndescribed     Problem = "hei-undescribed"   // covered by a host, not among the institutions
	HEIUnnamed         Problem = "hei-unnamed"       // without a name
	OtherIDBlank       Problem = "other-id-blank"    // blanks around the value
	OtherIDEmpty       Problem = "other-id-empty"    // no value or no type; dropped
	OtherIDSeveral     Problem = "other-id-several"  // several PICs or Erasmus codes of one institution
	OtherIDShared      Problem = "other-id-shared"   // one PIC or Erasmus code of several institutions
	PICMalformed       Problem = "pic"               // not nine digits: a number in exponent form, an OID
	VersionMissing     Problem = "version-missing"   // an API entry without version
	VersionMalformed   Problem = "version"           // not three numbers
	VersionMismatch    Problem = "version-namespace" // another major version than the namespace
	URLMalformed       Problem = "url"               // not https, with a fragment or with blanks
	FingerprintMissing Problem = "fingerprint"       // no SHA-256 in lower-case hexadecimal; dropped
	KeyMalformed       Problem = "key"               // not the base64 of an RSA SubjectPublicKeyInfo; dropped
	KeyMismatch        Problem = "key-fingerprint"   // another key than its fingerprint says; dropped
	KeyWeak            Problem = "key-length"        // of a length that this module does not compute with
	KeyAbsent          Problem = "key-absent"        // in use by a host, not among the binaries
	KeyAmbiguous       Problem = "key-institutions"  // a client key of several institutions
	HostSeveralHEIs    Problem = "host-several-heis" // against version 1.11 of the architecture
)

// maxFindings bounds how many findings of each problem are kept.
const maxFindings = 200

// Finding is one occurrence of a Problem.
type Finding struct {
	Problem Problem
	Line    int       // in the catalogue, where it was noticed; 0 when it concerns no place
	HEI     ewp.HEIID // the institution concerned; zero when it is none, or not known yet
	Subject string    // the API, the fingerprint or the other identifier concerned
}

// Report is what is odd in a catalogue, and how much is in it. No host can do
// anything about most of it: it is for those who run the network, and for whoever
// wonders why a partner cannot be found.
type Report struct {
	Hosts, Entries, HEIs, Keys int // of the catalogue
	counts                     map[Problem]int
	findings                   []Finding
}

// Report returns what was noticed while the catalogue was read.
func (x *Index) Report() Report { return x.report }

// Count returns how often a problem was met.
func (r Report) Count(p Problem) int { return r.counts[p] }

// Problems returns the problems that were met, sorted.
func (r Report) Problems() []Problem { return slices.Sorted(maps.Keys(r.counts)) }

// Findings yields the occurrences in the order of the catalogue, the first 200 of
// each problem.
func (r Report) Findings() iter.Seq[Finding] { return slices.Values(r.findings) }

func (r *Report) add(f Finding) {
	if r.counts == nil {
		r.counts = make(map[Problem]int)
	}
	if r.counts[f.Problem]++; r.counts[f.Problem] <= maxFindings {
		r.findings = append(r.findings, f)
	}
}

package ewptest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestConformanceFindsFaults holds a host with each fault against the steps. What the
// validator's own tests say of the same faults is what the table says.
func TestConformanceFindsFaults(t *testing.T) {
	t.Parallel()
	const (
		fails, warns = ewptest.Failure, ewptest.Warning
		anonymously  = "anonymous client"
		several      = "Accept-Signature with several algorithms"
		unaccepted   = "Accept-Signature without a known algorithm"
		identified   = "X-Request-Id without a signature"
	)
	type mutation struct {
		// steps are all that are not passed, by name.
		steps map[string]ewptest.Status
		// every says that a fault of the signed answer fails every step of these
		// combinations that looks at one, for a reason with these words.
		every, reason string
	}
	unchallenged := map[string]ewptest.Status{anonymously: warns, several: warns, unaccepted: warns, identified: warns}
	const signedAnswers = "GAHTT PAHTT GHHTT -HHTT PHHTT"
	table := map[ewptest.Fault]mutation{
		ewptest.RequiresDate:       {steps: map[string]ewptest.Status{"Original-Date in place of Date": fails}},
		ewptest.IgnoresRequestID:   {steps: map[string]ewptest.Status{"unsigned x-request-id": fails}},
		ewptest.TakesServerKeys:    {steps: map[string]ewptest.Status{"signed with a server key": fails}},
		ewptest.NoDateThreshold:    {steps: map[string]ewptest.Status{"clock 20 minutes behind": warns}},
		ewptest.NoSignatureCheck:   {steps: map[string]ewptest.Status{"known key, wrong signature": fails, "signed header that is not there": fails}},
		ewptest.NoDigestCheck:      {steps: map[string]ewptest.Status{"body changed, length kept": fails, "digest SHA": warns}},
		ewptest.TakesAnyRequestID:  {steps: map[string]ewptest.Status{"X-Request-Id that is not canonical": warns}},
		ewptest.ReadsAddressOfPOST: {steps: map[string]ewptest.Status{"parameters in the address of a POST": fails}},
		ewptest.OneAcceptSignature: {steps: map[string]ewptest.Status{several: fails}},
		ewptest.TakesAnonymous: {steps: map[string]ewptest.Status{
			anonymously: fails, several: fails, unaccepted: fails, identified: fails,
		}},
		ewptest.UnaskedRequestID: {steps: map[string]ewptest.Status{anonymously: fails, several: fails, unaccepted: fails}},
		ewptest.NoWantDigest:     {steps: unchallenged},
		ewptest.NoChallenge:      {steps: unchallenged},
		ewptest.WrongChallenge:   {steps: unchallenged},

		ewptest.RefusesExtraHeaders:   {every: "GHTTT PHTTT GHHTT PHHTT", reason: "must not be signed"},
		ewptest.RequiresSHA512:        {every: "GHTTT PHTTT GHHTT PHHTT", reason: "the algorithm rsa-sha512 is required"},
		ewptest.SignsWithoutDate:      {every: signedAnswers, reason: "want Date or Original-Date among the signed headers"},
		ewptest.SignsStaleDate:        {every: signedAnswers, reason: "skew"},
		ewptest.SignsUnknownDigest:    {every: signedAnswers, reason: "want a SHA-256 digest"},
		ewptest.AppendsAfterSigning:   {every: signedAnswers, reason: "want the SHA-256 of the body as sent"},
		ewptest.NoRequestID:           {every: "GAHTT PAHTT GHHTT -HHTT PHHTT", reason: "X-Request-Id"},
		ewptest.WrongRequestID:        {every: "GAHTT PAHTT GHTTT -HTTT PHTTT GHHTT -HHTT PHHTT", reason: "the X-Request-Id of the answer is not that of the request"},
		ewptest.NoRequestSignature:    {every: "GHHTT -HHTT PHHTT", reason: "X-Request-Signature"},
		ewptest.WrongRequestSignature: {every: "GHHTT -HHTT PHHTT", reason: "X-Request-Signature"},
		ewptest.UnsignedDigest:        {every: signedAnswers, reason: "want it among the signed headers"},
		ewptest.SignsWithClientKey:    {every: signedAnswers, reason: "want a server key of the host that was called"},
	}
	for _, fault := range ewptest.ServerFaults() {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			want, ok := table[fault]
			if !ok {
				t.Fatal("the table does not have the fault")
			}
			n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{}))
			n.University(uniA).Inject(ewptest.Injection{Fault: fault})
			host := n.Host(uniA, uniB)
			host.Only = []ewp.API{ewp.Echo}
			if want.every == "" {
				testutil.Equal(t, "steps that are not passed", steps(t, host), want.steps)
			} else {
				everywhere(t, host, strings.Fields(want.every), want.reason)
			}
			if n.University(uniA).Hits(fault) == 0 {
				t.Error("the fault never acted")
			}
		})
	}
}

// everywhere checks that a fault fails a step in exactly these combinations, each time
// for a reason with these words.
func everywhere(t *testing.T, host ewptest.Host, combinations []string, reason string) {
	t.Helper()
	report, err := ewptest.Check(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	for _, r := range report {
		if r.Status != ewptest.Failure || !strings.Contains(r.Reason, reason) {
			continue
		}
		if c := r.Combination.String(); !slices.Contains(failed, c) {
			failed = append(failed, c)
		}
	}
	testutil.Equal(t, "combinations that fail", failed, combinations)
	if t.Failed() {
		t.Log(report)
	}
}

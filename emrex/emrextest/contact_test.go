package emrextest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/emrex"
	"github.com/passerelle-sup/passerelle/emrex/emrextest"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
)

func newClient(tb testing.TB, contact *emrextest.Contact) *emrex.Client {
	tb.Helper()
	c, err := emrex.NewClient(emrex.ClientConfig{
		Directory: emrex.Static{contact.Provider()}, Sessions: &emrex.MemorySessions{}, ReturnURL: "https://sis.example/emrex/return", MaxDocument: 10 << 20,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// TestFaults: each fault has its verdict.
func TestFaults(t *testing.T) {
	t.Parallel()
	contact := emrextest.NewServer(t)
	c := newClient(t, contact)
	var b emrextest.Browser
	for fault, want := range map[emrextest.Fault]string{
		emrextest.NoFault: "results", emrextest.Tampered: "signature", emrextest.OtherKey: "signature", emrextest.Unsigned: "signature", emrextest.Wrapped: "signature",
		emrextest.OtherSession: "session", emrextest.NoCode: "results", emrextest.UnknownCode: "failed", emrextest.Truncated: "document", emrextest.Bomb: "document",
		emrextest.MIMELines: "results", emrextest.Nobody: "no-results", emrextest.Cancel: "cancelled", emrextest.Broken: "failed",
	} {
		contact.Misbehave(fault)
		form, err := c.Start(t.Context(), emrex.StartRequest{Provider: contact.URL})
		if err != nil {
			t.Fatal(err)
		}
		back, err := b.Follow(t.Context(), form)
		if err != nil {
			t.Fatalf("%s: %v", fault, err)
		}
		r, err := b.Request(t.Context(), back)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Return(t.Context(), r)
		verdict := ""
		if refused, ok := errors.AsType[*emrex.ReturnError](err); ok {
			verdict = refused.Rule
		} else if err == nil {
			verdict = string(got.Outcome)
		}
		if verdict != want {
			t.Errorf("%q: %s (%v); want %s", fault, verdict, err, want)
		}
		if want == "results" && got.Document.Learner.FamilyName != "L'Hôte" {
			t.Errorf("%q: %+v", fault, got.Document)
		}
	}
	if len(emrextest.Faults()) != 14 || len(contact.Requests()) != 14 {
		t.Errorf("%d faults, %d requests", len(emrextest.Faults()), len(contact.Requests()))
	}
	for _, v := range []elmo.Version{elmo.V1, elmo.V2} {
		if err := emrextest.Learner().Validate(v); err != nil {
			t.Errorf("the learner in version %s: %v", v, err)
		}
	}
}

// TestListJSON: the registry's list of this contact point is read in both spellings.
func TestListJSON(t *testing.T) {
	t.Parallel()
	contact := emrextest.NewServer(t)
	for _, name := range []string{"ncps", "emps"} {
		list, dropped, err := emrex.ReadList(bytes.NewReader(contact.ListJSON(name)))
		if err != nil || len(list) != 1 || list[0].URL != contact.URL || !list[0].Certificates[0].Equal(contact.Certificate) || len(dropped) != 1 {
			t.Errorf("%s: %+v, %v, %v", name, list, dropped, err)
		}
	}
}

// A student fetches results from another university; both ends run here.
func Example() {
	contact, err := emrextest.Listen()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer contact.Close()
	client, err := emrex.NewClient(emrex.ClientConfig{
		Directory: emrex.Static{contact.Provider()}, Sessions: &emrex.MemorySessions{}, ReturnURL: "https://sis.example/emrex/return",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	form, err := client.Start(ctx, emrex.StartRequest{Provider: contact.URL, Bound: "csv:2026000042"})
	if err != nil {
		fmt.Println(err)
		return
	}
	var browser emrextest.Browser // in life form.WriteTo sends the student's own
	back, err := browser.Follow(ctx, form)
	if err != nil {
		fmt.Println(err)
		return
	}
	request, err := browser.Request(ctx, back)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := client.Return(ctx, request)
	if err != nil {
		fmt.Println(err)
		return
	}
	student := passerelle.Person{BirthName: "L'HOTE", GivenNames: [3]string{"ZOE"}, BirthDate: passerelle.MustParseDate("2003-02-01")}
	fmt.Println(answer.Session.Bound, answer.Outcome, answer.Verified.Digest)
	fmt.Println(emrex.Compare(answer.Document.Learner, student).Folded(), answer.Document.Reports[0].CreditsPassed("ects").FloatString(1))
	// Output:
	// csv:2026000042 results SHA-256
	// true 7.5
}

package omobilitylas_test

import (
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	la "github.com/passerelle-sup/passerelle/ewp/omobilitylas"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

var (
	uniA = ewp.MustParseHEIID("uni-a.example") // sends
	uniB = ewp.MustParseHEIID("uni-b.example") // receives
	uniC = ewp.MustParseHEIID("uni-c.example") // has no part in it

	// at is when the tests take place.
	at = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
)

func day(n int) time.Time { return at.AddDate(0, 0, n) }

func signed(who, when string) la.Signature {
	return la.Signature{Name: who, Position: "Coordinator", Email: "office@example.org", Time: when, App: "SIS"}
}

var (
	studentSigned   = la.Signature{Time: "2026-05-01T09:00:00+02:00", App: "SIS"}
	sendingSigned   = signed("Anne Exemple", "2026-05-02T09:00:00+02:00")
	receivingSigned = signed("Bernd Beispiel", "2026-05-05T09:00:00+02:00")
)

func component(title string) la.Component {
	return la.Component{
		LOSCode: "C-" + title, Title: title, Term: &term.Part{Number: "1", Total: "2"}, Credits: []la.Credit{{Scheme: "ects", Value: "7.5"}},
	}
}

func virtual(title string) la.Component {
	c := component(title)
	c.Term, c.ShortDescription = nil, "Lectures & exercises, online"
	return c
}

func change(mark la.Mark, c la.Component) la.Component {
	c.Status, c.ReasonText = mark, "timetable"
	return c
}

func proposal(t la.Tables) *la.Proposal {
	return &la.Proposal{Version: la.Version{Tables: t, StudentSignature: studentSigned, SendingSignature: sendingSigned}}
}

func semester() la.Tables {
	return la.Tables{Studied: la.TableOf(component("Algebra"), component("Logic")), Recognized: la.TableOf(component("Algèbre"))}
}

func blended() la.Tables {
	return la.Tables{Blended: la.TableOf(component("Stay"), virtual("Online part"))}
}

func doctoral() la.Tables { return la.Tables{Doctoral: la.TableOf(component("Laboratory"))} }

// agreement returns one whose proposal has not been sealed yet.
func agreement(id string, t la.Tables) la.Agreement {
	return la.Agreement{
		OMobilityID: id,
		Sending: la.Institution{HEI: uniA, UnitName: "Faculté d'exemple", UnitID: "fac-1", Contact: la.Person{
			GivenNames: "Anne", FamilyName: "Exemple", Email: "anne@uni-a.example", Phone: &contact.Phone{E164: "+33388000000"},
		}},
		Receiving: la.Institution{HEI: uniB, Contact: la.Person{GivenNames: "Bernd", FamilyName: "Beispiel", Email: "bernd@uni-b.example"}},
		YearID:    "2026/2027",
		Student: la.Student{
			GivenNames: "Zoé", FamilyName: "Étudiante", GlobalID: "urn:schac:personalUniqueCode:int:esi:uni-a.example:123",
			BirthDate: "2004-02-29", Citizenship: "FR", Gender: "2", Email: "zoe@uni-a.example",
		},
		StartDate: "2026-09-01", EndMonth: "2027-01", EQF: "6", ISCED: "0541", Language: la.LanguageSkill{Language: "en", Level: "B2"},
		Proposal: proposal(t), LearningOutcomesURL: "https://uni-b.example/courses", ProvisionsURL: "http://uni-b.example/provisions",
	}
}

// must panics on an error that no test is about.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// proposed is a state of the first version.
func proposed(id string) la.State { return must(la.NewState(agreement(id, semester()), at)) }

func approve(s la.State) la.UpdateRequest { return la.NewApproval(s.Agreement, receivingSigned) }

// agreed is a state of the first version, approved.
func agreed(id string) la.State {
	s := proposed(id)
	return must(s.Apply(uniB, approve(s), day(1)))
}

// changesOf returns a proposal of changes to the first version of semester.
func changesOf() la.Proposal {
	return *proposal(la.Tables{
		Studied:    la.TableOf(change(la.Deleted, component("Logic")), change(la.Inserted, component("Sets"))),
		Recognized: la.TableOf(),
		Virtual:    la.TableOf(change(la.Inserted, virtual("Proofs"))),
	})
}

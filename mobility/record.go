package mobility

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Course is a course that can be chosen, or was.
type Course struct {
	Code    string  `json:"code"` // in the host's catalogue
	Title   string  `json:"title"`
	Credits Credits `json:"credits"`
	Term    string  `json:"term,omitempty"`
	// Replaces names what the home institution recognises in its place.
	Replaces string `json:"replaces,omitempty"`
}

// Offer is the courses that are open to each type of mobility, by its code.
type Offer map[string][]Course

// ApprovalGiven is an approval, and the content that it was given to.
type ApprovalGiven struct {
	Step    string    `json:"step"`
	By      Actor     `json:"by"`
	At      time.Time `json:"at"`
	Content string    `json:"content"` // fingerprint of the choice, see Fingerprint
}

// DocumentMade is a document that was produced, and its content.
type DocumentMade struct {
	Document string    `json:"document"`
	Step     string    `json:"step"`
	At       time.Time `json:"at"`
	Content  string    `json:"content"`
	// Approvals are the steps that had approved this content.
	Approvals []string `json:"approvals"`
}

// The words of Done.Step that are no steps. The prefixes stand before a step's code.
const (
	doneWithdrawn = "withdrawn"
	doneReopened  = "reopened"
	doneRefused   = "refused:" // the step was refused
	doneUndone    = "undone:"  // the step was done, and had to be done again
)

// Done is a step that was done, or "withdrawn", "reopened", "refused:" and a step, or
// "undone:" and a step that was done once and had to be done again.
type Done struct {
	Step string    `json:"step"`
	By   Actor     `json:"by"`
	At   time.Time `json:"at"`
	Note string    `json:"note,omitempty"` // for people; personal
}

// Status is whether a mobility goes on.
type Status string

// The statuses. The zero value is none: a record that was not started.
const (
	Open      Status = "open"
	Completed Status = "completed" // every active step is done
	Refused   Status = "refused"
	Withdrawn Status = "withdrawn"
)

// Record is one mobility. It is personal data. Its slices must not be changed:
// records share them.
type Record struct {
	ID        string    `json:"id"`
	Version   int64     `json:"version"` // number of the last write, from 1; 0 for a record never written
	Direction Direction `json:"direction"`
	Student   string    `json:"student"`   // reference in the student system, sis.StudentID.String()
	Partner   string    `json:"partner"`   // HEI id of the other institution
	Country   string    `json:"country"`   // of the partner, ISO 3166-1 alpha-2
	Component string    `json:"component"` // UFR, institute, school of the own institution
	Type      string    `json:"type"`
	Programme string    `json:"programme"`
	Year      int       `json:"year"` // academic year, by its first civil year

	Status    Status          `json:"status"`
	Step      string          `json:"step,omitempty"` // the step that comes next; empty when none does
	Since     time.Time       `json:"since,omitzero"` // when it came to that step
	Started   time.Time       `json:"started,omitzero"`
	Choice    []Course        `json:"choice,omitempty"`
	Changes   int             `json:"changes,omitempty"` // how often the choice changed after a document was made
	Approvals []ApprovalGiven `json:"approvals,omitempty"`
	Documents []DocumentMade  `json:"documents,omitempty"`
	History   []Done          `json:"history,omitempty"` // the oldest first
	Reason    string          `json:"reason,omitempty"`  // of a refusal or withdrawal that nothing has followed; personal
}

// LogValue gives the identifier and where the mobility stands: nothing personal.
func (r Record) LogValue() slog.Value {
	return slog.GroupValue(slog.String("mobility", r.ID), slog.String("status", string(r.Status)), slog.String("step", r.Step))
}

// Credits returns the sum of the chosen courses.
func (r Record) Credits() Credits {
	var sum Credits
	for _, c := range r.Choice {
		sum += c.Credits
	}
	return sum
}

// Fingerprint identifies a course choice, whatever its order: the SHA-256 of codes,
// credits, terms and what each replaces, in hexadecimal. Titles are for people and
// left out.
func Fingerprint(choice []Course) string {
	lines := make([]string, len(choice))
	for i, c := range choice {
		lines[i] = strings.Join([]string{c.Code, c.Credits.String(), c.Term, c.Replaces}, "\x00")
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte("passerelle/mobility choice 1\n" + strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}

// approved reports whether a step has approved the present choice.
func (r Record) approved(step string) bool {
	now := Fingerprint(r.Choice)
	return slices.ContainsFunc(r.Approvals, func(a ApprovalGiven) bool { return a.Step == step && a.Content == now })
}

package omobilities

import (
	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// RefusedError says that the rules do not allow something. errors.Is knows it as
// passerelle.ErrNotFound for [UnknownMobility], as ErrInvalid for [OtherParties] and
// [OtherStudent], and else as ErrConflict. It holds nothing personal.
type RefusedError struct{ Reason Reason }

// refusals are what is said of each reason, to developers in one sentence and to
// people in two languages.
var refusals = map[Reason]struct {
	kind    error
	text    string
	english string
	french  string
}{
	UnknownMobility: {passerelle.ErrNotFound, "no such mobility",
		"This mobility is not known.", "Cette mobilité est inconnue."},
	OtherProposal: {passerelle.ErrConflict, "another proposal is current",
		"Your copy of the nomination is not up to date. Please refresh it and repeat your decision.",
		"Votre copie de la nomination n'est plus à jour. Rafraîchissez-la, puis décidez à nouveau."},
	IsCancelled: {passerelle.ErrConflict, "the mobility is cancelled",
		"The nomination has been cancelled by the sending institution.", "La nomination a été annulée par l'établissement d'origine."},
	IsApproved: {passerelle.ErrConflict, "the nomination is approved, and can only be cancelled",
		"The nomination is already approved: only the sending institution can end it, by cancelling.",
		"La nomination est déjà acceptée : seul l'établissement d'origine peut y mettre fin, en l'annulant."},
	OtherParties: {passerelle.ErrInvalid, "the institutions of a mobility never change: another one needs another identifier",
		"Another institution needs a new nomination.", "Un autre établissement demande une nouvelle nomination."},
	OtherStudent: {passerelle.ErrInvalid, "the student of a mobility never changes: another one needs another identifier",
		"Another student needs a new nomination.", "Un autre étudiant demande une nouvelle nomination."},
	IsGone: {passerelle.ErrConflict, "the sending institution does not show the mobility any more",
		"The sending institution does not show this nomination any more.", "L'établissement d'origine ne montre plus cette nomination."},
	Exists: {passerelle.ErrConflict, "there is a mobility of this identifier",
		"There is a nomination of this identifier already.", "Une nomination porte déjà cet identifiant."},
	NotDecidable: {passerelle.ErrConflict, "what the sending institution serves contradicts itself",
		"What the sending institution serves contradicts itself: ask it.", "Ce que sert l'établissement d'origine se contredit : interrogez-le."},
}

// Error returns what is refused, in one sentence.
func (e *RefusedError) Error() string { return "omobilities: " + refusals[e.Reason].text }

// Is reports whether target is the member of the taxonomy that the reason belongs to.
func (e *RefusedError) Is(target error) bool { return target == refusals[e.Reason].kind }

// Outcome returns NotSent: the rules are looked at before anything is sent.
func (e *RefusedError) Outcome() passerelle.Outcome { return passerelle.NotSent }

// Messages returns what a person is told, in English and French.
func (e *RefusedError) Messages() ewp.Texts {
	r := refusals[e.Reason]
	return ewp.Texts{{Lang: "en", Value: r.english}, {Lang: "fr", Value: r.french}}
}

func refused(reason Reason) error { return &RefusedError{reason} }

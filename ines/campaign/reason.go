package campaign

import (
	"fmt"

	"github.com/passerelle-sup/passerelle/ine"
)

// Reason says why a student, or a run, came to where it is, in any of the
// languages. The zero Reason says nothing.
type Reason struct {
	Key  string   `json:"key"` // a stable word
	Args []string `json:"args,omitempty"`
}

// because makes a reason of a key of reasonTexts.
func because(key string, args ...any) Reason {
	r := Reason{Key: key}
	for _, a := range args {
		r.Args = append(r.Args, fmt.Sprint(a))
	}
	return r
}

// IsZero reports whether r says nothing.
func (r Reason) IsZero() bool { return r.Key == "" }

// Text says the reason to a person. It holds no personal data.
func (r Reason) Text(lang Lang) string {
	form, ok := reasonTexts[lang.orFrench()][r.Key]
	if !ok {
		return r.Key
	}
	args := make([]any, len(r.Args))
	for i, a := range r.Args {
		args[i] = a
	}
	return fmt.Sprintf(form, args...)
}

// String is Text in English.
func (r Reason) String() string { return r.Text(English) }

// toCheck says what is wrong with a number when INES does not know the person.
func toCheck(v ine.Verdict) Reason {
	switch {
	case v.Status == ine.StatusMalformed:
		return because("not-an-ine")
	case v.Status == ine.StatusSuspect && v.ExpectedKey != "":
		return because("wrong-key", v.ExpectedKey)
	case v.Status == ine.StatusSuspect:
		return because("suspect")
	case v.Status == ine.StatusUnknown:
		return because("no-known-family")
	default:
		return because("not-known")
	}
}

var reasonTexts = map[Lang]map[string]string{
	English: {
		"not-an-ine":          "what is recorded is no INE, and INES does not know the person",
		"wrong-key":           "the key of the number should be %s, and INES does not know the person",
		"suspect":             "the number is not right, and INES does not know the person",
		"no-known-family":     "the number has the form of no known family, and INES does not know the person",
		"not-known":           "INES knows neither this number with this birth date nor the person",
		"same-reference":      "the reference %s stands twice in the base",
		"same-reference-line": "the reference %s stands in line %s too",
		"same-identity":       "%s has the same civil identity and was registered",
		"limit":               "limit of %s registrations in this run",
		"share":               "%s of %s registrations ended in a litige or a refusal, more than %s %%",
		"credentials":         "INES refuses the credentials",
		"right":               "INES refuses this right to the credentials",
		"silence":             "INES did not answer %s times in a row",
		"not-sent":            "the registration was not sent",
		"plan-register":       "would be searched for, then registered if INES does not know the person",
		"plan-verify":         "would be verified",
		"plan-search":         "would be searched for",
		"left":                "the student is no longer in the base",
		"interrupted":         "interrupted",
		"another":             "INES gave this record another number, or gave it to another person",
		"same-number":         "%s has the same INE: one person in two records",
		"error":               "the run ended with an error",
		"write-conflict":      "the student system holds another confirmed number",
		"write-unavailable":   "the student system could not be reached",
		"write-not-found":     "the student system does not know the student",
		"write-failed":        "the student system did not take the number",
		"todo-write":          "Enter the number in the student system, or correct what keeps it out; the next run tries again.",
	},
	French: {
		"not-an-ine":          "la valeur saisie n'est pas un INE, et INES ne connaît pas la personne",
		"wrong-key":           "la clé du numéro devrait être %s, et INES ne connaît pas la personne",
		"suspect":             "le numéro est erroné, et INES ne connaît pas la personne",
		"no-known-family":     "le numéro n'a la forme d'aucune famille connue, et INES ne connaît pas la personne",
		"not-known":           "INES ne connaît ni ce numéro avec cette date de naissance, ni la personne",
		"same-reference":      "la référence %s figure deux fois dans la base",
		"same-reference-line": "la référence %s figure aussi ligne %s",
		"same-identity":       "%s a le même état civil et a déjà été présenté",
		"limit":               "limite de %s immatriculations pour ce passage",
		"share":               "%s immatriculations sur %s en litige ou refusées, plus de %s %%",
		"credentials":         "INES refuse les identifiants de connexion",
		"right":               "INES refuse ce droit au compte",
		"silence":             "INES n'a pas répondu %s fois de suite",
		"not-sent":            "la demande n'a pas été envoyée",
		"plan-register":       "ferait l'objet d'une recherche, puis d'une immatriculation si INES ne connaît pas la personne",
		"plan-verify":         "ferait l'objet d'une vérification",
		"plan-search":         "ferait l'objet d'une recherche",
		"left":                "l'étudiant n'est plus dans la base",
		"interrupted":         "interruption",
		"another":             "INES a donné à ce dossier un autre numéro, ou l'a donné à une autre personne",
		"same-number":         "%s a le même INE : une personne, deux dossiers",
		"error":               "le traitement s'est terminé par une erreur",
		"write-conflict":      "le système de scolarité contient un autre numéro confirmé",
		"write-unavailable":   "le système de scolarité n'a pas répondu",
		"write-not-found":     "le système de scolarité ne connaît pas l'étudiant",
		"write-failed":        "le système de scolarité n'a pas pris le numéro",
		"todo-write":          "Saisir le numéro dans le système de scolarité, ou corriger ce qui l'empêche ; le prochain passage réessaiera.",
	},
}

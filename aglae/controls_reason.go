package aglae

import "fmt"

// Reason says why a row stands in a report, in any of the languages. The zero Reason
// says nothing.
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

var reasonTexts = map[Lang]map[string]string{
	French: {
		"no-ine":                "aucun INE saisi : le connecteur ne peut pas interroger AGLAE",
		"no-ine-grant":          "aucun INE saisi, et le numéro de boursier a la forme d'un INE dont la clé est juste",
		"provisional":           "INE provisoire : AGLAE peut connaître l'étudiant sous un autre numéro",
		"provisional-grant":     "INE provisoire, et le numéro de boursier est différent : le connecteur ne peut pas reconnaître l'étudiant",
		"provisional-grant-ine": "INE provisoire, et le numéro de boursier a la forme d'un INE dont la clé est juste",
		"no-grant-number":       "déclaré ou notifié boursier, sans numéro de boursier saisi",
		"older-ine":             "le numéro de boursier est un ancien INE de la même personne",
		"slip":                  "un seul caractère diffère (position %s) : faute de frappe probable, les clés ne disent pas lequel est juste",
		"slip-ine":              "un seul caractère diffère (position %s) et seule la clé de l'INE est juste",
		"slip-grant":            "un seul caractère diffère (position %s) et seule la clé du numéro de boursier est juste",
		"swap":                  "deux caractères voisins sont inversés (position %s), les clés ne disent pas lequel est juste",
		"swap-ine":              "deux caractères voisins sont inversés (position %s) et seule la clé de l'INE est juste",
		"swap-grant":            "deux caractères voisins sont inversés (position %s) et seule la clé du numéro de boursier est juste",
		"dropped":               "un caractère est en trop ou manque (position %s), les clés ne disent pas dans lequel",
		"dropped-ine":           "un caractère est en trop ou manque (position %s) et seule la clé de l'INE est juste",
		"dropped-grant":         "un caractère est en trop ou manque (position %s) et seule la clé du numéro de boursier est juste",
		"wrong-key-ine":         "numéros différents : la clé du numéro de boursier est fausse, celle de l'INE est juste",
		"wrong-key-grant":       "numéros différents : la clé de l'INE est fausse, celle du numéro de boursier est juste",
		"different":             "numéros différents et sans ressemblance",
		"different-ine":         "numéros différents : l'INE a une clé juste, le numéro de boursier n'a pas la forme d'un INE",
		"different-grant":       "numéros différents : le numéro de boursier a la forme d'un INE dont la clé est juste, pas l'INE saisi",
		"conditional":           "notification conditionnelle depuis %s jours",
		"conditional-undated":   "notification conditionnelle, date inconnue",
		"declared-not-asked":    "déclaré boursier, et AGLAE n'a jamais été interrogé",
		"declared-waiting":      "déclaré boursier, et AGLAE répond d'attendre : ce n'est pas un refus",
		"declared-no-answer":    "déclaré boursier, et AGLAE n'a jamais pu répondre",
		"confirmed-undeclared":  "AGLAE confirme la bourse, et la scolarité n'en dit rien",
		"confirmed-unknown":     "AGLAE confirme la bourse, et la scolarité n'indique pas si l'étudiant est boursier",
		"confirmed-unenrolled":  "AGLAE confirme la bourse, et l'étudiant n'est pas dans la liste des inscriptions",
		"detection-holder":      "bourse confirmée",
		"detection-wait":        "bourse non encore confirmée",
		"detection-no-answer":   "pas de réponse",
		"crous-definitive":      "bourse définitive dans le fichier du Crous, encore conditionnelle ici",
		"crous-struck":          "radié dans le fichier du Crous",
		"crous-struck-on":       "radié le %s dans le fichier du Crous",
		"crous-undeclared":      "dans le fichier du Crous, et non déclaré boursier ici",
		"crous-other-number":    "même état civil dans le fichier du Crous, sous un autre numéro",
		"crous-homonyms":        "plusieurs personnes de cet état civil : rapprochement à faire à la main",
		"crous-absent":          "absent du fichier du Crous, ce qui ne prouve pas l'absence de bourse",
		"crous-unenrolled":      "dans le fichier du Crous, et dans aucune inscription",
	},
	English: {
		"no-ine":                "no INE recorded: the connector has no key to ask AGLAE",
		"no-ine-grant":          "no INE recorded, and the grant number has the shape of an INE with the right key",
		"provisional":           "provisional INE: AGLAE may know the student under another number",
		"provisional-grant":     "provisional INE, and the grant number is another: the connector cannot recognise the student",
		"provisional-grant-ine": "provisional INE, and the grant number has the shape of an INE with the right key",
		"no-grant-number":       "declared or notified as a holder, and no grant number recorded",
		"older-ine":             "the grant number is an older INE of the same person",
		"slip":                  "one character differs (position %s): probably mistyped, the keys do not tell which is right",
		"slip-ine":              "one character differs (position %s) and only the INE has the right key",
		"slip-grant":            "one character differs (position %s) and only the grant number has the right key",
		"swap":                  "two neighbours are swapped (position %s), the keys do not tell which is right",
		"swap-ine":              "two neighbours are swapped (position %s) and only the INE has the right key",
		"swap-grant":            "two neighbours are swapped (position %s) and only the grant number has the right key",
		"dropped":               "one character too many or too few (position %s), the keys do not tell in which",
		"dropped-ine":           "one character too many or too few (position %s) and only the INE has the right key",
		"dropped-grant":         "one character too many or too few (position %s) and only the grant number has the right key",
		"wrong-key-ine":         "different numbers: the key of the grant number is wrong, that of the INE is right",
		"wrong-key-grant":       "different numbers: the key of the INE is wrong, that of the grant number is right",
		"different":             "different numbers, not alike",
		"different-ine":         "different numbers: the INE has a right key, the grant number has not the shape of an INE",
		"different-grant":       "different numbers: the grant number has the shape of an INE with the right key, the INE recorded has not",
		"conditional":           "conditional notification for %s days",
		"conditional-undated":   "conditional notification, day not known",
		"declared-not-asked":    "declared a holder, and AGLAE was never asked",
		"declared-waiting":      "declared a holder, and AGLAE says to wait: this is no refusal",
		"declared-no-answer":    "declared a holder, and AGLAE could never answer",
		"confirmed-undeclared":  "AGLAE confirms the grant, and the student system does not have it",
		"confirmed-unknown":     "AGLAE confirms the grant, and the student system does not tell whether the student is a holder",
		"confirmed-unenrolled":  "AGLAE confirms the grant, and the student is not in the list of enrolments",
		"detection-holder":      "grant confirmed",
		"detection-wait":        "grant not confirmed yet",
		"detection-no-answer":   "no answer",
		"crous-definitive":      "definitive in the file of the Crous, still conditional here",
		"crous-struck":          "struck off in the file of the Crous",
		"crous-struck-on":       "struck off on %s in the file of the Crous",
		"crous-undeclared":      "in the file of the Crous, and not declared a holder here",
		"crous-other-number":    "the same civil identity in the file of the Crous, under another number",
		"crous-homonyms":        "several people of this civil identity: to be matched by hand",
		"crous-absent":          "not in the file of the Crous, which does not prove that there is no grant",
		"crous-unenrolled":      "in the file of the Crous, and in no enrolment",
	},
}

// words are what people read about a finding.
type words struct{ title, todo string }

// Title says in a few words what f means.
func (f Finding) Title(lang Lang) string {
	if w, ok := findingTexts[lang.orFrench()][f]; ok {
		return w.title
	}
	return string(f)
}

// Todo says what someone has to do about f; "" when nothing.
func (f Finding) Todo(lang Lang) string { return findingTexts[lang.orFrench()][f].todo }

var findingTexts = map[Lang]map[Finding]words{
	French: {
		FoundMissingINE:         {"INE manquant", "Demander son INE à l'étudiant, ou le rechercher dans INES."},
		FoundProvisionalINE:     {"INE provisoire", "Demander la notification papier ; relancer INES pour le numéro définitif."},
		FoundMissingGrantNumber: {"numéro de boursier manquant", "Saisir le numéro porté sur la notification."},
		FoundOlderINE:           {"numéro de boursier : ancien INE", "Rien à corriger ici ; signaler au Crous le nouvel INE."},
		FoundMistyped:           {"INE ou numéro de boursier mal saisi", "Comparer avec la notification et corriger le numéro faux."},
		FoundDifferent:          {"INE différent du numéro de boursier", "Comparer avec la notification ; corriger, ou signaler l'écart au Crous."},
		FoundConditional:        {"bourse conditionnelle en attente", "Rejouer l'inscription ; à défaut, signaler au Crous."},
		FoundNotAsked:           {"déclaré boursier, jamais vérifié", "Interroger le connecteur, ou demander la notification."},
		FoundWaiting:            {"déclaré boursier, en attente", "Demander la notification ; rejouer plus tard. Ne pas conclure à un refus."},
		FoundNoAnswer:           {"déclaré boursier, sans réponse d'AGLAE", "Rejouer la question ; demander la notification."},
		FoundUndeclared:         {"bourse confirmée, non déclarée", "Cocher le statut boursier et revoir les droits d'inscription."},
		FoundUnenrolled:         {"bourse sans inscription", "Vérifier que l'étudiant est bien inscrit."},
		FoundDetection:          {"réponse d'AGLAE", ""},
		FoundDefinitive:         {"bourse définitive d'après le Crous", "Passer la bourse de conditionnelle à définitive."},
		FoundStruckOff:          {"radié d'après le Crous", "Vérifier auprès du Crous avant de réclamer des droits."},
		FoundOtherNumber:        {"connu du Crous sous un autre numéro", "Vérifier l'identité, puis saisir le numéro de boursier."},
		FoundHomonyms:           {"plusieurs personnes de même état civil", "Comparer avec la notification."},
		FoundAbsent:             {"absent du fichier du Crous", "Demander la notification. Ne pas conclure à un refus."},
	},
	English: {
		FoundMissingINE:         {"INE missing", "Ask the student for the INE, or search for it in INES."},
		FoundProvisionalINE:     {"provisional INE", "Ask for the paper notification; ask INES for the definitive number."},
		FoundMissingGrantNumber: {"grant number missing", "Enter the number of the notification."},
		FoundOlderINE:           {"grant number is an older INE", "Nothing to correct here; tell the Crous the new INE."},
		FoundMistyped:           {"INE or grant number mistyped", "Compare with the notification and correct the wrong one."},
		FoundDifferent:          {"INE different from the grant number", "Compare with the notification; correct, or tell the Crous."},
		FoundConditional:        {"conditional grant still open", "Replay the registration; failing that, tell the Crous."},
		FoundNotAsked:           {"declared a holder, never checked", "Ask the connector, or ask for the notification."},
		FoundWaiting:            {"declared a holder, waiting", "Ask for the notification; replay later. Do not conclude to a refusal."},
		FoundNoAnswer:           {"declared a holder, no answer of AGLAE", "Replay the question; ask for the notification."},
		FoundUndeclared:         {"grant confirmed, not declared", "Set the holder status and review the fees."},
		FoundUnenrolled:         {"grant without enrolment", "Check that the student is enrolled."},
		FoundDetection:          {"answer of AGLAE", ""},
		FoundDefinitive:         {"definitive according to the Crous", "Move the grant from conditional to definitive."},
		FoundStruckOff:          {"struck off according to the Crous", "Check with the Crous before fees are claimed."},
		FoundOtherNumber:        {"known to the Crous under another number", "Check the identity, then enter the grant number."},
		FoundHomonyms:           {"several people of one identity", "Compare with the notification."},
		FoundAbsent:             {"not in the file of the Crous", "Ask for the notification. Do not conclude to a refusal."},
	},
}

// Title names the report.
func (c Control) Title(lang Lang) string {
	if text, ok := controlTexts[lang.orFrench()][c]; ok {
		return text
	}
	return string(c)
}

var controlTexts = map[Lang]map[Control]string{
	French: {
		ControlNumbers:     "INE et numéros de boursier",
		ControlConditional: "bourses conditionnelles en attente",
		ControlUnconfirmed: "boursiers déclarés sans confirmation",
		ControlUndeclared:  "bourses confirmées non déclarées",
		ControlDetections:  "journal des détections",
		ControlCrous:       "rapprochement avec le fichier du Crous",
	},
	English: {
		ControlNumbers:     "INE and grant numbers",
		ControlConditional: "conditional grants still open",
		ControlUnconfirmed: "declared holders without confirmation",
		ControlUndeclared:  "confirmed grants not declared",
		ControlDetections:  "log of detections",
		ControlCrous:       "crossing with the file of the Crous",
	},
}

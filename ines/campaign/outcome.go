package campaign

// Outcome is what a run says of one student. Every student has exactly one.
type Outcome string

// The outcomes, from settled to unreadable.
const (
	Definitive Outcome = "definitive"  // the base holds a definitive number; nothing was asked
	Confirmed  Outcome = "confirmed"   // INES confirms the number that the base holds
	Found      Outcome = "found"       // INES knew the person: the number was missing or provisional in the base
	Created    Outcome = "created"     // INES gave the person a number
	Replaced   Outcome = "replaced"    // INES answers an older number by another INE maître
	Corrected  Outcome = "corrected"   // the number held was wrong; INES gave that of the person
	InProgress Outcome = "in-progress" // the immatriculation is under way at INES
	Litige     Outcome = "litige"      // INES found look-alikes: a person decides
	Incomplete Outcome = "incomplete"  // required fields are missing
	Invalid    Outcome = "invalid"     // a datum breaks a rule, found here or by INES
	Refused    Outcome = "refused"     // INES answered by an error code
	ToCheck    Outcome = "to-check"    // the number is wrong or not known to INES, and so is the person
	Duplicate  Outcome = "duplicate"   // another record of the base has this reference or this identity
	Doubtful   Outcome = "doubtful"    // a registration was sent and its answer is not known
	Held       Outcome = "held"        // ready to be registered, kept back by a limit or a stop
	Planned    Outcome = "planned"     // dry run: would be asked, then registered if unknown
	Unanswered Outcome = "unanswered"  // INES could not be asked: the next run tries again
	Unreadable Outcome = "unreadable"  // the record of the base could not be read
)

// Outcomes lists all outcomes in the order in which a report shows them.
func Outcomes() []Outcome {
	return []Outcome{
		Definitive, Confirmed, Found, Created, Replaced, Corrected, InProgress, Litige, Incomplete, Invalid, Refused,
		ToCheck, Duplicate, Doubtful, Held, Planned, Unanswered, Unreadable,
	}
}

// NeedsAction reports whether someone in the school has something to do.
func (o Outcome) NeedsAction() bool {
	switch o {
	case Corrected, Litige, Incomplete, Invalid, Refused, ToCheck, Duplicate, Doubtful, Unreadable:
		return true
	}
	return false
}

// Changed reports whether the run brought a number that the base did not hold.
func (o Outcome) Changed() bool {
	switch o {
	case Found, Created, Replaced, Corrected:
		return true
	}
	return false
}

// Lang is a language of the texts for people. The zero value is French.
type Lang string

// The languages.
const (
	French  Lang = "fr"
	English Lang = "en"
)

// words are what people read about an outcome.
type words struct{ title, todo string }

var texts = map[Lang]map[Outcome]words{
	French: {
		Definitive: {"INE définitif, rien à demander", ""},
		Confirmed:  {"INE confirmé par INES", ""},
		Found:      {"INE retrouvé par INES", ""},
		Created:    {"INE créé par INES", ""},
		Replaced:   {"ancien INE remplacé par l'INE maître", ""},
		Corrected:  {"INE erroné, corrigé par INES", "Vérifier le dossier : le numéro saisi n'était pas celui de la personne."},
		InProgress: {"immatriculation en cours auprès d'INES", "Demander à INES où en est la demande."},
		Litige:     {"litige : INES voit des dossiers similaires", "Traiter le litige dans le portail INES ; le suivi quotidien lira la décision."},
		Incomplete: {"données obligatoires manquantes", "Compléter les champs indiqués dans le système de scolarité."},
		Invalid:    {"donnée non valable", "Corriger les champs indiqués dans le système de scolarité."},
		Refused:    {"refus d'INES", "Lire le code et le message d'INES ; corriger le dossier, qui sera alors présenté de nouveau."},
		ToCheck:    {"INE à vérifier", "Demander à l'étudiant un justificatif de son INE et le ressaisir."},
		Duplicate:  {"doublon dans la base", "Rapprocher les deux dossiers de la même personne."},
		Doubtful:   {"envoi sans réponse connue", "Ne pas renvoyer. Chercher la personne dans le portail INES, puis trancher."},
		Held:       {"prêt, retenu par une limite", ""},
		Planned:    {"simulation : demande à INES prévue", ""},
		Unanswered: {"INES n'a pas pu répondre, nouvel essai au prochain passage", ""},
		Unreadable: {"dossier illisible", "Corriger la ligne indiquée du fichier ou de la base."},
	},
	English: {
		Definitive: {"definitive INE, nothing to ask", ""},
		Confirmed:  {"INE confirmed by INES", ""},
		Found:      {"INE found by INES", ""},
		Created:    {"INE created by INES", ""},
		Replaced:   {"older INE replaced by the INE maître", ""},
		Corrected:  {"wrong INE, corrected by INES", "Check the record: the number typed was not this person's."},
		InProgress: {"immatriculation under way at INES", "Ask INES where the registration stands."},
		Litige:     {"litige: INES sees look-alikes", "Settle the litige in the portal of INES; the daily follow-up reads the decision."},
		Incomplete: {"required data missing", "Complete the fields named, in the student system."},
		Invalid:    {"datum not valid", "Correct the fields named, in the student system."},
		Refused:    {"refused by INES", "Read INES's code and message; correct the record, which is then sent anew."},
		ToCheck:    {"INE to check", "Ask the student for a proof of the INE and type it again."},
		Duplicate:  {"duplicate in the base", "Merge the two records of one person."},
		Doubtful:   {"sent, answer not known", "Do not send again. Look for the person in the portal of INES, then decide."},
		Held:       {"ready, kept back by a limit", ""},
		Planned:    {"dry run: would be asked", ""},
		Unanswered: {"INES could not answer, tried again at the next run", ""},
		Unreadable: {"record not readable", "Correct the line named, in the file or the base."},
	},
}

// Title says in a few words what o means.
func (o Outcome) Title(lang Lang) string {
	if w, ok := texts[lang.orFrench()][o]; ok {
		return w.title
	}
	return string(o)
}

// Todo says what someone has to do about o; "" when nothing.
func (o Outcome) Todo(lang Lang) string { return texts[lang.orFrench()][o].todo }

func (l Lang) orFrench() Lang {
	if l == English {
		return English
	}
	return French
}

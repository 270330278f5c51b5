package diploma

// Section numbers of the model, in its order. They did not change between 1997
// and 2018.
var numbers = []string{
	"1", "1.1", "1.2", "1.3", "1.4",
	"2", "2.1", "2.2", "2.3", "2.4", "2.5",
	"3", "3.1", "3.2", "3.3",
	"4", "4.1", "4.2", "4.3", "4.4", "4.5",
	"5", "5.1", "5.2",
	"6", "6.1", "6.2",
	"7", "7.1", "7.2", "7.3", "7.4",
	"8",
}

// Numbers returns the numbers of all sections, in order.
func Numbers() []string { return append([]string(nil), numbers...) }

// Wording is the titles of a version of the model in a language, and the words of
// the printed page.
type Wording struct {
	Version string            // "1997", "2007", "2018"
	Lang    string            // BCP 47: "en", "fr"
	Titles  map[string]string // by section number
	Words   map[string]string // of the page: see words
}

// English is the wording of 2018 in English. Source: public templates that follow
// the model.
func English() Wording {
	return Wording{Version: "2018", Lang: "en", Words: copyOf(words["en"]), Titles: map[string]string{
		"1":   "Information identifying the holder of the qualification",
		"1.1": "Last name(s)", "1.2": "First name(s)", "1.3": "Date of birth (dd/mm/yyyy)",
		"1.4": "Student identification number or code (if available)",
		"2":   "Information identifying the qualification",
		"2.1": "Name of qualification and (if applicable) title conferred (in original language)",
		"2.2": "Main field(s) of study for the qualification",
		"2.3": "Name and status of awarding institution (in original language)",
		"2.4": "Name and status of institution (if different from 2.3) administering studies (in original language)",
		"2.5": "Language(s) of instruction/examination",
		"3":   "Information on the level and duration of the qualification",
		"3.1": "Level of the qualification", "3.2": "Official duration of programme in credits and/or years", "3.3": "Access requirement(s)",
		"4":   "Information on the programme completed and the results obtained",
		"4.1": "Mode of study", "4.2": "Programme learning outcomes",
		"4.3": "Programme details, individual credits gained and grades/marks obtained",
		"4.4": "Grading system and, if available, grade distribution table",
		"4.5": "Overall classification of the qualification (in original language)",
		"5":   "Information on the function of the qualification",
		"5.1": "Access to further study", "5.2": "Access to a regulated profession (if applicable)",
		"6":   "Additional information",
		"6.1": "Additional information", "6.2": "Further information sources",
		"7":   "Certification of the supplement",
		"7.1": "Date", "7.2": "Signature", "7.3": "Capacity", "7.4": "Official stamp or seal",
		"8": "Information on the national higher education system",
	}}
}

// French is the wording of 2007 in French. Source: the French ENIC-NARIC centre up
// to section 4.3; the titles after it are deduced, not published.
func French() Wording {
	return Wording{Version: "2007", Lang: "fr", Words: copyOf(words["fr"]), Titles: map[string]string{
		"1":   "Informations sur le titulaire du diplôme",
		"1.1": "Nom(s) de famille", "1.2": "Prénom(s)", "1.3": "Date de naissance (jour/mois/année)",
		"1.4": "Numéro ou code d'identification de l'étudiant (si disponible)",
		"2":   "Informations sur le diplôme",
		"2.1": "Intitulé du diplôme et (si possible) titre conféré (dans la langue originale)",
		"2.2": "Principal(aux) domaine(s) d'étude couvert(s) par le diplôme",
		"2.3": "Nom et statut de l'établissement ayant délivré le diplôme (dans la langue originale)",
		"2.4": "Nom et statut de l'établissement (si différent de celui mentionné au point 2.3) dispensant les cours (dans la langue originale)",
		"2.5": "Langue(s) de formation/d'examen",
		"3":   "Informations sur le niveau de qualification",
		"3.1": "Niveau de qualification", "3.2": "Durée officielle du programme", "3.3": "Condition(s) d'accès",
		"4":   "Informations sur le contenu et les résultats obtenus",
		"4.1": "Organisation des études", "4.2": "Exigences du programme",
		"4.3": "Précisions sur le programme, les crédits et les notes obtenus",
		"4.4": "Système de notation et, si possible, informations concernant la répartition des notes",
		"4.5": "Classification générale du diplôme",
		"5":   "Informations sur la fonction de la qualification",
		"5.1": "Accès à un niveau supérieur", "5.2": "Statut professionnel",
		"6":   "Informations complémentaires",
		"6.1": "Informations complémentaires", "6.2": "Autres sources d'information",
		"7":   "Certification du supplément",
		"7.1": "Date", "7.2": "Signature", "7.3": "Qualité du signataire", "7.4": "Tampon ou cachet officiel",
		"8": "Informations sur le système national d'enseignement supérieur",
	}}
}

// words are those of the page and of the tables in it.
var words = map[string]map[string]string{
	"en": {
		"document": "Diploma supplement", "course": "Course", "code": "Code", "credits": "ECTS", "mark": "Mark", "result": "Result", "passed": "passed", "failed": "not passed",
		"grade": "Grade", "share": "Share", "year": "Year", "to_sign": "to be signed", "to_stamp": "to be sealed",
		"distribution": "Distribution of passing grades", "missing": "Not stated",
		"introduction": "This Diploma Supplement follows the model developed by the European Commission, the Council of Europe and UNESCO. It describes the nature, level, context, content and status of the studies that were completed by the person named on the original qualification to which it is added. It is free from any value judgement, statement of equivalence or suggestion about recognition. Where a section is empty, the reason is given.",
	},
	"fr": {
		"document": "Supplément au diplôme", "course": "Enseignement", "code": "Code", "credits": "ECTS", "mark": "Note", "result": "Résultat", "passed": "validé", "failed": "non validé",
		"grade": "Note", "share": "Part", "year": "Année", "to_sign": "à signer", "to_stamp": "à sceller",
		"distribution": "Répartition des notes de réussite", "missing": "Non renseigné",
		"introduction": "Ce supplément au diplôme suit le modèle élaboré par la Commission européenne, le Conseil de l'Europe et l'UNESCO. Il décrit la nature, le niveau, le contexte, le contenu et le statut des études accomplies par la personne désignée par le diplôme original auquel il est annexé. Il ne comporte ni jugement de valeur, ni déclaration d'équivalence, ni suggestion relative à la reconnaissance. Lorsqu'une rubrique est vide, la raison en est donnée.",
	},
}

func copyOf(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

package mobility

// The codes of the default steps: eight up to the learning agreement, and those
// that may follow, which are not active unless a plan says so.
const (
	PreRegistration   = "pre-registration"
	Nomination        = "nomination"
	Admission         = "admission"
	CourseChoice      = "course-choice"
	ReferentApproval  = "referent-approval"
	HomeApproval      = "home-approval"
	StudentSignature  = "student-signature"
	LearningAgreement = "learning-agreement"

	Arrival       = "arrival"
	Departure     = "departure"
	TranscriptOut = "transcript"
	Supplement    = "diploma-supplement"
)

// The codes of the default types of mobility.
const (
	FirstSemester  = "semester-1"
	SecondSemester = "semester-2"
	FullYear       = "full-year"
)

// The codes of the default programmes: the frameworks of a mobility.
const (
	ExchangeProgramme    = "exchange-programme"
	ErasmusMundus        = "erasmus-mundus"
	Alliance             = "alliance"
	DoubleDegree         = "double-degree"
	StudyWithTraineeship = "study-with-traineeship"
	SummerSchool         = "summer-school"
)

// summerType is the length of a summer school.
const summerType = "summer"

// DefaultPlan returns the default plan of a direction: eight active steps from
// pre-registration to the learning agreement, four more that are not active, and
// the usual types and programmes. The EWP messages of each step are those of the
// institution that keeps the record. It is deduced, not published; see the package
// documentation.
func DefaultPlan(d Direction) Plan {
	p := Plan{
		Direction: d,
		Steps: []Step{
			{Code: PreRegistration, Validator: Student, Kind: Form, Names: names("Préinscription", "Pre-registration")},
			{Code: Nomination, Validator: Home, Kind: Form, Names: names("Nomination par l'établissement d'origine", "Nomination by the home institution")},
			{Code: Admission, Validator: Host, Kind: Form, Names: names("Admission par l'établissement d'accueil", "Admission by the host institution")},
			{Code: CourseChoice, Validator: Student, Kind: Choice, Names: names("Choix des cours", "Course choice")},
			{Code: ReferentApproval, Validator: Referent, Kind: Approval, Names: names("Accord du référent pédagogique", "Approval by the academic referent")},
			{Code: HomeApproval, Validator: Home, Kind: Approval, Names: names("Accord de l'établissement d'origine", "Approval by the home institution")},
			{Code: StudentSignature, Validator: Student, Kind: Approval, Names: names("Signature de l'étudiant", "Signature of the student")},
			{Code: LearningAgreement, Validator: Host, Kind: Produce, Document: "learning-agreement", Names: names("Contrat pédagogique", "Learning agreement")},
			{Code: Arrival, Validator: Host, Kind: Form, Names: names("Arrivée", "Arrival")},
			{Code: Departure, Validator: Host, Kind: Form, Names: names("Départ", "Departure")},
			{Code: TranscriptOut, Validator: Host, Kind: Produce, Document: "transcript", Names: names("Relevé de notes", "Transcript of records")},
			{Code: Supplement, Validator: Host, Kind: Produce, Document: "diploma-supplement", Names: names("Supplément au diplôme", "Diploma supplement")},
		},
		Types: []Type{
			{Code: FirstSemester, Names: names("Premier semestre", "First semester"), MaxCredits: 40_00},
			{Code: SecondSemester, Names: names("Second semestre", "Second semester"), MaxCredits: 40_00},
			{Code: FullYear, Names: names("Année entière", "Full year"), MaxCredits: 80_00},
			{Code: summerType, Names: names("Été", "Summer"), MaxCredits: 20_00},
		},
		Programmes: map[string][]string{
			ExchangeProgramme:    {FirstSemester, SecondSemester, FullYear},
			ErasmusMundus:        {FirstSemester, SecondSemester, FullYear},
			Alliance:             {FirstSemester, SecondSemester, FullYear, summerType},
			DoubleDegree:         {FullYear},
			StudyWithTraineeship: {FirstSemester, SecondSemester, FullYear},
			SummerSchool:         {summerType},
		},
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		s.Order, s.Active = 10*(i+1), i < 8
		s.Causes, s.CausedBy = defaultMessages(d, s.Code)
	}
	return p
}

func names(fr, en string) map[string]string { return map[string]string{"fr": fr, "en": en} }

// defaultMessages returns the EWP messages of a step. The home institution serves
// nominations and learning agreements, and the host answers by an update; the host
// serves arrivals and transcripts (EWP business APIs, roles of omobilities 3,
// omobility-las 1, imobilities 2, imobility-tors 3).
func defaultMessages(d Direction, step string) (causes, causedBy []Message) {
	get := func(api string) Message {
		return Message{API: api, Endpoint: "get", Way: In, About: "read after the notification"}
	}
	notice := func(api string, w Way) Message { return Message{API: api, Way: w, About: "notification"} }
	update := func(api, about string, w Way) Message {
		return Message{API: api, Endpoint: "update", Way: w, About: about}
	}
	host := d == Incoming
	switch step {
	case Nomination:
		if host {
			return nil, []Message{notice("omobility-cnr", In), get("omobilities")}
		}
		return []Message{notice("omobility-cnr", Out)}, nil
	case Admission:
		if host {
			return []Message{update("omobilities", "approve-proposal-v1", Out)}, nil
		}
		return nil, []Message{update("omobilities", "approve-proposal-v1", In)}
	case HomeApproval, StudentSignature:
		if host {
			return nil, []Message{notice("omobility-la-cnr", In), get("omobility-las")}
		}
		if step == StudentSignature { // both signatures are there: the partner is told
			return []Message{notice("omobility-la-cnr", Out)}, nil
		}
	case LearningAgreement:
		if host {
			return []Message{update("omobility-las", "approve-proposal-v1", Out)}, nil
		}
		return nil, []Message{update("omobility-las", "approve-proposal-v1", In)}
	case Arrival, Departure:
		if host {
			return []Message{notice("imobility-cnr", Out)}, nil
		}
		return nil, []Message{notice("imobility-cnr", In), get("imobilities")}
	case TranscriptOut:
		if host {
			return []Message{notice("imobility-tor-cnr", Out)}, nil
		}
		return nil, []Message{notice("imobility-tor-cnr", In), get("imobility-tors")}
	}
	return nil, nil
}

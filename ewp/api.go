package ewp

import (
	"iter"
	"slices"
	"strconv"
	"strings"
)

// API is one of the network's APIs, in the major version that this module
// speaks. The zero value is no API. Its String is the name of the element by
// which manifests declare it, such as "iias"; the constants are named after these.
type API uint8

// The APIs. The Mobility Tool's (mt-…), bm-mobilities, and those merged into
// omobilities are left out: the first are discontinued, the others obsolete or
// never deployed.
const (
	Discovery               API = iota + 1 // the manifest itself
	Registry                               // the catalogue; declared by the registry alone
	Echo                                   // repeats its parameters: a test of the security
	Monitoring                             // takes reports of failures
	Institutions                           // names, addresses and documents of institutions
	OrganizationalUnits                    // faculties and departments
	Courses                                // the course catalogue
	SimpleCourseReplication                // which courses there are
	Factsheet                              // calendar and practical information
	File                                   // documents that other APIs refer to
	IIAs                                   // interinstitutional agreements
	IIACNR                                 // says that an agreement changed
	IIAsApproval                           // which agreements the partner approved
	IIAApprovalCNR                         // says that an approval was given
	OMobilityLAs                           // learning agreements
	OMobilityLACNR                         // says that a learning agreement changed
	OMobilities                            // nominations
	OMobilityCNR                           // says that a nomination changed
	OMobilityStats                         // counts of nominations
	IMobilities                            // what the receiving institution knows of a mobility
	IMobilityCNR                           // says that it changed
	IMobilityToRs                          // transcripts of records
	IMobilityToRCNR                        // says that a transcript changed
	IMobilityToRStats                      // counts of transcripts
)

// Endpoint is one address of an API.
type Endpoint struct {
	// Name is what the Monitoring API calls it: the element of its address in the
	// manifest entry without "-url". It is empty when that element is "url".
	Name string
	// Element holds the address in the manifest entry: "get-url", "url".
	Element string
	// Root and Namespace are those of the answer's root element. They are empty
	// where the answer is not one document of the API's own (File).
	Root, Namespace string
	// Methods are the HTTP methods that a host must serve.
	Methods Verbs
}

// Verbs says by which HTTP methods an endpoint is called.
type Verbs uint8

const (
	// GetOrPost is GET with a query and POST with a form, both: what reads.
	GetOrPost Verbs = iota
	// GetOnly is GET with a query: files and statistics.
	GetOnly
	// PostForm is POST with a form: change notifications and reports.
	PostForm
	// PostXML is POST with an XML document: updates.
	PostXML
)

// Allow returns the value of an Allow header: "GET, POST", "GET" or "POST".
func (v Verbs) Allow() string {
	switch v {
	case GetOnly:
		return "GET"
	case PostForm, PostXML:
		return "POST"
	default:
		return "GET, POST"
	}
}

// Allows reports whether an HTTP method is among them.
func (v Verbs) Allows(method string) bool {
	switch method {
	case "GET":
		return v == GetOrPost || v == GetOnly
	case "POST":
		return v != GetOnly
	}
	return false
}

// String returns the element by which manifests declare the API, "" for the zero
// value.
func (a API) String() string { return a.row().name }

// IsZero reports whether a is no API.
func (a API) IsZero() bool { return a == 0 }

// Version returns the version that this module speaks (those in production in
// 2026, and the newest published ones of the mobilities).
func (a API) Version() Version { return a.row().version }

// Namespace returns the namespace of the API's manifest entry, "" for the zero
// value.
func (a API) Namespace() string { return a.NamespaceOf(a.row().major) }

// NamespaceOf returns the namespace of the manifest entry in another major
// version, for partners that are behind.
func (a API) NamespaceOf(major int) string {
	if a.row().repo == "" {
		return ""
	}
	return a.row().base("blob", major) + "/manifest-entry.xsd"
}

// Endpoints lists the addresses of the API, in the order of its manifest entry.
func (a API) Endpoints() []Endpoint { return slices.Clone(a.row().endpoints) }

// Endpoint returns the endpoint with a name: "get", "index", "update", "stats", or
// "" for an API with a single one.
func (a API) Endpoint(name string) (Endpoint, bool) {
	for _, e := range a.row().endpoints {
		if e.Name == name {
			return e, true
		}
	}
	return Endpoint{}, false
}

// EndpointOf is Endpoint in another major version, whose answers are in a namespace of
// its own, for partners that are behind. The root elements are those of the version
// that this module speaks.
func (a API) EndpointOf(name string, major int) (Endpoint, bool) {
	e, ok := a.Endpoint(name)
	const branch = "/stable-v"
	if before, after, found := strings.Cut(e.Namespace, branch); found && major != a.row().major {
		e.Namespace = before + branch + strconv.Itoa(major) + strings.TrimLeft(after, "0123456789")
	}
	return e, ok
}

// Major returns the major version that the namespaces of the API name: that of
// Version, or 1 for drafts of version 0. It is 0 for the zero value.
func (a API) Major() int { return a.row().major }

// Limits lists the elements of the manifest entry that bound how many identifiers
// one call may carry: "max-iia-ids". An absent one means 1.
func (a API) Limits() []string { return slices.Clone(a.row().limits) }

// APIs yields all of them, in the order of the constants.
func APIs() iter.Seq[API] {
	return func(yield func(API) bool) {
		for a := API(1); int(a) < len(apis); a++ {
			if !yield(a) {
				return
			}
		}
	}
}

// ParseAPI returns the API with an element name. It is false for a name that is
// not in this package; manifests may hold any.
func ParseAPI(name string) (API, bool) {
	if name == "" {
		return 0, false
	}
	for a := range APIs() {
		if a.row().name == name {
			return a, true
		}
	}
	return 0, false
}

func (a API) row() *row {
	if int(a) >= len(apis) {
		a = 0
	}
	return &apis[a]
}

// row is what is known of an API.
type row struct {
	name      string // of the manifest entry
	repo      string // of the specification, after "ewp-specs-api-"
	major     int    // in namespaces; drafts of version 0 have 1 already
	version   Version
	endpoints []Endpoint
	limits    []string
}

func (r *row) base(kind string, major int) string {
	return organisation + "ewp-specs-api-" + r.repo + "/" + kind + "/stable-v" + strconv.Itoa(major)
}

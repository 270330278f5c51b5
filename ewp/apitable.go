package ewp

// apis is the table behind [API]: names, versions and elements of the manifest
// entries as in the published schemas (manifest-entry.xsd, response.xsd and
// endpoints/*.xsd of each repository). Index 0 is no API.
var apis = [...]row{
	{},
	Discovery: api("discovery", "discovery", 6, "6.0.0",
		Endpoint{Element: "url", Root: "manifest", Namespace: NamespaceDiscovery, Methods: GetOnly}),
	Registry: api("registry", "registry", 1, "1.5.0",
		Endpoint{Name: "catalogue", Element: "catalogue-url", Root: "catalogue", Namespace: NamespaceRegistry, Methods: GetOnly}),
	Echo:       single("echo", "echo", 2, "2.0.1", "response", GetOrPost),
	Monitoring: single("monitoring", "monitoring", 1, "0.2.0", "monitoring-response", PostForm),

	Institutions:        single("institutions", "institutions", 2, "2.2.0", "institutions-response", GetOrPost, "max-hei-ids"),
	OrganizationalUnits: single("organizational-units", "ounits", 2, "2.1.1", "ounits-response", GetOrPost, "max-ounit-ids", "max-ounit-codes"),
	Courses:             single("courses", "courses", 1, "0.7.1", "courses-response", GetOrPost, "max-los-ids", "max-los-codes"),
	// Drafted as 1.0.0-rc9; an entry cannot declare a release candidate.
	SimpleCourseReplication: single("simple-course-replication", "course-replication", 1, "1.0.0", "course-replication-response", GetOrPost),
	Factsheet:               single("factsheet", "factsheet", 1, "1.2.0", "factsheet-response", GetOrPost, "max-hei-ids"),
	File:                    api("file", "file", 1, "1.0.0", Endpoint{Element: "url", Methods: GetOnly}),

	IIAs: several("iias", "iias", 7, "7.0.0", []string{"max-iia-ids"},
		get("iias-get-response"), index("iias-index-response"), stats("iias-stats-response")),
	IIACNR:         single("iia-cnr", "iia-cnr", 3, "3.0.0", "iia-cnr-response", PostForm),
	IIAsApproval:   single("iias-approval", "iias-approval", 2, "2.0.0", "iias-approval-response", GetOrPost, "max-iia-ids"),
	IIAApprovalCNR: single("iia-approval-cnr", "iia-approval-cnr", 2, "2.0.0", "iia-approval-cnr-response", PostForm),

	OMobilityLAs: several("omobility-las", "omobility-las", 1, "1.2.0", []string{"max-omobility-ids"},
		get("omobility-las-get-response"), index("omobility-las-index-response"),
		update("omobility-las-update-response"), stats("las-outgoing-stats-response")),
	OMobilityLACNR: withStats(single("omobility-la-cnr", "omobility-la-cnr", 1, "1.1.0", "omobility-la-cnr-response", PostForm, "max-omobility-ids"),
		"las-incoming-stats-response"),

	OMobilities: several("omobilities", "omobilities", 3, "3.0.0", []string{"max-omobility-ids"},
		get("omobilities-get-response"), index("omobilities-index-response"), update("omobilities-update-response")),
	OMobilityCNR:   single("omobility-cnr", "omobility-cnr", 2, "2.0.0", "omobility-cnr-response", PostForm, "max-omobility-ids"),
	OMobilityStats: single("omobility-stats", "omobility-stats", 1, "1.0.0", "omobility-stats-response", GetOnly),

	IMobilities: several("imobilities", "imobilities", 2, "2.0.0", []string{"max-omobility-ids"},
		get("imobilities-get-response")),
	IMobilityCNR: single("imobility-cnr", "imobility-cnr", 2, "2.0.0", "imobility-cnr-response", PostForm, "max-omobility-ids"),
	IMobilityToRs: several("imobility-tors", "imobility-tors", 3, "3.0.0", []string{"max-omobility-ids"},
		get("imobility-tors-get-response"), index("imobility-tors-index-response")),
	IMobilityToRCNR:   single("imobility-tor-cnr", "imobility-tor-cnr", 2, "2.0.0", "imobility-tor-cnr-response", PostForm, "max-omobility-ids"),
	IMobilityToRStats: single("imobility-tor-stats", "imobility-tor-stats", 1, "1.0.0", "imobility-tor-stats-response", GetOnly),
}

func api(name, repo string, major int, version string, endpoints ...Endpoint) row {
	return row{name: name, repo: repo, major: major, version: MustParseVersion(version), endpoints: endpoints}
}

// single is an API with the one address "url", whose answers are in the namespace
// of the branch.
func single(name, repo string, major int, version, root string, methods Verbs, limits ...string) row {
	r := api(name, repo, major, version)
	r.limits = limits
	r.endpoints = []Endpoint{{Element: "url", Root: root, Namespace: r.base("tree", major), Methods: methods}}
	return r
}

// several is an API whose endpoints each answer in the namespace of a file.
func several(name, repo string, major int, version string, limits []string, endpoints ...Endpoint) row {
	r := api(name, repo, major, version, endpoints...)
	r.limits = limits
	for i := range r.endpoints {
		e := &r.endpoints[i]
		e.Namespace = r.base("blob", major) + "/endpoints/" + e.Name + "-response.xsd"
	}
	return r
}

// withStats adds the statistics of the learning agreements' notification API,
// whose namespace has "tree" where all others have "blob".
func withStats(r row, root string) row {
	e := stats(root)
	e.Namespace = r.base("tree", r.major) + "/endpoints/stats-response.xsd"
	r.endpoints = append(r.endpoints, e)
	return r
}

func get(root string) Endpoint   { return Endpoint{Name: "get", Element: "get-url", Root: root} }
func index(root string) Endpoint { return Endpoint{Name: "index", Element: "index-url", Root: root} }
func update(root string) Endpoint {
	return Endpoint{Name: "update", Element: "update-url", Root: root, Methods: PostXML}
}
func stats(root string) Endpoint {
	return Endpoint{Name: "stats", Element: "stats-url", Root: root, Methods: GetOnly}
}

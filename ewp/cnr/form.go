package cnr

import (
	"net/url"
	"slices"

	"github.com/passerelle-sup/passerelle/ewp"
)

// form is what a notification of an API carries beside identifiers.
type form struct {
	id    string         // parameter with identifiers
	about ewp.API        // whose "get", or only endpoint, has the objects
	heis  map[int]string // by major version: the parameter in which the sender names itself
	owner map[int]string // by major version: the parameter in which it names the receiver
}

// forms are those of the notification APIs. Current versions first need nothing but
// identifiers, except that of the learning agreements; the older ones are still met.
var forms = map[ewp.API]form{
	ewp.IIACNR:          {id: "iia_id", about: ewp.IIAs, heis: map[int]string{2: "notifier_hei_id"}},
	ewp.IIAApprovalCNR:  {id: "iia_id", about: ewp.IIAsApproval, heis: map[int]string{1: "approving_hei_id"}, owner: map[int]string{1: "owner_hei_id"}},
	ewp.OMobilityLACNR:  {id: "omobility_id", about: ewp.OMobilityLAs, heis: map[int]string{1: "sending_hei_id"}},
	ewp.OMobilityCNR:    {id: "omobility_id", about: ewp.OMobilities, heis: map[int]string{1: "sending_hei_id"}},
	ewp.IMobilityCNR:    {id: "omobility_id", about: ewp.IMobilities, heis: map[int]string{1: "receiving_hei_id"}},
	ewp.IMobilityToRCNR: {id: "omobility_id", about: ewp.IMobilityToRs, heis: map[int]string{1: "receiving_hei_id"}},
}

// APIs lists the APIs of notifications, in the order of package ewp.
func APIs() []ewp.API {
	list := make([]ewp.API, 0, len(forms))
	for api := range ewp.APIs() {
		if _, ok := forms[api]; ok {
			list = append(list, api)
		}
	}
	return list
}

// About returns the API that a notification by api sends to: ewp.IIAs for
// ewp.IIACNR. It is the zero API for one without notifications.
func About(api ewp.API) ewp.API { return forms[api].about }

// By returns the API of notifications about an API: ewp.IIACNR for ewp.IIAs. It
// is the zero API for one whose changes are not notified.
func By(about ewp.API) ewp.API {
	for api, f := range forms {
		if f.about == about && !about.IsZero() {
			return api
		}
	}
	return 0
}

// Params returns the form of a notification in a major version of its API.
func (n Notification) Params(major int) url.Values {
	f := forms[n.API]
	params := url.Values{f.id: slices.Clone(n.IDs)}
	if name := f.heis[major]; name != "" {
		params.Set(name, n.From.String())
	}
	if name := f.owner[major]; name != "" {
		params.Set(name, n.To.String())
	}
	return params
}

// majors lists the versions whose form is known, for api.
func majors(api ewp.API) []int {
	list := []int{api.Version().Major}
	for major := range forms[api].heis {
		if !slices.Contains(list, major) {
			list = append(list, major)
		}
	}
	return list
}

package ewptest

import "github.com/passerelle-sup/passerelle/ewp"

// monitoringSuite has steps of ours, for the one host that serves the Monitoring API
// and for its fakes: the validator has none. What they expect is in
// ewp-specs-api-monitoring 0.2.0 (draft). A report that is right is sent only where the
// parameter "server_hei_id" says on whom: reports are public, and mailed to the host
// concerned.
var monitoringSuite = suite{api: ewp.Monitoring, anonymous: anonymityUseless, ours: true, steps: regular((*session).monitoring)}

func (s *session) monitoring(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	if err := s.wrongMethod(plainGET(c)); err != nil {
		return err
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	none, hei := "", s.value("server_hei_id")
	if hei == "" {
		none, hei = "no server_hei_id is given in Values", FakeID
	}
	about := params{"api_name", "institutions", "endpoint_name", "", "http_code", "500", "server_message", "", "client_message", ""}
	return s.probe(c,
		probe{name: "report of a failure", params: about.with("server_hei_id", hei), skip: none},
		refuse("no parameter", 400, nil),
		refuse("no server_hei_id", 400, about),
		refuse("no api_name", 400, params{"server_hei_id", hei, "http_code", "500"}),
		refuse("server_hei_id twice", 400, about.with("server_hei_id", hei, "server_hei_id", hei)),
		refuse("an API that is not reported", 400, params{"server_hei_id", hei, "api_name", "echo", "http_code", "500"}),
		refuse("no message, and no status of an error", 400, params{"server_hei_id", hei, "api_name", "institutions", "http_code", "200"}),
	)
}

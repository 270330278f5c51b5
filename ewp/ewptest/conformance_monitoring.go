package ewptest

import "github.com/passerelle-sup/passerelle/ewp"

// monitoringSuite has steps of ours, for the one host that serves the Monitoring API
// and for its fakes: the validator has none. What they expect is in
// ewp-specs-api-monitoring 0.2.0 (draft). A report that is right is sent only where the
// parameter "server_hei_id" says on whom: reports are public, and mailed to the host
// concerned.
var monitoringSuite = suite{api: ewp.Monitoring, anonymous: anonymityUseless, ours: true, steps: (*session).monitoring}

func (s *session) monitoring(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	if err := s.wrongMethods(c); err != nil {
		return err
	}
	if err := s.wrongMethod(c.by("GET").with(ewp.RequestMethods, ewp.RequestTLS)); err != nil {
		return err
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	hei := s.value("server_hei_id")
	about := params{"api_name", "institutions", "endpoint_name", "", "http_code", "500", "server_message", "", "client_message", ""}
	if hei == "" {
		s.skip(c, "report of a failure", "200", "no server_hei_id is given in Values")
		hei = FakeID
	} else if err := s.expectAnswers(c, []wanted{{name: "report of a failure", params: append(params{"server_hei_id", hei}, about...)}}); err != nil {
		return err
	}
	return s.expectErrors(c, []refusal{
		{"no parameter", nil, 400},
		{"no server_hei_id", about, 400},
		{"no api_name", params{"server_hei_id", hei, "http_code", "500"}, 400},
		{"server_hei_id twice", append(params{"server_hei_id", hei, "server_hei_id", hei}, about...), 400},
		{"an API that is not reported", params{"server_hei_id", hei, "api_name", "echo", "http_code", "500"}, 400},
		{"no message, and no status of an error", params{"server_hei_id", hei, "api_name", "institutions", "http_code", "200"}, 400},
	})
}

package monitoring

import (
	"net/url"
	"strconv"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Report is one problem that a client had with a host. It must hold no personal
// data: it is published.
type Report struct {
	// ServerHEI is the institution that was called. Required.
	ServerHEI ewp.HEIID
	// API is the element name of the API that was called, "omobility-las"; not that
	// of Discovery, Echo, Monitoring or Registry. Required.
	API string
	// Endpoint is the element of its address without "-url": "get"; empty for "url".
	Endpoint string
	// Status is that of the answer, 100 to 599; 0 when there was none.
	Status int
	// ServerMessage is the developer-message, where a status 4xx or 5xx came with an
	// error-response.
	ServerMessage string
	// ClientMessage says what the client saw. Required, unless Status is 4xx or 5xx.
	ClientMessage string
}

// The parameters of the API, all sent, empty ones too.
const (
	paramServer        = "server_hei_id"
	paramAPI           = "api_name"
	paramEndpoint      = "endpoint_name"
	paramStatus        = "http_code"
	paramServerMessage = "server_message"
	paramClientMessage = "client_message"
)

// Faults returns what is wrong with r by the rules of the API.
func (r Report) Faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if r.ServerHEI.IsZero() {
		faults.Add(paramServer, "required", "the institution that was called")
	}
	switch r.API {
	case "":
		faults.Add(paramAPI, "required", "the element name of an API")
	case ewp.Discovery.String(), ewp.Echo.String(), ewp.Monitoring.String(), ewp.Registry.String():
		faults.Add(paramAPI, "reported", "an API whose failures are reported")
	}
	if r.Status != 0 && (r.Status < 100 || r.Status > 599) {
		faults.Add(paramStatus, "range", "a status of HTTP, or nothing")
	}
	if r.ClientMessage == "" && r.Status < 400 {
		faults.Add(paramClientMessage, "required", "a description, unless the status is 4xx or 5xx")
	}
	return faults
}

// Params returns the form of the request.
func (r Report) Params() url.Values {
	status := ""
	if r.Status != 0 {
		status = strconv.Itoa(r.Status)
	}
	return url.Values{
		paramServer: {r.ServerHEI.String()}, paramAPI: {r.API}, paramEndpoint: {r.Endpoint},
		paramStatus: {status}, paramServerMessage: {r.ServerMessage}, paramClientMessage: {r.ClientMessage},
	}
}

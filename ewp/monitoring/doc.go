// Package monitoring is the Monitoring API of Erasmus Without Paper, version 1 (draft
// 0.2.0): hosts report to one central portal what goes wrong when they call
// others. Reports are public, and are mailed to the administrators of the host that
// failed: they must hold no personal data.
//
// Calls of the Discovery, Echo, Registry and Monitoring APIs are not reported.
//
// [Client] sends reports, and [Reporter] does for all failures of an ewpclient.Client.
// [Register] serves the API: the network has one server, the Stats Portal; this one
// is for networks of one's own.
//
// Source: ewp-specs-api-monitoring, branch stable-v1, README.md and response.xsd.
package monitoring

// Package factsheet is the Mobility Factsheet API of Erasmus Without Paper, version 1
// (1.2.0): what a partner must know of an institution's calendar, requirements and
// offices before it sends students. It must be there with the agreements.
//
// [Client] asks partners, [Register] answers them from a [Provider]; [List] is one for
// factsheets in memory. [Decode] and [Encode] read and write the document of an answer
// by itself. [Factsheet.Validate] says what partners would refuse, and
// [Factsheet.Warnings] what they would not like.
//
// All of it is public. Hosts may let anonymous clients ask, by an option
// ewpserver.Security with ewp.ClientAnonymous.
//
// Source: ewp-specs-api-factsheet, branch stable-v1, README.md and response.xsd.
package factsheet

// Package ewptest is a network of Erasmus Without Paper on the loopback interface,
// and the official validator's steps in Go.
//
// # A network in one call
//
// [NewNetwork] starts a registry and any number of universities, each with its own
// RSA keys, TLS certificate, manifest, server (ewp/ewpserver) and client
// (ewp/ewpclient), all over HTTPS:
//
//	n := ewptest.NewNetwork(t, ewptest.Config{})
//	echo, err := n.University("uni-a.example").Client.Call(ctx, …)
//
// The [Registry] does what the real one does with a manifest: it fetches it, drops
// the entries and keys that it would drop, keeps what it had where the whole is
// refused, and writes a catalogue that is valid against the published schema. A
// [Clock] moves the time of all of them together; with Config.InMemory the network works
// inside a testing/synctest bubble.
//
// # Faults
//
// [University.Inject] makes a university misbehave. A [ServerFault] breaks a rule of the
// network as the official test-suite's broken hosts do: it does not check digests,
// signs without a date, takes server keys for client keys. A [WireFault] is what a
// client meets on a bad day: 503, an answer that is lost after the work was done, one
// that is slow or cut short. [Registry.Freeze] keeps a catalogue that is out of date.
//
// # Conformance
//
// [Conformance] holds a host against the steps of the official validator
// (erasmus-without-paper/ewp-registry-service), one subtest a step, in every
// combination of security methods that the host declares. It needs no network of this
// package: any host will do that is in a catalogue, and knows the keys to speak with.
// Each step has the verdict that the validator would give; steps that the validator
// does not have are marked as ours. Two of its steps cannot be made here: how old the
// keys of the client are, and whether the version is among the tags of the
// specification, in whose place stands the version that package ewp knows. Where the
// validator validates against the published schemas, Host.Schema does; without it, root
// elements and the answers of the network layer are looked at.
//
// The APIs that have steps are those of [Checked].
package ewptest

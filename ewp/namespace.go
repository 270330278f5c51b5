package ewp

import (
	"strconv"
	"strings"
)

// organisation is the address under which every specification has its repository.
const organisation = "https://github.com/erasmus-without-paper/"

// The namespaces of the documents that all APIs share, as in the published
// schemas. Those of an API are given by [API.Namespace] and [Endpoint.Namespace].
const (
	// NamespaceCommon has the common types, error-response and admin-email.
	NamespaceCommon = organisation + "ewp-specs-architecture/blob/stable-v1/common-types.xsd"
	// NamespaceRegistry has the catalogue, and apis-implemented, hei and other-id in manifests.
	NamespaceRegistry = organisation + "ewp-specs-api-registry/tree/stable-v1"
	// NamespaceDiscovery has the manifest of version 6.
	NamespaceDiscovery = organisation + "ewp-specs-api-discovery/tree/stable-v6"
	// NamespaceSecurity has the four lists inside http-security.
	NamespaceSecurity = organisation + "ewp-specs-sec-intro/tree/stable-v2"
)

// NamespaceMajor returns the major version that a namespace names: 7 for
// ".../ewp-specs-api-iias/blob/stable-v7/manifest-entry.xsd". It is false for a
// namespace that names none, such as those of drafts (".../tree/master").
func NamespaceMajor(namespace string) (int, bool) {
	for part := range strings.SplitSeq(namespace, "/") {
		digits, ok := strings.CutPrefix(part, "stable-v")
		if !ok || len(digits) == 0 || len(digits) > 4 || digits[0] < '0' || digits[0] > '9' {
			continue
		}
		if n, err := strconv.Atoi(digits); err == nil {
			return n, true
		}
	}
	return 0, false
}

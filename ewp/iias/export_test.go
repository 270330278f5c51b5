package iias

// Verify is what Client.Fetch does with the answer of a partner, for tests that play
// both partners without a network.
var Verify = verify

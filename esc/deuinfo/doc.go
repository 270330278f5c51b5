// Package deuinfo reads and verifies DEUInfo, the application that European
// student cards carried on their MIFARE DESFire chip: the card's number, a signature
// over number and chip, and the certificate that made it.
//
// It is legacy. The programme gave the application up when the router was replaced in
// November 2024; no new card should get one, and the service that published the
// chains of certificates is gone. Cards written before are still in pockets, and the
// router still has a card type for them. Numbers and keys below come from the reference
// tool of the Cnous of January 2021 and from an independent reader that agreed with it;
// neither is a specification.
//
// # What is verified
//
// The signature is ECDSA on P-256 with SHA-256 over the 16 bytes of the number and
// the 7 of the chip's UID. A copy of the three files on another chip fails, unless that
// chip can fake its UID. The certificate leads through the institution's authority and an
// intermediate to the root of the Cnous ([CNOUSRoot]). [Verifier] checks all this
// under a [Policy] that leaves nothing to defaults; refusals are a [trust.RefusedError].
//
// The stronger proof, authentication with the diversified keys 1 and 2, needs a reader
// that speaks DESFire and the common base key, which is not public: [ApplicationKeys]
// derives the keys for whoever has it.
//
// # Delegated application management
//
// [DAMKeysOf], [EncryptDefaultKey] and [DelegatedApplication.MAC] compute what let
// an institution add the application to cards of another issuer (DESFire EV2). They
// agree with the published demonstration; no production protocol was published.
package deuinfo

// Package aesgcm is the content coding ewp-rsa-aes128gcm of Erasmus Without Paper:
// a body encrypted for one RSA key, on top of TLS
// (ewp-specs-sec-rsa-aes128gcm 1.0.1; its use in HTTP is in the drafts
// ewp-specs-sec-reqencr-rsa-aes128gcm 0.4.0 and
// ewp-specs-sec-resencr-rsa-aes128gcm 0.3.0).
//
// It is optional, and the official validator recommends against offering it: TLS
// alone is the usual choice. This package serves partners that ask for it.
//
// # Format
//
// An encrypted body is the SHA-256 of the recipient's SubjectPublicKeyInfo (32
// bytes), the length of the encrypted AES key (2 bytes, big-endian), that key under
// RSA PKCS #1 v1.5, an IV of 12 bytes, and the AES-128-GCM ciphertext with its tag
// of 16 bytes. It is decrypted as a whole or not at all: nothing of a body whose
// tag is wrong is ever given out.
//
// # Failures
//
// PKCS #1 v1.5 betrays a key to whoever can tell a bad padding from other faults,
// so every failure to decrypt is the same [ErrDecrypt], and the padding is looked
// at in constant time: a bad one gives a random AES key, with which the tag is
// then wrong.
//
// # Order of codings
//
// Compress first, then encrypt ("Content-Encoding: gzip, ewp-rsa-aes128gcm"), and
// sign last: digests are over the encrypted bytes.
package aesgcm

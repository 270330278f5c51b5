package deuinfo

import (
	"crypto/aes"
	"crypto/cipher"
	"strconv"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
)

// Key is an AES-128 key of a chip.
type Key [aes.BlockSize]byte

// String hides the key.
func (Key) String() string { return "key(***)" }

// GoString hides the key.
func (Key) GoString() string { return "key(***)" }

// maxDiversification is the longest input of AN10922 for AES-128.
const maxDiversification = 2*aes.BlockSize - 1

// Diversify derives the key of one card from a base key and up to 31 bytes that
// tell cards apart, by NXP AN10922 for AES-128. The input is always padded to two
// blocks, which makes this another function than the CMAC of a short message.
func Diversify(base Key, input []byte) (Key, error) {
	if len(input) == 0 || len(input) > maxDiversification {
		return Key{}, passerelle.FieldErrors{{Field: "input", Rule: "length", Want: "1 to " + strconv.Itoa(maxDiversification) + " bytes"}}
	}
	return diversify(base, input), nil
}

func diversify(base Key, input []byte) Key {
	block := newAES(base)
	k1, k2 := subkeys(block)
	var m [2 * aes.BlockSize]byte
	m[0] = 0x01
	n := 1 + copy(m[1:], input)
	last := &k1
	if n < len(m) {
		m[n] = 0x80
		last = &k2
	}
	xor(m[aes.BlockSize:], last[:])
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(m[:], m[:])
	return Key(m[aes.BlockSize:])
}

// ApplicationKeys derives keys 1 and 2 of the application from the common base key,
// which is not public: one from the card's number, one from the chip's UID.
func ApplicationKeys(base Key, number esc.Number, uid UID) (key1, key2 Key) {
	n := number.Bytes()
	return diversify(base, n[:]), diversify(base, uid[:])
}

func newAES(key Key) cipher.Block {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the only error is about the size of the key, which the type fixes
	}
	return block
}

// subkeys returns K1 and K2 of CMAC (RFC 4493, 2.3).
func subkeys(block cipher.Block) (k1, k2 [aes.BlockSize]byte) {
	var l [aes.BlockSize]byte
	block.Encrypt(l[:], l[:])
	k1 = double(l)
	return k1, double(k1)
}

// double multiplies by x in GF(2^128), in constant time.
func double(b [aes.BlockSize]byte) [aes.BlockSize]byte {
	var out [aes.BlockSize]byte
	var carry byte
	for i := len(b) - 1; i >= 0; i-- {
		out[i] = b[i]<<1 | carry
		carry = b[i] >> 7
	}
	out[len(out)-1] ^= 0x87 & -carry
	return out
}

// cmac is AES-CMAC (RFC 4493).
func cmac(key Key, message []byte) [aes.BlockSize]byte {
	block := newAES(key)
	k1, k2 := subkeys(block)
	var x [aes.BlockSize]byte
	for len(message) > aes.BlockSize {
		xor(x[:], message[:aes.BlockSize])
		block.Encrypt(x[:], x[:])
		message = message[aes.BlockSize:]
	}
	xor(x[:], message)
	if len(message) == aes.BlockSize {
		xor(x[:], k1[:])
	} else {
		x[len(message)] ^= 0x80
		xor(x[:], k2[:])
	}
	block.Encrypt(x[:], x[:])
	return x
}

// xor adds src to the beginning of dst.
func xor(dst, src []byte) {
	for i, b := range src {
		dst[i] ^= b
	}
}

package deuinfo

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"github.com/passerelle-sup/passerelle"
)

// The key numbers of delegated application management on a DESFire EV2 chip.
const (
	DAMAuthKeyNumber = 0x10
	DAMMACKeyNumber  = 0x11
	DAMEncKeyNumber  = 0x12
)

// DAMKeys are the three keys of delegated application management of one chip.
type DAMKeys struct {
	Auth Key // authenticates the delegate
	MAC  Key // proves that the issuer agreed to an application, see [DelegatedApplication.MAC]
	Enc  Key // hides the first key of an application, see [EncryptDefaultKey]
}

// DAMKeysOf derives the keys of a chip from the root key of its issuer: from the UID
// for Auth, with the first byte replaced by 00 for Enc and by FF for MAC.
func DAMKeysOf(root Key, uid UID) DAMKeys {
	enc, mac := uid, uid
	enc[0], mac[0] = 0x00, 0xFF
	return DAMKeys{Auth: diversify(root, uid[:]), MAC: diversify(root, mac[:]), Enc: diversify(root, enc[:])}
}

// VersionPlace is where the version of the application's key stands in the block
// that is encrypted. Two implementations exist and agree on version 0 only; which one chips
// want is not published.
type VersionPlace int

// The places.
const (
	VersionAfterKey VersionPlace = 23 // right after the key: the reference tool of the Cnous
	VersionAtEnd    VersionPlace = 31 // in the last byte: the other implementation
)

// EncryptDefaultKey returns EncK: the first key of a delegated application under the
// Enc key of the chip, after 7 random bytes.
func EncryptDefaultKey(enc Key, random [7]byte, key Key, version byte, place VersionPlace) ([32]byte, error) {
	var out [32]byte
	if place != VersionAfterKey && place != VersionAtEnd {
		return out, passerelle.FieldErrors{{Field: "place", Rule: "range", Want: "VersionAfterKey or VersionAtEnd"}}
	}
	copy(out[:], random[:])
	copy(out[len(random):], key[:])
	out[place] = version
	cipher.NewCBCEncrypter(newAES(enc), make([]byte, aes.BlockSize)).CryptBlocks(out[:], out[:])
	return out, nil
}

// DelegatedApplication is what the issuer of a chip allows somebody else to create.
type DelegatedApplication struct {
	AID         [3]byte // most significant byte first, as it is printed: F5 85 42
	Slot        uint16
	SlotVersion byte
	Quota       uint16 // memory, in blocks of 32 bytes
	Settings1   byte
	Settings2   byte
	KeySets     []byte // key settings 3 and what follows them; present exactly when bit 0x10 of Settings2 is set
	DFID        uint16 // ISO 7816 identifier, sent when DFName is
	DFName      []byte // ISO 7816 name, up to 16 bytes; empty: neither is sent
}

// createDelegated is the command whose parameters are authenticated.
const createDelegated = 0xC9

// MAC returns the DAMMAC of the application: every second byte of the AES-CMAC of
// the creation command and EncK under the MAC key of the chip. Parameters that
// contradict each other are passerelle.FieldErrors.
func (a DelegatedApplication) MAC(mac Key, encK [32]byte) ([8]byte, error) {
	var faults passerelle.FieldErrors
	if (a.Settings2&0x10 != 0) != (len(a.KeySets) > 0) {
		faults.Add("KeySets", "required", "key settings 3 exactly when bit 0x10 of Settings2 is set")
	}
	if len(a.DFName) > 16 {
		faults.Add("DFName", "length", "at most 16 bytes")
	}
	if a.DFID != 0 && len(a.DFName) == 0 {
		faults.Add("DFName", "required", "a name beside DFID")
	}
	if err := faults.Err(); err != nil {
		return [8]byte{}, err
	}
	message := []byte{createDelegated, a.AID[2], a.AID[1], a.AID[0]}
	message = binary.LittleEndian.AppendUint16(message, a.Slot)
	message = append(message, a.SlotVersion)
	message = binary.LittleEndian.AppendUint16(message, a.Quota)
	message = append(message, a.Settings1, a.Settings2)
	message = append(message, a.KeySets...)
	if len(a.DFName) > 0 {
		message = binary.LittleEndian.AppendUint16(message, a.DFID)
		message = append(message, a.DFName...)
	}
	full := cmac(mac, append(message, encK[:]...))
	var out [8]byte
	for i := range out {
		out[i] = full[2*i+1]
	}
	return out, nil
}

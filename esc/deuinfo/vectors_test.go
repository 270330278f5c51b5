package deuinfo

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/esc"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func key(tb testing.TB, s string) Key { return Key(unhex(tb, s)) }

// The vectors of RFC 4493, section 4.
func TestCMAC(t *testing.T) {
	t.Parallel()
	k := key(t, "2b7e151628aed2a6abf7158809cf4f3c")
	k1, k2 := subkeys(newAES(k))
	if got := hex.EncodeToString(k1[:]) + " " + hex.EncodeToString(k2[:]); got != "fbeed618357133667c85e08f7236a8de f7ddac306ae266ccf90bc11ee46d513b" {
		t.Errorf("subkeys %s", got)
	}
	message := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710")
	for size, want := range map[int]string{
		0:  "bb1d6929e95937287fa37d129b756746",
		16: "070a16b46b4d4144f79bdd9dd04a287c",
		40: "dfa66747de9ae63030ca32611497c827",
		64: "51f0bebf7e3b9d92fc49741779363cfe",
	} {
		if got := cmac(k, message[:size]); hex.EncodeToString(got[:]) != want {
			t.Errorf("%d bytes: %x, want %s", size, got, want)
		}
	}
}

// The first vector is that of NXP AN10922; the rest were published with the two
// implementations or computed with both.
func TestDiversify(t *testing.T) {
	t.Parallel()
	cases := []struct{ key, input, want string }{
		0: {"00112233445566778899AABBCCDDEEFF", "04782E21801D803042F54E585020416275", "A8DD63A3B89D54B37CA802473FDA9175"},
		1: {"00112233445566778899101112131415", "042E5A7A6E4D80", "72479BFED64F7D712C3B528EEF82617F"},
		2: {"00112233445566778899101112131415", "002E5A7A6E4D80", "85282EB616785CF5D919E556584BC5E7"},
		3: {"00112233445566778899101112131415", "FF2E5A7A6E4D80", "E2D7217CC8B4C287C169568E92A37A7D"},
		4: {"00112233445566778899101112131415", "d88b02c1894e1038a711001999465982", "3C28CCA0E5E256105DA681C08149FC8C"},
		5: {"00112233445566778899101112131415", "a0e4caccc5a8441faf57e7bd46d3b4ce", "7CD9BAAA7B26E7F6E238924E1CC66088"},
	}
	for i, c := range cases {
		got, err := Diversify(key(t, c.key), unhex(t, c.input))
		if err != nil || got != key(t, c.want) {
			t.Errorf("%d: %x, %v, want %s", i, got[:], err, c.want)
		}
	}
	// 31 bytes fill the two blocks exactly: the only case of the other subkey, for
	// which AN10922 and the CMAC of the 32 bytes are the same.
	full := make([]byte, 31)
	got, err := Diversify(Key{1}, full)
	if want := cmac(Key{1}, append([]byte{1}, full...)); err != nil || got != Key(want) {
		t.Errorf("31 bytes: %x, %v, want %x", got[:], err, want)
	}
	for _, size := range []int{0, 32} {
		if _, err := Diversify(Key{}, make([]byte, size)); err == nil {
			t.Errorf("an input of %d bytes is accepted", size)
		}
	}
}

func TestApplicationKeys(t *testing.T) {
	t.Parallel()
	base := key(t, "00112233445566778899101112131415")
	key1, key2 := ApplicationKeys(base, esc.MustParse("d88b02c1-894e-1038-a711-001999465982"), MustParseUID("042E5A7A6E4D80"))
	if key1 != key(t, "3C28CCA0E5E256105DA681C08149FC8C") || key2 != key(t, "72479BFED64F7D712C3B528EEF82617F") {
		t.Errorf("keys %x and %x", key1[:], key2[:])
	}
	if s := key1.String(); s != "key(***)" {
		t.Errorf("a key prints as %s", s)
	}
}

func TestDAM(t *testing.T) {
	t.Parallel()
	keys := DAMKeysOf(key(t, "00112233445566778899101112131415"), MustParseUID("042e5a7a6e4d80"))
	want := DAMKeys{
		Auth: key(t, "72479BFED64F7D712C3B528EEF82617F"),
		Enc:  key(t, "85282EB616785CF5D919E556584BC5E7"),
		MAC:  key(t, "E2D7217CC8B4C287C169568E92A37A7D"),
	}
	if keys != want {
		t.Errorf("keys %x, want %x", keys, want)
	}

	random := [7]byte{1, 2, 3, 4, 5, 6, 7}
	const encK0 = "42502B1A4DFEC4B818A864469B97429934DB1DE9DD038E6B5A9163FC866ED867"
	var encK [32]byte
	for i, c := range []struct {
		version byte
		place   VersionPlace
		want    string
	}{
		0: {0, VersionAfterKey, encK0},
		1: {0, VersionAtEnd, encK0},
		2: {5, VersionAfterKey, "42502B1A4DFEC4B818A864469B974299243B58AA8DFA98B38C99AA61E97D6128"},
	} {
		got, err := EncryptDefaultKey(keys.Enc, random, Key{}, c.version, c.place)
		if err != nil || got != [32]byte(unhex(t, c.want)) {
			t.Errorf("EncK %d: %x, %v, want %s", i, got, err, c.want)
		}
		if i == 0 {
			encK = got
		}
	}
	atEnd, _ := EncryptDefaultKey(keys.Enc, random, Key{}, 5, VersionAtEnd)
	afterKey, _ := EncryptDefaultKey(keys.Enc, random, Key{}, 5, VersionAfterKey)
	if atEnd == afterKey {
		t.Error("the two places of version 5 give the same block")
	}
	if _, err := EncryptDefaultKey(keys.Enc, random, Key{}, 5, 0); err == nil {
		t.Error("a version over the random bytes is accepted")
	}

	app := DelegatedApplication{
		AID: [3]byte{0xF5, 0x85, 0x42}, SlotVersion: 0xFF, Quota: 0x0010, Settings1: 0x0B, Settings2: 0xA3,
		DFID: 0x1000, DFName: unhex(t, "A00000061404F58542"),
	}
	mac, err := app.MAC(keys.MAC, encK)
	if err != nil || mac != [8]byte(unhex(t, "EAEC74226CF4167B")) {
		t.Errorf("DAMMAC %X, %v, want EAEC74226CF4167B", mac, err)
	}
	for i, bad := range []func(*DelegatedApplication){
		func(a *DelegatedApplication) { a.Settings2 |= 0x10 },
		func(a *DelegatedApplication) { a.KeySets = []byte{1} },
		func(a *DelegatedApplication) { a.DFName = nil },
		func(a *DelegatedApplication) { a.DFName = make([]byte, 17) },
	} {
		changed := app
		bad(&changed)
		if _, err := changed.MAC(keys.MAC, encK); err == nil {
			t.Errorf("contradiction %d is accepted", i)
		}
	}
}

package aesgcm_test

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// vector reads one of the published files.
func vector(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(testutil.Shared(tb, "ewp/schemas/ewp-rsa-aes-java/test-files"), name))
	if err != nil {
		tb.Fatal(err)
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func vectorKey(tb testing.TB) *rsa.PrivateKey {
	tb.Helper()
	key, err := x509.ParsePKCS8PrivateKey(vector(tb, "rsa1-private"))
	if err != nil {
		tb.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

var ownKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func public(tb testing.TB, key *rsa.PrivateKey) ewp.PublicKey {
	tb.Helper()
	pub, err := ewp.NewPublicKey(&key.PublicKey)
	if err != nil {
		tb.Fatal(err)
	}
	return pub
}

func newDecrypter(tb testing.TB, cfg aesgcm.DecrypterConfig) *aesgcm.Decrypter {
	tb.Helper()
	d, err := aesgcm.NewDecrypter(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestVector(t *testing.T) {
	t.Parallel()
	key := vectorKey(t)
	pub, err := ewp.ParsePublicKeyDER(vector(t, "rsa1-public"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "035013774f596e1887344bda8a06462030759592355db3f51c8498ffd0b18add"; pub.Fingerprint().String() != want || public(t, key).Fingerprint() != pub.Fingerprint() {
		t.Errorf("fingerprint %s, want %s", pub.Fingerprint(), want)
	}
	d := newDecrypter(t, aesgcm.DecrypterConfig{Keys: []crypto.Decrypter{ownKey(), key}})
	body := vector(t, "example1-ewpRsaAesBody")
	plain, err := d.Decrypt(body)
	if err != nil || string(plain) != "This is a secret." {
		t.Fatalf("Decrypt = %q, %v", plain, err)
	}
	if got := len(body) - len(plain); got != aesgcm.Overhead(2048) {
		t.Errorf("Overhead(2048) = %d, the vector has %d", aesgcm.Overhead(2048), got)
	}
	for _, name := range []string{"-broken1", "-broken2", "-appended", "-badrecipient"} {
		damaged := vector(t, "example1-ewpRsaAesBody"+name)
		if bytes.Equal(damaged, body) {
			t.Fatalf("%s is not damaged", name)
		}
		if plain, err := d.Decrypt(damaged); err != aesgcm.ErrDecrypt || plain != nil {
			t.Errorf("%s: %q, %v, want ErrDecrypt", name, plain, err)
		}
	}
}

// TestDamage changes each byte of a body, and cuts it at each length.
func TestDamage(t *testing.T) {
	t.Parallel()
	d := newDecrypter(t, aesgcm.DecrypterConfig{Keys: []crypto.Decrypter{ownKey()}})
	body, err := aesgcm.Encrypt(public(t, ownKey()), []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range body {
		if i > 40 && i < 280 && i%20 != 0 {
			continue // inside the RSA block, each of which costs a private operation
		}
		damaged := bytes.Clone(body)
		damaged[i] ^= 1
		if _, err := d.Decrypt(damaged); err != aesgcm.ErrDecrypt {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := d.Decrypt(body[:i]); err != aesgcm.ErrDecrypt {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	if plain, err := d.Decrypt(body); err != nil || string(plain) != "secret" {
		t.Errorf("undamaged: %q, %v", plain, err)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	d := newDecrypter(t, aesgcm.DecrypterConfig{Keys: []crypto.Decrypter{ownKey()}, MaxSize: 1<<20 + aesgcm.Overhead(2048)})
	for _, size := range []int{0, 1, 15, 16, 17, 1000, 1 << 20} {
		plain := bytes.Repeat([]byte{'x'}, size)
		one, err := aesgcm.Encrypt(public(t, ownKey()), plain)
		if err != nil {
			t.Fatal(err)
		}
		two, err := aesgcm.Encrypt(public(t, ownKey()), plain)
		if err != nil {
			t.Fatal(err)
		}
		if len(one) != size+aesgcm.Overhead(2048) {
			t.Errorf("%d bytes became %d", size, len(one))
		}
		ivAt := aesgcm.Overhead(2048) - 12 - 16
		if bytes.Equal(one[34:ivAt], two[34:ivAt]) || bytes.Equal(one[ivAt:ivAt+12], two[ivAt:ivAt+12]) {
			t.Errorf("%d bytes: key or IV used twice", size)
		}
		got, err := d.Decrypt(one)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: %d came back, %v", size, len(got), err)
		}
	}
	if _, err := d.Decrypt(make([]byte, 1<<20+aesgcm.Overhead(2048)+1)); err != aesgcm.ErrTooLarge || !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("one byte too many: %v, want ErrTooLarge", err)
	}
}

// brokenKey fails or gives keys of a wrong length.
type brokenKey struct {
	*rsa.PrivateKey
	key []byte
	err error
}

func (k brokenKey) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) {
	return k.key, k.err
}

func TestOneErrorForAllKeys(t *testing.T) {
	t.Parallel()
	body, err := aesgcm.Encrypt(public(t, ownKey()), []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range []brokenKey{
		0: {err: errors.New("padding")},
		1: {key: make([]byte, 15)},
		2: {key: make([]byte, 32)},
		3: {key: make([]byte, 16)},
	} {
		key.PrivateKey = ownKey()
		d := newDecrypter(t, aesgcm.DecrypterConfig{Keys: []crypto.Decrypter{key}})
		if _, err := d.Decrypt(body); err != aesgcm.ErrDecrypt || !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: %v, want ErrDecrypt", i, err)
		}
	}
}

// TestLongerAES gives a body that is sound but for an AES key of 32 bytes.
func TestLongerAES(t *testing.T) {
	t.Parallel()
	for _, size := range []int{16, 32} {
		key := make([]byte, size)
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		fp := public(t, ownKey()).Fingerprint()
		body := append(fp[:], 1, 0) // 256 bytes of key, then the IV, all zero
		body = append(body, make([]byte, 256+12)...)
		body = gcm.Seal(body, make([]byte, 12), []byte("secret"), nil)
		d := newDecrypter(t, aesgcm.DecrypterConfig{Keys: []crypto.Decrypter{brokenKey{PrivateKey: ownKey(), key: key}}})
		if plain, err := d.Decrypt(body); (err == nil) != (size == 16) || (string(plain) == "secret") != (size == 16) {
			t.Errorf("key of %d bytes: %q, %v", size, plain, err)
		}
	}
}

func TestKeysRefused(t *testing.T) {
	t.Parallel()
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for i, to := range []ewp.PublicKey{{}, public(t, short)} {
		if body, err := aesgcm.Encrypt(to, []byte("x")); !errors.Is(err, passerelle.ErrInvalid) || body != nil {
			t.Errorf("%d: encrypted for a key that is none or too short: %v", i, err)
		}
	}
	_, err = aesgcm.NewDecrypter(aesgcm.DecrypterConfig{Keys: []crypto.Decrypter{short, nil}, MaxSize: -1})
	if faults, _ := errors.AsType[passerelle.FieldErrors](err); len(faults) != 3 {
		t.Errorf("faults %v, want three", err)
	}
	if _, err = aesgcm.NewDecrypter(aesgcm.DecrypterConfig{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no keys: %v", err)
	}
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		values []string
		want   bool
	}{
		0:  {nil, false},
		1:  {[]string{"ewp-rsa-aes128gcm"}, true},
		2:  {[]string{" ewp-rsa-AES128GCM ; q=1 , *;q=0"}, true}, // as the validator sends it
		3:  {[]string{"gzip, ewp-rsa-aes128gcm;q=0.5"}, true},
		4:  {[]string{"ewp-rsa-aes128gcm;q=0"}, false},
		5:  {[]string{"ewp-rsa-aes128gcm; Q=0.000"}, false},
		6:  {[]string{"ewp-rsa-aes128gcm;q=x"}, false},
		7:  {[]string{"*"}, false},
		8:  {[]string{"gzip", "ewp-rsa-aes128gcm"}, true},
		9:  {[]string{"ewp-rsa-aes128gcm2"}, false},
		10: {[]string{"identity;q=0, ewp-rsa-aes128gcm;level=1;q=0.1"}, true},
	} {
		if got := aesgcm.Accepted(http.Header{"Accept-Encoding": test.values}); got != test.want {
			t.Errorf("%d: Accepted with %q = %v", i, test.values, got)
		}
	}
}

func TestRequestedKey(t *testing.T) {
	t.Parallel()
	h := http.Header{"Accept-Encoding": {"gzip"}}
	if key, err := aesgcm.RequestedKey(h); err != nil || !key.IsZero() {
		t.Errorf("no key named: %v, %v", key, err)
	}
	want := public(t, ownKey())
	aesgcm.Ask(h, want)
	aesgcm.Ask(h, want)
	if got, err := aesgcm.RequestedKey(h); err != nil || got.Fingerprint() != want.Fingerprint() || h.Get("Accept-Encoding") != "gzip, ewp-rsa-aes128gcm" {
		t.Errorf("key named: %v, %v in %v", got.Fingerprint(), err, h)
	}
	aesgcm.Ask(h, ewp.PublicKey{})
	if len(h["Accept-Response-Encryption-Key"]) != 0 || !aesgcm.Accepted(h) {
		t.Errorf("asked again without a key: %v", h)
	}
	for i, values := range [][]string{
		0: {""},
		1: {"nonsense"},
		2: {want.String(), want.String()},
		3: {public(t, shortKey(t)).String()},
	} {
		if key, err := aesgcm.RequestedKey(http.Header{"Accept-Response-Encryption-Key": values}); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: %v, %v, want it refused", i, key.Fingerprint(), err)
		}
	}
}

func shortKey(tb testing.TB) *rsa.PrivateKey {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// FuzzDecrypt decrypts bodies that nobody encrypted. The AES key comes from the
// body itself, so that the tag and not the RSA work decides.
func FuzzDecrypt(f *testing.F) {
	body, err := aesgcm.Encrypt(public(f, ownKey()), []byte("This is a secret."))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add(body[:len(body)-1])
	f.Add(body[:40])
	f.Add([]byte{})
	d, err := aesgcm.NewDecrypter(aesgcm.DecrypterConfig{
		Keys: []crypto.Decrypter{brokenKey{PrivateKey: ownKey(), key: make([]byte, 16)}}, MaxSize: 4096,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= 32 {
			fp := public(t, ownKey()).Fingerprint()
			data = append(fp[:], data[32:]...)
		}
		if plain, err := d.Decrypt(data); err != aesgcm.ErrDecrypt && err != aesgcm.ErrTooLarge {
			t.Fatalf("%q, %v", plain, err)
		}
	})
}

package soap

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // prescribed by the UsernameToken profile, see passwordDigest
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
)

// Names of WS-Security 1.0 (OASIS, March 2004) and of its UsernameToken profile.
const (
	namespaceWSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	namespaceWSU  = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

	tokenProfile   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
	passwordText   = tokenProfile + "#PasswordText"
	passwordSHA1   = tokenProfile + "#PasswordDigest"
	base64Encoding = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)

// Security is the name of the header block of WS-Security, for Understood.
var Security = xml.Name{Space: namespaceWSSE, Local: "Security"}

// createdLayout is the form of Created: xsd:dateTime in UTC.
const createdLayout = "2006-01-02T15:04:05.000Z"

// UsernameToken writes the header block of the WS-Security UsernameToken Profile
// 1.0. Its Header method goes into [Options.Header].
type UsernameToken struct {
	Username string
	Password string
	// Digest sends a digest of the password with a nonce and the time, instead of
	// the password. Neither replaces TLS.
	Digest bool
	// Lifetime adds a Timestamp that expires after it; 0 adds none.
	Lifetime time.Duration
	// MustUnderstand marks the block so, in the namespace of Version.
	MustUnderstand bool
	// Version is that of the envelope.
	Version Version
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Rand gives the nonces; nil is crypto/rand.
	Rand io.Reader
}

// LogValue returns the kind of token, without name and password.
func (t UsernameToken) LogValue() slog.Value {
	return slog.GroupValue(slog.Bool("digest", t.Digest), slog.String("username", "***"), slog.String("password", "***"))
}

// String returns "UsernameToken(***)".
func (t UsernameToken) String() string { return "UsernameToken(***)" }

// GoString returns "UsernameToken(***)".
func (t UsernameToken) GoString() string { return t.String() }

// Header returns the Security header block, new at each call.
func (t UsernameToken) Header(context.Context) ([]byte, error) {
	now := time.Now
	if t.Now != nil {
		now = t.Now
	}
	created := now().UTC()
	security := etree.NewElement("wsse:Security")
	security.CreateAttr("xmlns:wsse", namespaceWSSE)
	security.CreateAttr("xmlns:wsu", namespaceWSU)
	if t.MustUnderstand {
		security.CreateAttr("xmlns:env", t.Version.Namespace())
		security.CreateAttr("env:mustUnderstand", "1")
	}
	if t.Lifetime > 0 {
		stamp := security.CreateElement("wsu:Timestamp")
		stamp.CreateElement("wsu:Created").SetText(created.Format(createdLayout))
		stamp.CreateElement("wsu:Expires").SetText(created.Add(t.Lifetime).Format(createdLayout))
	}
	token := security.CreateElement("wsse:UsernameToken")
	token.CreateElement("wsse:Username").SetText(t.Username)
	password := token.CreateElement("wsse:Password")
	if !t.Digest {
		password.CreateAttr("Type", passwordText)
		password.SetText(t.Password)
		return t.bytes(security)
	}
	source := t.Rand
	if source == nil {
		source = rand.Reader
	}
	var nonce [16]byte
	if _, err := io.ReadFull(source, nonce[:]); err != nil {
		return nil, fmt.Errorf("nonce of the UsernameToken: %w", err)
	}
	stamp := created.Format(createdLayout)
	password.CreateAttr("Type", passwordSHA1)
	password.SetText(base64.StdEncoding.EncodeToString(passwordDigest(nonce[:], stamp, t.Password)))
	el := token.CreateElement("wsse:Nonce")
	el.CreateAttr("EncodingType", base64Encoding)
	el.SetText(base64.StdEncoding.EncodeToString(nonce[:]))
	token.CreateElement("wsu:Created").SetText(stamp)
	return t.bytes(security)
}

func (t UsernameToken) bytes(security *etree.Element) ([]byte, error) {
	var faults passerelle.FieldErrors
	if t.Username == "" {
		faults.Add("Username", "required", "the name of the account")
	}
	if t.Password == "" {
		faults.Add("Password", "required", "the password of the account")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	security.WriteTo(&buf, &etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true})
	return buf.Bytes(), nil
}

// passwordDigest is SHA-1(nonce + created + password), as section 3.1 of the
// profile prescribes. It is the only use of SHA-1 in the module: the profile
// knows no other function, and a service that asks for a digest accepts nothing
// else. What it protects is a password against a reader of the message, which
// TLS does better.
func passwordDigest(nonce []byte, created, password string) []byte {
	h := sha1.New() //nolint:gosec // see above
	h.Write(nonce)
	io.WriteString(h, created)
	io.WriteString(h, password)
	return h.Sum(nil)
}

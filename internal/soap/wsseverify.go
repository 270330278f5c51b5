package soap

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/xml"
	"sync"
	"time"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// maxNonces bounds the memory of a TokenVerifier. Beyond it tokens are refused
// until old ones expire, because forgetting one would let it be replayed.
const maxNonces = 100_000

// TokenVerifier checks UsernameTokens on the server side. It is safe for
// concurrent use; its fields are set before the first call.
type TokenVerifier struct {
	// Password returns the password of an account, and whether there is such an
	// account.
	Password func(username string) (password string, ok bool)
	// DigestOnly refuses passwords sent as text.
	DigestOnly bool
	// Window is how far Created may be from the clock, either way; 5 minutes where 0.
	Window time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	mu     sync.Mutex
	nonces map[string]time.Time // nonce to when Created leaves the window
	swept  time.Time
}

// Verify returns the account that an envelope proves to come from. The error is a
// [*Fault] with a code of WS-Security, for a handler to answer; it does not tell
// an unknown account from a wrong password.
func (v *TokenVerifier) Verify(env *Envelope) (username string, err error) {
	block := env.Block(namespaceWSSE, "Security")
	token := xmlx.Child(block, namespaceWSSE, "UsernameToken")
	password := xmlx.Child(token, namespaceWSSE, "Password")
	if password == nil || len(xmlx.Children(block, namespaceWSSE, "UsernameToken")) != 1 {
		return "", securityFault("InvalidSecurity", "a UsernameToken with a password is required")
	}
	now := time.Now()
	if v.Now != nil {
		now = v.Now()
	}
	if !v.fresh(xmlx.Child(block, namespaceWSU, "Timestamp"), now) {
		return "", securityFault("MessageExpired", "the message has expired")
	}
	username = xmlx.Text(xmlx.Child(token, namespaceWSSE, "Username"))
	secret, known := v.Password(username)
	kind, _ := xmlx.Attr(password, "", "Type")
	switch {
	case kind == passwordSHA1:
		if err := v.digest(token, xmlx.Text(password), username, secret, known, now); err != nil {
			return "", err
		}
		return username, nil
	case (kind == "" || kind == passwordText) && !v.DigestOnly:
		if !same([]byte(password.Text()), []byte(secret)) || !known {
			return "", failed()
		}
		return username, nil
	}
	return "", securityFault("UnsupportedSecurityToken", "this type of password is not accepted")
}

func (v *TokenVerifier) digest(token *etree.Element, got, username, secret string, known bool, now time.Time) error {
	created := xmlx.Text(xmlx.Child(token, namespaceWSU, "Created"))
	at, timeErr := time.Parse(time.RFC3339Nano, created)
	nonce, nonceErr := base64.StdEncoding.DecodeString(xmlx.Text(xmlx.Child(token, namespaceWSSE, "Nonce")))
	digest, digestErr := base64.StdEncoding.DecodeString(got)
	switch {
	case timeErr != nil || nonceErr != nil || digestErr != nil || len(nonce) == 0:
		return securityFault("InvalidSecurityToken", "Nonce, Created and a digest in base 64 are required")
	case now.Sub(at).Abs() > v.window():
		return securityFault("MessageExpired", "Created is too far from the time of the server")
	case !same(digest, passwordDigest(nonce, created, secret)) || !known:
		return failed()
	}
	return v.once(username+"\x00"+string(nonce), at.Add(v.window()), now)
}

// same compares in constant time, without telling the length.
func same(a, b []byte) bool {
	x, y := sha256.Sum256(a), sha256.Sum256(b)
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// once refuses a nonce that was seen. It is called after the password is proved,
// so that strangers cannot fill the memory.
func (v *TokenVerifier) once(nonce string, expires, now time.Time) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.nonces == nil {
		v.nonces = map[string]time.Time{}
	}
	if _, seen := v.nonces[nonce]; seen {
		return failed()
	}
	if full := len(v.nonces) >= maxNonces; full || now.Sub(v.swept) > v.window() {
		for n, until := range v.nonces {
			if now.After(until) {
				delete(v.nonces, n)
			}
		}
		v.swept = now
		if len(v.nonces) >= maxNonces {
			return NewFault("Server", "too many requests")
		}
	}
	v.nonces[nonce] = expires
	return nil
}

func (v *TokenVerifier) window() time.Duration {
	if v.Window > 0 {
		return v.Window
	}
	return 5 * time.Minute
}

// fresh checks an optional Timestamp.
func (v *TokenVerifier) fresh(stamp *etree.Element, now time.Time) bool {
	if stamp == nil {
		return true
	}
	if created := xmlx.Text(xmlx.Child(stamp, namespaceWSU, "Created")); created != "" {
		at, err := time.Parse(time.RFC3339Nano, created)
		if err != nil || at.Sub(now) > v.window() {
			return false
		}
	}
	if expires := xmlx.Text(xmlx.Child(stamp, namespaceWSU, "Expires")); expires != "" {
		at, err := time.Parse(time.RFC3339Nano, expires)
		if err != nil || !now.Before(at) {
			return false
		}
	}
	return true
}

func failed() *Fault {
	return securityFault("FailedAuthentication", "the account or the password is wrong")
}

func securityFault(code, reason string) *Fault {
	return &Fault{Code: xml.Name{Space: namespaceWSSE, Local: code}, Reason: reason}
}

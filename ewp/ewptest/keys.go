package ewptest

import (
	"crypto/rand"
	"crypto/rsa"
	"sync"

	"github.com/passerelle-sup/passerelle/ewp"
)

// keyBits is the length of the keys of the network: the least that the registry
// accepts, because they are slow to make.
const keyBits = ewp.MinKeyBits

var (
	keysMu sync.Mutex
	keys   = map[int]func() *rsa.PrivateKey{}
)

// Key returns the key with a number, from 0: always the same in one process, and
// another in the next, because keys are slow to make and test keys must not be taken
// for secrets. Networks take theirs from 0 upwards; numbers below 0 are never in use
// by a network, so that Key(-1) is a key that no registry knows. It is safe for
// concurrent use.
func Key(number int) *rsa.PrivateKey {
	keysMu.Lock()
	key, ok := keys[number]
	if !ok {
		key = sync.OnceValue(func() *rsa.PrivateKey {
			key, err := rsa.GenerateKey(rand.Reader, keyBits)
			if err != nil {
				panic("ewptest: no RSA key can be made: " + err.Error())
			}
			return key
		})
		keys[number] = key
	}
	keysMu.Unlock()
	return key()
}

// public returns the public half of a key that this package made or checked.
func public(key *rsa.PrivateKey) ewp.PublicKey {
	k, err := ewp.NewPublicKey(&key.PublicKey)
	if err != nil {
		panic("ewptest: " + err.Error())
	}
	return k
}

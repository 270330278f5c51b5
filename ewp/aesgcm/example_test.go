package aesgcm_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"log"
	"net/http"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
)

// A client asks for an encrypted answer, and decrypts it.
func Example() {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	public, err := ewp.NewPublicKey(&key.PublicKey)
	if err != nil {
		log.Fatal(err)
	}

	request := http.Header{}
	aesgcm.Ask(request, public) // then sign the request

	// The server, once the request was verified and its unsigned headers dropped.
	var answer []byte
	if aesgcm.Accepted(request) {
		to, err := aesgcm.RequestedKey(request)
		if err != nil {
			log.Fatal(err)
		}
		if answer, err = aesgcm.Encrypt(to, []byte("<response/>")); err != nil {
			log.Fatal(err)
		}
	}

	decrypter, err := aesgcm.NewDecrypter(aesgcm.DecrypterConfig{Keys: []crypto.Decrypter{key}})
	if err != nil {
		log.Fatal(err)
	}
	plain, err := decrypter.Decrypt(answer)
	fmt.Printf("%s %v\n", plain, err)

	answer[len(answer)-1]++ // somebody changed a byte on the way
	_, err = decrypter.Decrypt(answer)
	fmt.Println(err)
	// Output:
	// <response/> <nil>
	// encrypted body: cannot be decrypted with our keys
}

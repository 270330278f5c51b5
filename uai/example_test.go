package uai_test

import (
	"fmt"

	"github.com/passerelle-sup/passerelle/uai"
)

func ExampleParseStrict() {
	_, err := uai.ParseStrict("0511296A")
	fmt.Println(err)
	c, err := uai.ParseStrict("0511296g")
	fmt.Println(c, c.Department(), err)
	// Output:
	// UAI: key at position 8: want G
	// 0511296G 51 <nil>
}

func ExampleKey() {
	key, err := uai.Key("0751717")
	fmt.Println(key, err)
	// Output:
	// J <nil>
}

package httpsig

import "testing"

func TestDecodedTarget(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		in, want string
		ok       bool
	}{
		0:  {"/a?b=c%20d", "/a?b=c d", true},
		1:  {"/a%20b?c=%C3%A9", "/a%20b?c=é", true},
		2:  {"/a", "", false},
		3:  {"/a%20b", "", false},
		4:  {"/a?b=c", "", false},
		5:  {"/a?b=%0Ahost:%20x", "", false},
		6:  {"/a?b=%0d", "", false},
		7:  {"/a?b=%7f", "", false},
		8:  {"/a?b=%26", "", false},
		9:  {"/a?b%3dc", "", false},
		10: {"/a?b=%2b", "", false},
		11: {"/a?b=%25", "", false},
		12: {"/a?b=%23", "", false},
		13: {"/a?b=%2", "", false},
		14: {"/a?b=%zz", "", false},
		15: {"/a?b=%20%", "", false},
		16: {"/a?b=%20%3B", "", false},
	} {
		if got, ok := decodedTarget(test.in); ok != test.ok || ok && got != test.want {
			t.Errorf("%d: decodedTarget(%q) = %q, %v, want %q, %v", i, test.in, got, ok, test.want, test.ok)
		}
	}
}

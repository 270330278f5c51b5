package document_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/document"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

var root = document.Root(ewp.SimpleCourseReplication, "")

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	want := []string{"a", "b & <c>", ""}
	var b bytes.Buffer
	if err := document.Encode(&b, root, "los-id", want); err != nil {
		t.Fatal(err)
	}
	got, err := document.Decode[string](&b, root, "los-id")
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "objects", got, want)
}

// TestErrors tells a document that is wrong from one that cannot be read, or written.
func TestErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	open := "<" + root.Local + ` xmlns="` + root.Space + `">`
	for i, c := range map[int]struct {
		r    io.Reader
		want error
	}{
		0: {strings.NewReader(open), passerelle.ErrProtocol},
		1: {strings.NewReader("<other/>"), passerelle.ErrProtocol},
		2: {strings.NewReader("<?xml version=\"1.0\" encoding=\"EBCDIC-X\"?><a/>"), passerelle.ErrProtocol},
		3: {io.MultiReader(strings.NewReader(open), iotest.ErrReader(broken)), broken},
		4: {iotest.ErrReader(broken), broken},
	} {
		objects, err := document.Decode[string](c.r, root, "los-id")
		if !errors.Is(err, c.want) || objects != nil || c.want == broken && errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %v, %v, want %v", i, objects, err, c.want)
		}
	}
	if err := document.Encode(broke{broken}, root, "los-id", []string{"a"}); !errors.Is(err, broken) {
		t.Errorf("writing: %v, want %v", err, broken)
	}
}

// broke is a writer that fails.
type broke struct{ err error }

func (b broke) Write([]byte) (int, error) { return 0, b.err }

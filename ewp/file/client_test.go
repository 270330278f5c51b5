package file_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/file"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// cabinet has some files, for uni-a.example only.
type cabinet map[string]string

func (c cabinet) File(_ context.Context, p ewpserver.Parties, id string) (*file.File, error) {
	content, ok := c[id]
	if !ok || p.Caller.String() != "uni-a.example" {
		return nil, passerelle.ErrNotFound
	}
	return &file.File{ContentType: "application/pdf", Content: io.NopCloser(strings.NewReader(content))}, nil
}

// network has uni-a, uni-b with some files, and uni-c without the API.
func network(files cabinet) (*ewptest.Network, error) {
	return ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: ewp.MustParseHEIID("uni-a.example")},
		{HEI: ewp.MustParseHEIID("uni-b.example"), Register: func(u *ewptest.University) error { return file.Register(u.Server, files) }},
		{HEI: ewp.MustParseHEIID("uni-c.example")},
	}})
}

func TestGet(t *testing.T) {
	t.Parallel()
	big := string(bytes.Repeat([]byte("%PDF-1.7\x00\xff"), 1<<20)) // more than is kept in memory
	n, err := network(cabinet{"1": "%PDF", "big": big, "a b+c": "x", "empty": ""})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	b := ewp.MustParseHEIID("uni-b.example")
	c := file.NewClient(n.University("uni-a.example").Client)
	for id, want := range map[string]string{"1": "%PDF", "big": big, "a b+c": "x", "empty": ""} {
		f, err := c.Get(t.Context(), file.Request{HEI: b, ID: id})
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		got, err := io.ReadAll(f.Content)
		if err != nil || string(got) != want {
			t.Errorf("%s: %d bytes, %v; want %d", id, len(got), err, len(want))
		}
		testutil.Equal(t, "type", f.ContentType, "application/pdf")
		if err := f.Content.Close(); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}

	_, err = c.Get(t.Context(), file.Request{HEI: b, ID: "unknown"})
	if e, ok := errors.AsType[*ewp.Error](err); !ok || e.Status != 404 || !e.Signed || !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	_, err = file.NewClient(n.University("uni-c.example").Client).Get(t.Context(), file.Request{HEI: b, ID: "1"})
	if e, ok := errors.AsType[*ewp.Error](err); !ok || e.Status != 404 {
		t.Errorf("not for this caller: %v", err)
	}
	_, err = c.Get(t.Context(), file.Request{HEI: ewp.MustParseHEIID("uni-c.example"), ID: "1"})
	if e, ok := errors.AsType[*ewpclient.ResolveError](err); !ok || e.Problem != ewpclient.NoAPI {
		t.Errorf("no such API: %v", err)
	}
	if _, err = c.Get(t.Context(), file.Request{HEI: b}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no identifier: %v", err)
	}
}

// TestGetTruncated: a file that breaks off is fetched again, and never given in part.
func TestGetTruncated(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("content ", 1000)
	n, err := network(cabinet{"1": content})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	b := n.University("uni-b.example")
	c := file.NewClient(n.University("uni-a.example").Client)
	b.Inject(ewptest.Injection{Fault: ewptest.Truncated, Times: 1})
	f, err := c.Get(t.Context(), file.Request{HEI: b.HEI, ID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Content.Close()
	got, err := io.ReadAll(f.Content)
	if err != nil || string(got) != content {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(content))
	}
	b.Inject(ewptest.Injection{Fault: ewptest.Truncated})
	if _, err := c.Get(t.Context(), file.Request{HEI: b.HEI, ID: "1"}); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("always truncated: %v", err)
	}
}

// The PDF of an agreement, whose identifier the agreement gave.
func ExampleClient_Get() {
	n, err := network(cabinet{"0d2c": "%PDF-1.7 …"})
	if err != nil {
		log.Fatal(err)
	}
	defer n.Close()

	client := file.NewClient(n.University("uni-a.example").Client)
	f, err := client.Get(context.Background(), file.Request{HEI: ewp.MustParseHEIID("uni-b.example"), ID: "0d2c"})
	if err != nil {
		log.Fatal(err)
	}
	defer f.Content.Close()
	content, err := io.ReadAll(f.Content)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.ContentType, len(content))
	// Output:
	// application/pdf 12
}

package iias_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp/iias"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// vector is one line of the vectors, which were made by running the published sheets.
type vector struct {
	File       string `json:"file"`
	Version    int    `json:"iia_api_version"`
	ID         string `json:"iia_id"`
	Text       string `json:"text_to_hash"`
	Hash       string `json:"iia_hash"`
	InFile     string `json:"hash_in_file"`
	Approvable bool   `json:"valid_for_approval"`
	Conditions string `json:"conditions_hash_c14n"`
}

// vectors reads a list of them; folder is where its documents are.
func vectors(tb testing.TB, list, folder string) (all []vector, dir string) {
	tb.Helper()
	data, err := os.ReadFile(testutil.Shared(tb, list))
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(data, &all); err != nil {
		tb.Fatal(err)
	}
	if len(all) == 0 {
		tb.Fatalf("%s has no vector", list)
	}
	return all, testutil.Shared(tb, folder)
}

const hashVectors = "ewp/examples/iia-hash-vectors"

// TestVectors checks text, hash and validity against the output of the published sheets.
func TestVectors(t *testing.T) {
	t.Parallel()
	own, ownDir := vectors(t, hashVectors+"/expected.json", hashVectors)
	published, publishedDir := vectors(t, hashVectors+"/expected-published.json", "ewp/examples")
	check := func(dir string, v vector) {
		document := read(t, filepath.Join(dir, filepath.FromSlash(v.File)))
		compute := iias.Compute
		if v.Version == 6 {
			compute = iias.ComputeOfV6
		}
		parts, err := iias.Split(document)
		if err != nil {
			t.Fatalf("%s: %v", v.File, err)
		}
		valid, found := true, false
		for _, part := range parts {
			got, err := compute(part)
			if err != nil {
				t.Fatalf("%s: %v", v.File, err)
			}
			valid = valid && got.Approvable // the sheet looks at the whole document
			if got.ID != v.ID {
				continue
			}
			found = true
			if got.Text != v.Text || got.Hash.String() != v.Hash {
				t.Errorf("%s: %s\n got %s\nwant %s", v.File, got.Hash, got.Text, v.Text)
			}
			if v.Version == 6 {
				if got, err = iias.ConditionsHash(part); err != nil || got.Hash.String() != v.Conditions {
					t.Errorf("%s: conditions-hash %s, %v; want %s", v.File, got.Hash, err, v.Conditions)
				}
			}
			if v.InFile != "" && got.Declared != v.InFile {
				t.Errorf("%s: the copy declares %s, want %s", v.File, got.Declared, v.InFile)
			}
		}
		if !found || valid != v.Approvable {
			t.Errorf("%s: found %v, valid for approval %v, want %v", v.File, found, valid, v.Approvable)
		}
	}
	for _, v := range own {
		check(ownDir, v)
	}
	for _, v := range published {
		check(publishedDir, v)
	}
}

func read(tb testing.TB, path string) []byte {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

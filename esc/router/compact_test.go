package router

import (
	"fmt"
	"path/filepath"
	"testing"
)

// The file is written anew when most of it is history, and holds the same.
func TestFileStateCompacts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s, err := OpenState(path)
	if err != nil {
		t.Fatal(err)
	}
	s.least = 20
	key := Key{PIC: "999465982", Student: "1"}
	for _, name := range []string{"kept", "freed"} {
		if _, err := s.Reserve(t.Context(), name, key); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Release(t.Context(), "freed", key); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if err := s.Save(t.Context(), Record{Key: key, Person: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.journal.Len(); n > 40 {
		t.Errorf("%d records on file for one student and one name", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = OpenState(path); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if r, err := s.Load(t.Context(), key); err != nil || r.Person != "199" {
		t.Errorf("record %+v, %v", r, err)
	}
	stranger := Key{PIC: key.PIC, Student: "2"}
	if holder, err := s.Reserve(t.Context(), "kept", stranger); err != nil || holder != key {
		t.Errorf("the kept name is held by %v, %v", holder, err)
	}
	if holder, err := s.Reserve(t.Context(), "freed", stranger); err != nil || holder != stranger {
		t.Errorf("the freed name is held by %v, %v", holder, err)
	}
}

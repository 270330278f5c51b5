package inestest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// killed names the journal of the process that TestKill starts and kills.
const killed = "PASSERELLE_INESTEST_KILLED"

func TestMain(m *testing.M) {
	if path := os.Getenv(killed); path != "" {
		if err := registerForever(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// registerForever registers the people that the journal does not have yet, and
// prints each number once it was answered.
func registerForever(path string) error {
	s, err := inestest.Listen(inestest.Config{Journal: path})
	if err != nil {
		return err
	}
	client, err := ines.NewSOAP(s.SOAPConfig())
	if err != nil {
		return err
	}
	for i := len(s.Created()); ; i++ {
		a, err := client.Register(context.Background(), ines.RegisterRequest{Student: fmt.Sprint(i), Person: nth(i), UAI: lorrain})
		if err != nil {
			return err
		}
		fmt.Println(i, a.Master)
	}
}

func nth(i int) passerelle.Person {
	return with(eve, func(p *passerelle.Person) { p.BirthDate = passerelle.NewDate(1990, 1, 1).AddDays(i) })
}

// TestKill kills a process that embeds the register, several times, and checks that
// it forgets nothing that it answered.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := 3
	if os.Getenv("CI_LONG") == "1" {
		kills = 50
	}
	path := filepath.Join(t.TempDir(), "register")
	answered := make(map[int]string)
	for round := range kills {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		cmd := exec.CommandContext(ctx, os.Args[0])
		cmd.Env = append(os.Environ(), killed+"="+path)
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ { // the lines after the kill were answered too
			var i int
			var number string
			if _, err := fmt.Sscan(lines.Text(), &i, &number); err != nil {
				continue // cut
			}
			answered[i] = number
			if n == 20+7*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // killed
		cancel()
		if said.Len() > 0 {
			t.Fatalf("round %d: %s", round, said.String())
		}
		s, err := inestest.Listen(inestest.Config{Journal: path})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for i, number := range answered {
			testutil.Equal(t, "of the reference", s.RegistrationsOf(fmt.Sprint(i)), inestest.Count{Received: 1, Processed: 1, Created: 1})
			if got := s.Dossiers()[i].Number.String(); got != number {
				t.Errorf("round %d: student %d has another number than was answered", round, i)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(answered) < 20*kills {
		t.Errorf("%d answers in all: too few to prove anything", len(answered))
	}
}

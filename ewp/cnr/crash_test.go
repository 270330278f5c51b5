package cnr_test

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

var (
	start = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	own   = ewp.MustParseHEIID("univ-a.example")
	peer  = ewp.MustParseHEIID("univ-b.example")
	other = ewp.MustParseHEIID("univ-c.example")
)

func iia(to ewp.HEIID, id string) cnr.Change {
	return cnr.Change{Route: cnr.Route{From: own, To: to, API: ewp.IIACNR}, ID: id}
}

func entries(t testing.TB, q cnr.Queue) map[cnr.Change]cnr.Entry {
	t.Helper()
	found := map[cnr.Change]cnr.Entry{}
	for e, err := range q.Entries(t.Context(), cnr.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		e.Claim, e.Leased = 0, time.Time{} // ends with the process
		found[e.Change] = e
	}
	return found
}

// TestCutAnywhere cuts the file anywhere: what was acknowledged before is
// there, and of the write under way each entry is as before it or as after it.
func TestCutAnywhere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "queue")
	f := openFile(t, path)
	size := func() int64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	type moment struct {
		size    int64
		entries map[cnr.Change]cnr.Entry
	}
	history := []moment{{size(), entries(t, f)}}
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		history = append(history, moment{size(), entries(t, f)})
	}
	claim := func(n int) []cnr.Entry {
		claimed, err := f.Claim(t.Context(), start.Add(time.Second), start.Add(time.Minute), n)
		if err != nil || len(claimed) != n {
			t.Fatalf("claimed %d, %v, want %d", len(claimed), err, n)
		}
		return claimed
	}
	step(f.Add(t.Context(), start, iia(peer, "1"), iia(peer, "2")))
	step(f.Add(t.Context(), start.Add(time.Millisecond), iia(other, "3")))
	two := claim(2)
	step(f.Add(t.Context(), start, two[0].Change)) // changes while it is sent
	step(f.Settle(t.Context(), cnr.Result{At: start, State: cnr.Done, Tried: true, Status: 200}, two...))
	step(f.Settle(t.Context(), cnr.Result{At: start, State: cnr.Refused, Tried: true, Status: 400, Said: "no"}, claim(1)...))
	step(f.Again(t.Context(), start, iia(other, "3")))
	_, err := f.Purge(t.Context(), start.Add(time.Second))
	step(err)
	f.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut")
	stride := 13 // each cut costs an Open and its sync; the long run takes every byte
	if testutil.IsLong() {
		stride = 1
	}
	cuts := map[int64]bool{int64(len(whole)): true}
	for n := history[0].size; n < int64(len(whole)); n += int64(stride) {
		cuts[n] = true
	}
	for _, m := range history { // at the end of each write, and beside it
		for n := max(m.size-1, history[0].size); n <= min(m.size+1, int64(len(whole))); n++ {
			cuts[n] = true
		}
	}
	for n := range cuts {
		before := 0
		for before+1 < len(history) && history[before+1].size <= n {
			before++
		}
		after := min(before+1, len(history)-1)
		if err := os.WriteFile(cut, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := cnr.Open(cut)
		if err != nil {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
		got := entries(t, f)
		f.Close()
		for c := range history[before].entries {
			_, kept := got[c]
			_, purged := history[after].entries[c]
			if !kept && purged {
				t.Fatalf("cut after %d bytes: %v is lost", n, c)
			}
		}
		for c, e := range got {
			if e != history[before].entries[c] && e != history[after].entries[c] {
				t.Fatalf("cut after %d bytes: %+v, want it as before step %d or after it", n, e, after)
			}
		}
		if n == history[before].size && !maps.Equal(got, history[before].entries) {
			t.Fatalf("cut after step %d: %+v, want %+v", before, got, history[before].entries)
		}
	}
}

// TestKill kills a process that changes and delivers, again and again: at the end
// every change that was acknowledged was delivered after it, and what was delivered
// too often is at most one message for each kill.
func TestKill(t *testing.T) {
	if dir := os.Getenv("CNR_KILL_DIR"); dir != "" {
		deliverUntilKilled(t, dir)
		return
	}
	t.Parallel()
	kills := 6
	if testutil.IsLong() {
		kills = 50
	}
	dir := t.TempDir()
	for k := range kills {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKill$")
		cmd.Env = append(os.Environ(), "CNR_KILL_DIR="+dir, fmt.Sprintf("CNR_KILL_RUN=%d", k))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		bufio.NewReader(out).ReadString('\n') // it is at work
		time.Sleep(time.Duration(5+17*k%40) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
	}
	acked, sent := lines(t, filepath.Join(dir, "acked")), lines(t, filepath.Join(dir, "sent"))
	if len(acked) == 0 || len(sent) == 0 {
		t.Fatalf("%d changes, %d messages: the processes did nothing", len(acked), len(sent))
	}
	f := openFile(t, filepath.Join(dir, "queue"))
	known := map[string]cnr.Entry{}
	for c, e := range entries(t, f) {
		known[c.ID] = e
	}
	for id := range acked {
		e, ok := known[id]
		if !ok {
			t.Errorf("the change of %s was acknowledged and is lost", id)
		}
		if e.State == cnr.Done && sent[id] == 0 {
			t.Errorf("%s is done and was never sent", id)
		}
	}
	twice := 0
	for _, n := range sent {
		twice += n - 1
	}
	if twice > kills {
		t.Errorf("%d messages were sent again after %d kills", twice, kills)
	}
	t.Logf("%d changes, %d sent, %d of them again, %d kills", len(acked), len(sent), twice, kills)
}

// deliverUntilKilled adds changes of new objects and delivers them, and writes down
// what was acknowledged and what the partner got.
func deliverUntilKilled(t *testing.T, dir string) {
	note := func(name string) func(string) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return func(id string) { fmt.Fprintln(f, id) }
	}
	acked, sent := note("acked"), note("sent")
	f := openFile(t, filepath.Join(dir, "queue"))
	fmt.Println("at work")
	for i := 0; ; i++ {
		id := fmt.Sprintf("%s-%d", os.Getenv("CNR_KILL_RUN"), i)
		now := time.Now()
		if err := f.Add(t.Context(), now, iia(peer, id)); err != nil {
			t.Fatal(err)
		}
		acked(id)
		claimed, err := f.Claim(t.Context(), now.Add(time.Second), now.Add(time.Minute), 1)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("claimed %d: %v", len(claimed), err)
		}
		sent(claimed[0].Change.ID)
		if err := f.Settle(t.Context(), cnr.Result{At: now, State: cnr.Done, Tried: true, Status: 200}, claimed...); err != nil {
			t.Fatal(err)
		}
	}
}

func lines(t *testing.T, path string) map[string]int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		found[s.Text()]++
	}
	return found
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines/campaign"
)

// history applies a person's decision, if there is one, and prints what is known
// of a student.
func history(ctx context.Context, o options, w io.Writer) error {
	path := filepath.Join(o.out, "state.db")
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("%s holds no memory of a campaign: %w", o.out, err)
	}
	ledger, err := campaign.OpenFile(path)
	if err != nil {
		return err
	}
	defer ledger.Close()
	student := o.explain
	if o.settle != "" {
		student = o.settle
		by := "a person"
		if u, err := user.Current(); err == nil {
			by = u.Username
		}
		if err := campaign.Settle(ctx, ledger, student, decisions[o.decision], by, time.Now()); err != nil {
			return err
		}
	}
	e, err := campaign.Explain(ctx, ledger, student)
	switch {
	case errors.Is(err, passerelle.ErrNotFound):
		return lastOutcomes(o, student, w)
	case err != nil:
		return err
	}
	_, err = io.WriteString(w, e.Text(campaign.English))
	return err
}

// lastOutcomes prints what the last run said of a student whom INES was never
// asked about.
func lastOutcomes(o options, student string, w io.Writer) error {
	f, err := os.Open(filepath.Join(o.out, "outcomes.jsonl"))
	if err != nil {
		return fmt.Errorf("%s: INES was never asked about this student, and there are no results of a run: %w", student, err)
	}
	defer f.Close()
	found := false
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return fmt.Errorf("outcomes.jsonl: %w", err)
		}
		if l.Student == student {
			found = true
			fmt.Fprintf(w, "%s: %s: %s: %s\n", l.Student, l.Step, l.Outcome, l.Detail)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%s: no student of this reference in the results of %s", student, o.out)
	}
	return nil
}

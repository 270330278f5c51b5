package aglae_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/detectiontest"
)

func TestDetectionLogs(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		detectiontest.Log(t, func(*testing.T) aglae.DetectionLog { return aglae.NewMemoryLog() })
	})
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		detectiontest.Log(t, func(t *testing.T) aglae.DetectionLog { return openLog(t, filepath.Join(t.TempDir(), "log")) })
	})
}

func openLog(t *testing.T, path string) *aglae.FileLog {
	t.Helper()
	log, err := aglae.OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

func TestFileLogSurvives(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	log := openLog(t, path)
	if _, err := aglae.OpenLog(path); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("a second process: %v, want a conflict", err)
	}
	at := time.Date(2026, 9, 7, 10, 0, 0, 0, time.UTC)
	for i, v := range []aglae.Verdict{aglae.Holder, aglae.Wait} {
		d := aglae.DetectionOf(aglae.Answer{Question: askedQuery, Verdict: v, At: at.Add(-time.Duration(i) * time.Hour), Code: askedINE.String()})
		if d.Code != "" {
			t.Error("a code that is an INE is kept")
		}
		if err := log.Record(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := log.Record(t.Context(), aglae.DetectionOf(aglae.Answer{Question: askedQuery, Verdict: aglae.Wait, At: at})); err == nil {
		t.Error("a closed log takes an answer")
	}
	log = openLog(t, path)
	if d, err := log.Latest(t.Context(), "20260001", 2026); err != nil || d.Verdict != aglae.Holder || !d.At.Equal(at) {
		t.Errorf("opened again: %+v, %v", d, err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("passerelle journal 1: other/1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := aglae.OpenLog(path); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("another file: %v, want invalid", err)
	}
}

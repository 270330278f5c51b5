package testutil

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// Leaks collects log lines and error texts and knows which words must not be in
// them. Its methods are safe for concurrent use.
type Leaks struct {
	mu      sync.Mutex
	log     bytes.Buffer
	errs    []string
	secrets []string
}

// Secret adds personal values to look for. Values of fewer than four characters
// are refused: they would be found everywhere.
func (l *Leaks) Secret(tb testing.TB, values ...string) {
	tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range values {
		if len(v) < 4 {
			tb.Fatalf("secret %q is too short to look for", v)
		}
		l.secrets = append(l.secrets, strings.ToLower(v))
	}
}

// Logger returns a logger that writes everything, debug lines included, into l.
func (l *Leaks) Logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
}

// Write takes log output.
func (l *Leaks) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(p)
}

// Error adds the text of an error; nil is ignored.
func (l *Leaks) Error(err error) {
	if err == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errs = append(l.errs, err.Error())
}

// Log returns what was logged so far.
func (l *Leaks) Log() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.String()
}

// Check fails the test for each secret found in a log line or error text.
func (l *Leaks) Check(tb testing.TB) {
	tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.secrets) == 0 {
		tb.Fatal("no secret to look for: the check would prove nothing")
	}
	lines := append(strings.Split(l.log.String(), "\n"), l.errs...)
	for _, line := range lines {
		low := strings.ToLower(line)
		for _, s := range l.secrets {
			if strings.Contains(low, s) {
				tb.Errorf("personal data %q in: %s", s, line)
			}
		}
	}
}

package httpsig_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

func TestSpool(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 10_000)
	for i, cfg := range []httpsig.SpoolConfig{
		0: {},
		1: {Memory: 1000},
		2: {Memory: int64(len(data))},
		3: {Memory: int64(len(data)) - 1, Max: int64(len(data))},
		4: {Memory: -1},
	} {
		cfg.Dir = t.TempDir()
		s := httpsig.NewSpool(cfg)
		for rest := data; len(rest) > 0; {
			n := min(len(rest), 777)
			if _, err := s.Write(rest[:n]); err != nil {
				t.Fatalf("%d: %v", i, err)
			}
			rest = rest[n:]
		}
		sum, err := s.SHA256()
		if err != nil || sum != sha256.Sum256(data) || s.Size() != int64(len(data)) {
			t.Errorf("%d: %d bytes, digest %x, %v", i, s.Size(), sum, err)
		}
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				got, err := io.ReadAll(s.Reader())
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%d: read %d bytes, %v, want those written", i, len(got), err)
				}
			})
		}
		wg.Wait()
		if err := s.Close(); err != nil {
			t.Errorf("%d: %v", i, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%d: closed again: %v", i, err)
		}
		if left, err := os.ReadDir(cfg.Dir); err != nil || len(left) > 0 {
			t.Errorf("%d: %d files left, %v", i, len(left), err)
		}
		if _, err := s.Write([]byte("x")); err == nil {
			t.Errorf("%d: written after Close", i)
		}
		if _, err := s.SHA256(); err == nil {
			t.Errorf("%d: digest after Close", i)
		}
	}
}

func TestSpoolTooLarge(t *testing.T) {
	t.Parallel()
	for i, cfg := range []httpsig.SpoolConfig{
		0: {Max: 5},
		1: {Max: 5, Memory: -1},
	} {
		s := httpsig.NewSpool(cfg)
		if _, err := s.Write([]byte("12345")); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		if _, err := s.Write([]byte("6")); !errors.Is(err, httpsig.ErrTooLarge) {
			t.Errorf("%d: %v, want ErrTooLarge", i, err)
		}
		if _, err := s.SHA256(); !errors.Is(err, httpsig.ErrTooLarge) {
			t.Errorf("%d: digest of a part: %v", i, err)
		}
		s.Close()
	}
}

// TestVerifyFromDisk verifies requests whose body goes through a spool.
func TestVerifyFromDisk(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("echo=a&", 5000)
	v := newVerifier(t, httpsig.RequestVerifierConfig{})
	for name, test := range map[string]struct {
		cfg    httpsig.SpoolConfig
		source func(io.Reader) io.Reader
		reason httpsig.Reason
		status int
	}{
		"in memory": {},
		"on disk":   {cfg: httpsig.SpoolConfig{Memory: 100}},
		"slowly":    {cfg: httpsig.SpoolConfig{Memory: 100}, source: iotest.HalfReader},
		"too long":  {cfg: httpsig.SpoolConfig{Max: 100}, reason: httpsig.TooLarge, status: 413},
		"broken":    {source: func(r io.Reader) io.Reader { return iotest.TimeoutReader(iotest.OneByteReader(r)) }, reason: httpsig.Broken, status: 400},
		"cut":       {source: func(r io.Reader) io.Reader { return io.LimitReader(r, 1000) }, reason: httpsig.Digest, status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := signed(t, "POST", echoURL, body)
			s := httpsig.NewSpool(test.cfg)
			defer s.Close()
			source := io.Reader(r.Body)
			if test.source != nil {
				source = test.source(source)
			}
			_, err := v.Verify(r, s.Receive(source))
			if got := reasonOf(t, err); got != test.reason {
				t.Fatalf("%v, want %q", err, test.reason)
			}
			if err != nil {
				if e, _ := errors.AsType[*httpsig.Error](err); e.Status() != test.status {
					t.Errorf("status %d, want %d", e.Status(), test.status)
				}
				if _, err := s.SHA256(); test.reason != httpsig.Digest && err == nil {
					t.Error("the spool gives the digest of a part")
				}
				return
			}
			got, err := io.ReadAll(s.Reader())
			if err != nil || string(got) != body {
				t.Errorf("%d bytes, %v, want the body", len(got), err)
			}
			if _, err := v.Verify(r, s); err != nil {
				t.Errorf("verified again from the spool: %v", err)
			}
		})
	}
}

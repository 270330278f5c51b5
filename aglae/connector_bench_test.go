package aglae_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
)

// BenchmarkAsk is a question over loopback, with the answer in a log in memory.
func BenchmarkAsk(b *testing.B) {
	s := aglaetest.NewServer(b, aglaetest.Config{Files: []aglaetest.File{fileOf(askedINE, aglaetest.Definitive)}})
	c := connector(b, soapClient(b, s), aglae.NewMemoryLog())
	b.ReportAllocs()
	for b.Loop() {
		if a, err := c.Ask(b.Context(), askedQuery); err != nil || a.Verdict != aglae.Holder {
			b.Fatal(a.Verdict, err)
		}
	}
}

// BenchmarkAskFloor posts the same bytes to the same service by net/http alone, and
// reads nothing of the answer.
func BenchmarkAskFloor(b *testing.B) {
	s := aglaetest.NewServer(b, aglaetest.Config{Files: []aglaetest.File{fileOf(askedINE, aglaetest.Definitive)}})
	var sent []byte
	var header http.Header
	recorder := soapClient(b, s, func(c *aglae.SOAPConfig) {
		base := c.Transport.Base
		c.Transport.Base = roundTripper(func(r *http.Request) (*http.Response, error) {
			sent, _ = io.ReadAll(r.Body)
			header = r.Header.Clone()
			r.Body = io.NopCloser(bytes.NewReader(sent))
			return base.RoundTrip(r)
		})
	})
	if _, err := recorder.Ask(b.Context(), askedQuery); err != nil {
		b.Fatal(err)
	}
	client := &http.Client{Transport: s.Transport()}
	b.ReportAllocs()
	for b.Loop() {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL+aglaetest.PathConnector, bytes.NewReader(sent))
		if err != nil {
			b.Fatal(err)
		}
		r.Header = header
		resp, err := client.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(resp.StatusCode, err)
		}
		resp.Body.Close()
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// BenchmarkRecord keeps an answer, in memory and on the disk.
func BenchmarkRecord(b *testing.B) {
	disk, err := aglae.OpenLog(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer disk.Close()
	d := aglae.DetectionOf(aglae.Answer{Question: askedQuery, Verdict: aglae.Wait, Causes: aglae.WaitCauses(), At: time.Now(), Source: aglae.SourceConnector})
	for name, log := range map[string]aglae.DetectionLog{"memory": aglae.NewMemoryLog(), "file": disk} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := log.Record(b.Context(), d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package jobs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/adapters/jobs"
	"github.com/passerelle-sup/passerelle/adapters/store"
	"github.com/passerelle-sup/passerelle/adapters/store/storetest"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/transport"
	"github.com/passerelle-sup/passerelle/uai"
)

// slowRegister is a fake INES that answers each call after a time.
func slowRegister(b *testing.B, latency time.Duration) *inestest.Server {
	b.Helper()
	return inestest.NewServer(b, inestest.Config{Seed: 5, Faults: inestest.Faults{Slow: 1, Delay: latency}})
}

// BenchmarkWorkers registers students whom INES does not know, each by two calls of 50 ms,
// with one, two and four processes on one PostgreSQL: two parts at a time in each, four calls at a
// time in each part.
func BenchmarkWorkers(b *testing.B) {
	students := 2000
	if testing.Short() {
		students = 400
	}
	for _, workers := range []int{1, 2, 4} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				url := storetest.Server(b).Schema(b)
				service := slowRegister(b, 50*time.Millisecond)
				partner := newPartner(b)
				s := storetest.Open(b, store.Config{URL: url})
				text, err := json.Marshal(task{
					Store: url, River: true, INES: service.URL + inestest.PathSOAP, Partner: partner.URL, Students: students, Part: 25, Report: filepath.Join(b.TempDir(), "report"),
				})
				if err != nil {
					b.Fatal(err)
				}
				for range workers {
					cmd := exec.Command(os.Args[0])
					cmd.Env = append(os.Environ(), workerVar+"="+string(text))
					leash, err := cmd.StdinPipe()
					if err != nil {
						b.Fatal(err)
					}
					if err := cmd.Start(); err != nil {
						b.Fatal(err)
					}
					b.Cleanup(func() {
						leash.Close()
						_ = cmd.Wait()
					})
				}
				time.Sleep(3 * time.Second) // they are up
				b.StartTimer()
				if _, err := s.Work().Begin(b.Context(), "ines-campaign", "bench"); err != nil {
					b.Fatal(err)
				}
				for ended := false; !ended; time.Sleep(20 * time.Millisecond) {
					if ended, _, err = s.Work().Round(b.Context(), "ines-campaign", "bench"); err != nil {
						b.Fatal(err)
					}
				}
				if n := len(service.Created()); n != students {
					b.Fatalf("%d numbers were created; want %d", n, students)
				}
			}
			perSecond := float64(students*b.N) / b.Elapsed().Seconds()
			ideal := float64(workers*2*4) / 0.1
			b.ReportMetric(perSecond, "students/s")
			b.ReportMetric(100*perSecond/ideal, "%ideal")
		})
	}
}

// BenchmarkQueue is what the parts and the queue cost: the campaign of the same students on the
// same kind of database, bare, by the local runner, and by River, with a service that answers at
// once.
func BenchmarkQueue(b *testing.B) {
	students := 2000
	if testing.Short() {
		students = 400
	}
	people := newCohort(students)
	for _, c := range []struct{ kind, database string }{
		{"bare", "sqlite"}, {"local", "sqlite"}, {"bare", "postgres"}, {"local", "postgres"}, {"river", "postgres"},
	} {
		b.Run(c.kind+" on "+c.database, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				url := storetest.URL(b, c.database)
				s := storetest.Open(b, store.Config{URL: url, Connections: 16})
				service := inestest.NewServer(b, inestest.Config{Seed: 5})
				client, err := ines.NewSOAP(ines.SOAPConfig{Contract: ines.ReferenceContract(), Endpoint: service.URL + inestest.PathSOAP, Transport: transport.Config{}})
				if err != nil {
					b.Fatal(err)
				}
				cfg := campaign.Config{
					Source: people, Ledger: s.Campaign(), UAI: uai.MustParse("0511296G"), Year: 2026, Service: client, MaxRegister: -1, StopPercent: -1, UniqueReferences: true, Parallel: 8,
				}
				var total int
				run := func() error {
					bare, err := campaign.New(cfg)
					if err != nil {
						return err
					}
					report, err := bare.Run(b.Context())
					if err == nil {
						total = report.Counts[campaign.Created]
					}
					return err
				}
				if c.kind != "bare" {
					cfg.Parallel = 4
					job, err := jobs.Campaign(jobs.CampaignConfig{Config: cfg, OnReport: func(_ context.Context, r *campaign.Report) error {
						total = r.Counts[campaign.Created]
						return nil
					}})
					if err != nil {
						b.Fatal(err)
					}
					r, _ := open(b, c.kind, url, jobs.Config{Jobs: []jobs.Job{job}, Workers: 2, Poll: 200 * time.Millisecond})
					start(b, r)
					run = func() error { return r.Once(b.Context(), job.Name) }
				}
				b.StartTimer()
				if err := run(); err != nil {
					b.Fatal(err)
				}
				if total != students {
					b.Fatalf("%d numbers were created; want %d", total, students)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(students*b.N), "µs/student")
		})
	}
}

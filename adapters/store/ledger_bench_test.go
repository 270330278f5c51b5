package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/store"
	"github.com/passerelle-sup/passerelle/adapters/store/storetest"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines/campaign"
)

// register does what a registration does to a ledger: get, claim, put.
func register(ctx context.Context, l campaign.Ledger, i int) error {
	student := fmt.Sprintf("apogee:%08d", i)
	_, _ = l.Get(ctx, student)
	r, err := l.Claim(ctx, campaign.Claim{ID: "claim-" + student, Student: student, Identity: campaign.Fingerprint(person(i)), UAI: "0511296G", At: time.Now()})
	if err != nil {
		return err
	}
	r.State, r.Outcome, r.INE, r.WrittenAt = campaign.StateConfirmed, campaign.Created, ine.MustParse("223456789HE"), time.Now()
	_, err = l.Put(ctx, r)
	return err
}

// person is somebody, another one for each i.
func person(i int) passerelle.Person {
	return passerelle.Person{
		BirthName: fmt.Sprint("Essai ", i), GivenNames: [3]string{"Camille"}, Sex: passerelle.SexFemale,
		BirthDate: passerelle.NewDate(2007, 3, 4), Birthplace: passerelle.Birthplace{Commune: "67482"},
	}
}

// registerMany registers students from i on, many at once.
func registerMany(b *testing.B, l campaign.Ledger, from, to, beside int) {
	b.Helper()
	var next atomic.Int64
	next.Store(int64(from))
	var all sync.WaitGroup
	for range beside {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= to {
					return
				}
				if err := register(b.Context(), l, i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// fill puts records of students into the table, as registrations leave them, and returns how
// many bytes the database takes.
func fill(b *testing.B, kind, url string, from, to int) (size int64) {
	b.Helper()
	driver, link := "pgx", url
	series, digest := `generate_series($1::bigint, $2::bigint - 1) AS s(i)`, `md5(i::text) || md5((i + 1)::text)`
	number := `lpad(i::text, 8, '0')`
	if kind == "sqlite" {
		driver, link = "sqlite", strings.TrimPrefix(url, "sqlite:")
		series, digest = `(WITH RECURSIVE s(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM s WHERE i < $2 - 1) SELECT i FROM s)`, `lower(hex(randomblob(32)))`
		number = `printf('%08d', i)`
	}
	db, err := sql.Open(driver, link)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	model, err := json.Marshal(campaign.Record{
		Student: "apogee:NUMBER", Version: 2, State: campaign.StateConfirmed, Outcome: campaign.Created, Since: time.Now(), ClaimID: "claim-apogee:NUMBER", ClaimedAt: time.Now(),
		Attempts: 1, Identity: "DIGEST", INE: ine.MustParse("223456789HE"), WrittenAt: time.Now(),
		History: []campaign.Event{{At: time.Now(), What: "registration claimed", Detail: "claim-apogee:NUMBER"}},
	})
	if err != nil {
		b.Fatal(err)
	}
	const step = 50_000
	for ; from < to; from += step {
		_, err := db.Exec(fmt.Sprintf(`INSERT INTO campaign_records (id, student, version, holds, open, touched, record)
SELECT 'apogee:' || n, 'apogee:' || n, 2, d, 0, 0, replace(replace('%s', 'NUMBER', n), 'DIGEST', d) FROM (SELECT %s AS n, %s AS d FROM %s) AS made`, model, number, digest, series), from, min(to, from+step))
		if err != nil {
			b.Fatal(err)
		}
	}
	measure := `SELECT pg_total_relation_size('campaign_records')`
	if kind == "sqlite" {
		measure = `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`
	}
	if err := db.QueryRow(measure).Scan(&size); err != nil {
		b.Fatal(err)
	}
	return size
}

// BenchmarkLedger is what the registration of a student costs the ledger, whatever else
// it holds: 10 000 students, 100 000, and a million with CI_LONG=1. What fills it is not counted.
func BenchmarkLedger(b *testing.B) {
	sizes := []int{10_000, 100_000}
	if testing.Short() {
		sizes = []int{1000, 10_000}
	}
	if os.Getenv("CI_LONG") == "1" {
		sizes = append(sizes, 1_000_000)
	}
	const sample, beside = 4000, 32
	for _, kind := range storetest.Databases {
		url := storetest.URL(b, kind)
		l := storetest.Open(b, store.Config{URL: url, Connections: 16}).Campaign()
		held := 0
		for _, size := range sizes {
			b.Run(fmt.Sprintf("%s/%d", kind, size), func(b *testing.B) {
				bytes := fill(b, kind, url, held, size)
				held = max(held, size)
				perRecord := float64(bytes) / float64(held)
				b.ReportAllocs()
				b.ResetTimer()
				n := 0
				for b.Loop() {
					registerMany(b, l, held, held+sample, beside)
					held += sample
					n += sample
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/registration")
				b.ReportMetric(perRecord, "diskB/record")
				b.StopTimer()
				begun, records := time.Now(), 0
				for _, err := range l.Records(b.Context()) {
					if err != nil {
						b.Fatal(err)
					}
					records++
				}
				b.ReportMetric(float64(time.Since(begun).Microseconds())/float64(records), "µs/record-read")
			})
		}
	}
}

// BenchmarkLedgerFloor is the floor of the same work: the ledger in memory, and the one in a
// file, which holds its records in memory too.
func BenchmarkLedgerFloor(b *testing.B) {
	file, err := campaign.OpenFile(b.TempDir() + "/ledger")
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	for _, c := range []struct {
		name string
		l    campaign.Ledger
	}{{"memory", campaign.NewMemory()}, {"file", file}} {
		b.Run(c.name, func(b *testing.B) {
			const sample = 4000
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				registerMany(b, c.l, n, n+sample, 32)
				n += sample
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/registration")
		})
	}
}

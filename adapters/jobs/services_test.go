package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/jobs"
	"github.com/passerelle-sup/passerelle/adapters/store"
	"github.com/passerelle-sup/passerelle/adapters/store/storetest"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
	"github.com/passerelle-sup/passerelle/uai"
)

// once makes a job of a configuration on a store, and runs a round of it to its end.
func once(t *testing.T, s *store.Store, job jobs.Job, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	cfg := fast(job)
	cfg.Work, cfg.Workers = s.Work(), 2
	r, err := jobs.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	stop := start(t, r)
	if err := r.Once(t.Context(), job.Name); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// writer takes numbers.
type writer struct {
	mu      sync.Mutex
	written map[sis.StudentID]int
}

func (w *writer) WriteINE(_ context.Context, u sis.INEUpdate) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.written == nil {
		w.written = make(map[sis.StudentID]int)
	}
	w.written[u.Student]++
	return nil
}

// The report of a round in parts is that of a whole run, and numbers are written back once.
func TestCampaign(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		max      int // limit on registrations
		refusing bool
		want     map[campaign.Outcome]int
	}{
		0: {max: -1, want: map[campaign.Outcome]int{campaign.Created: 40}},
		1: {max: 7, want: map[campaign.Outcome]int{campaign.Created: 7, campaign.Held: 33}},
		2: {max: 0, want: map[campaign.Outcome]int{campaign.Created: 10, campaign.Held: 30}}, // a first day
		3: {max: -1, refusing: true, want: map[campaign.Outcome]int{campaign.Planned: 40}},
	} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			s := storetest.Open(t, store.Config{URL: storetest.URL(t, "sqlite")})
			service := inestest.NewServer(t, inestest.Config{Account: ines.Credentials{Username: "u", Password: "p"}})
			soap := service.SOAPConfig()
			if c.refusing {
				soap.Contract.Basic = &ines.Credentials{Username: "u", Password: "wrong"}
			}
			client, err := ines.NewSOAP(soap)
			if err != nil {
				t.Fatal(err)
			}
			var report *campaign.Report
			w := &writer{}
			job, err := jobs.Campaign(jobs.CampaignConfig{
				Config: campaign.Config{
					Source: newCohort(40), Ledger: s.Campaign(), UAI: uai.MustParse("0511296G"), Year: 2026, Service: client, Writer: w, MaxRegister: c.max, StopPercent: -1,
				},
				PartSize: 5,
				OnReport: func(_ context.Context, r *campaign.Report) error { report = r; return nil },
			})
			once(t, s, job, err)
			if report.Total != 40 || !equal(report.Counts, c.want) {
				t.Errorf("report on %d: %v; want %v", report.Total, report.Counts, c.want)
			}
			if c.refusing && report.Stopped == "" {
				t.Errorf("stopped %q", report.Stopped)
			}
			if len(w.written) != c.want[campaign.Created] {
				t.Errorf("%d numbers were written back; want %d", len(w.written), c.want[campaign.Created])
			}
			for id, n := range w.written {
				if n != 1 {
					t.Errorf("the number of %s was written back %d times", id, n)
				}
			}
			if n := service.Received(ines.OpRegister); n != c.want[campaign.Created] {
				t.Errorf("%d registrations were received; want %d", n, c.want[campaign.Created])
			}
			queues, err := s.Work().Queues(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if c.refusing && queues["ines-campaign"].Ended[jobs.Halted] == 0 {
				t.Errorf("no part was halted after refused credentials: %v", queues)
			}
		})
	}
}

func equal(got, want map[campaign.Outcome]int) bool {
	for o, n := range got {
		if n != want[o] {
			return false
		}
	}
	return true
}

// pupils are a base of enrolments of people who have their number.
type pupils int

func (p pupils) id(i int) sis.StudentID { return sis.StudentID{System: "csv", Local: strconv.Itoa(i)} }

func (p pupils) Students(_ context.Context, q sis.Query) iter.Seq2[sis.Student, error] {
	return func(yield func(sis.Student, error) bool) {
		for i := range int(p) {
			if len(q.IDs) > 0 && !slices.Contains(q.IDs, p.id(i)) {
				continue
			}
			if !yield(sis.Student{ID: p.id(i), INE: fmt.Sprintf("%09dHA", 100000000+i), INEState: sis.INEVerified, Person: passerelle.Person{BirthDate: passerelle.NewDate(2000, 1, 1)}}, nil) {
				return
			}
		}
	}
}

func (p pupils) Enrolments(_ context.Context, q sis.Query) iter.Seq2[sis.Enrolment, error] {
	return func(yield func(sis.Enrolment, error) bool) {
		for i := range int(p) {
			if len(q.IDs) > 0 && !slices.Contains(q.IDs, p.id(i)) {
				continue
			}
			if !yield(sis.Enrolment{Student: p.id(i), ID: strconv.Itoa(i), Year: 2026, UAI: "0011402U", Status: sis.EnrolmentValid, Payment: "paye", Regime: "10", Programme: sis.Programme{Code: "L1", SISE: "2500123"}}, nil) {
				return
			}
		}
	}
}

func TestFeed(t *testing.T) {
	t.Parallel()
	for i, refused := range []bool{false, true} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			s := storetest.Open(t, store.Config{URL: storetest.URL(t, "sqlite")})
			answers := supdatatest.NewStore()
			answers.Discard()
			server := supdatatest.NewServer(t, supdatatest.Config{Store: answers})
			cfg := server.ClientConfig()
			if refused {
				cfg.Key = "another"
			}
			client, err := supdata.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			var report *supdata.FeedReport
			job, err := jobs.Feed(jobs.FeedConfig{
				FeederConfig: supdata.FeederConfig{Client: client, Source: pupils(60), Ledger: s.Feed(), Year: 2026, Parallel: 1},
				PartSize:     15,
				OnReport:     func(_ context.Context, r *supdata.FeedReport) error { report = r; return nil },
			})
			once(t, s, job, err)
			want, requests := supdata.Unchanged, 60
			if refused {
				want, requests = supdata.Planned, 8 // each worker may have a few under way when the first is refused
			}
			if report.Counts[want] != 60 || refused != (report.Stopped != "") {
				t.Errorf("report %v, stopped %q; want 60 %s", report.Counts, report.Stopped, want)
			}
			if n := server.Requests(); n > requests || !refused && n != requests {
				t.Errorf("%d requests; want %d", n, requests)
			}
		})
	}
}

func TestCards(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.Config{URL: storetest.URL(t, "sqlite")})
	fake, err := esctest.NewRouter(esctest.RouterConfig{Organisations: []router.Organisation{{PIC: "999893752", Token: "token"}}})
	if err != nil {
		t.Fatal(err)
	}
	server := esctest.NewServer(fake)
	t.Cleanup(server.Close)
	client, err := router.New(fake.ClientConfig(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	sync, err := router.NewSync(router.SyncConfig{Client: client, State: s.Cards(), WithoutCards: true})
	if err != nil {
		t.Fatal(err)
	}
	var effects counter
	away := false
	job, err := jobs.Cards(jobs.CardsConfig{
		Sync: sync, Source: pupils(30), PartSize: 10,
		Wanted: func(_ context.Context, st sis.Student) (router.Wanted, error) {
			switch st.ID.Local {
			case "3":
				return router.Wanted{}, fmt.Errorf("no card: %w", passerelle.ErrNotFound)
			case "17":
				if away = !away; away {
					return router.Wanted{}, errors.New("the card system is away")
				}
			}
			return router.Wanted{
				Key: router.Key{PIC: "999893752", Student: st.ID.String()}, Consent: st.ID.Local != "4", ESI: esiOf(t, st), FullName: "Élève", Email: "eleve@univ-ville.example", Level: router.Master,
			}, nil
		},
		OnResult: func(r router.Result) { effects.add(string(r.Effect)) },
	})
	once(t, s, job, err)
	if persons, _ := fake.Counts(); persons != 28 {
		t.Errorf("the router holds %d persons; want 28", persons)
	}
	if effects.of("sent") != 28 || effects.of("nothing") != 1 || effects.of("refused")+effects.of("deferred") > 0 {
		t.Errorf("effects %v", effects.seen)
	}
}

// asker knows who holds a grant, when it is there.
type asker struct{ counter }

func (a *asker) Ask(_ context.Context, q aglae.Question) (aglae.Answer, error) {
	a.add(q.Student)
	if q.Student == "csv:2" {
		return aglae.Answer{}, fmt.Errorf("away: %w", passerelle.ErrUnavailable)
	}
	return aglae.Answer{Verdict: aglae.Holder}, nil
}

func TestGrants(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.Config{URL: storetest.URL(t, "sqlite")})
	for i, verdict := range []aglae.Verdict{aglae.Holder, aglae.Wait, aglae.Wait, aglae.Unavailable} {
		d := aglae.Detection{Student: fmt.Sprintf("csv:%d", i), Year: 2026, At: time.Now(), Verdict: verdict, INE: ine.MustParse("223456789HE"), BirthDate: passerelle.NewDate(2007, 3, 4)}
		if err := s.Detections().Record(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	binding := &asker{}
	connector, err := aglae.NewConnector(aglae.ConnectorConfig{Binding: binding, Log: s.Detections()})
	if err != nil {
		t.Fatal(err)
	}
	answers, failures := 0, 0
	job, err := jobs.Grants(jobs.GrantsConfig{Connector: connector, Year: 2026, OnAnswer: func(_ aglae.Answer, err error) {
		if answers++; err != nil {
			failures++
		}
	}})
	once(t, s, job, err)
	if answers != 3 || failures != 1 || binding.of("csv:0") != 0 {
		t.Errorf("%d answers, %d failures, the holder was asked about %d times; want 3, 1, 0", answers, failures, binding.of("csv:0"))
	}
	for student, want := range map[string]aglae.Verdict{"csv:1": aglae.Holder, "csv:2": aglae.Unavailable, "csv:3": aglae.Holder} {
		if d, err := s.Detections().Latest(t.Context(), student, 2026); err != nil || d.Verdict != want {
			t.Errorf("%s: %v, %v; want %v", student, d.Verdict, err, want)
		}
	}
}

func TestPull(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.Config{URL: storetest.URL(t, "sqlite")})
	queue := s.Notifications("inbox")
	inbox, err := cnr.NewInbox(cnr.InboxConfig{Queue: queue, Fetch: func(context.Context, cnr.Notification) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	routes := []cnr.Route{
		{From: ewp.MustParseHEIID("univ-b.example"), To: ewp.MustParseHEIID("univ-a.example"), API: ewp.IIACNR},
		{From: ewp.MustParseHEIID("univ-c.example"), To: ewp.MustParseHEIID("univ-a.example"), API: ewp.OMobilityCNR},
	}
	var asked counter
	puller, err := cnr.NewPuller(cnr.PullerConfig{
		Inbox: inbox, Marks: queue, Routes: func(context.Context) iter.Seq2[cnr.Route, error] { return nil },
		Index: func(_ context.Context, r cnr.Route, _ time.Time) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				if asked.add(r.From.String()) == 1 && r.From.String() == "univ-c.example" {
					yield("", errors.New("away"))
					return
				}
				_ = yield("one", nil) && yield("two", nil)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	job, err := jobs.Pull(jobs.PullConfig{Puller: puller, Routes: func(context.Context) ([]cnr.Route, error) { return routes, nil }})
	once(t, s, job, err)
	counts, err := cnr.Count(t.Context(), queue, time.Now(), cnr.Filter{})
	if err != nil || counts.Waiting != 4 {
		t.Errorf("the inbox has %+v, %v; want 4 that wait", counts, err)
	}
	for _, r := range routes {
		if m, err := queue.Mark(t.Context(), r); err != nil || m.Full.IsZero() {
			t.Errorf("mark of %v: %v, %v", r, m, err)
		}
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.Config{URL: storetest.URL(t, "sqlite")})
	path := filepath.Join(t.TempDir(), "catalogue.xml")
	text := `<catalogue xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-registry/tree/stable-v1"><host><apis-implemented/><institutions-covered><hei-id>univ-a.example</hei-id></institutions-covered></host><institutions><hei id="univ-a.example"/></institutions></catalogue>`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := registry.New(registry.Config{Source: registry.File(path)})
	if err != nil {
		t.Fatal(err)
	}
	job, err := jobs.Catalogue(client, 0)
	once(t, s, job, err)
	if _, err := client.Index(); err != nil {
		t.Errorf("no index after the round: %v", err)
	}
}

func TestJobsRefuse(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func() error{
		"campaign":  func() error { _, err := jobs.Campaign(jobs.CampaignConfig{}); return err },
		"feed":      func() error { _, err := jobs.Feed(jobs.FeedConfig{}); return err },
		"cards":     func() error { _, err := jobs.Cards(jobs.CardsConfig{}); return err },
		"grants":    func() error { _, err := jobs.Grants(jobs.GrantsConfig{}); return err },
		"pull":      func() error { _, err := jobs.Pull(jobs.PullConfig{}); return err },
		"catalogue": func() error { _, err := jobs.Catalogue(nil, 0); return err },
	} {
		if err := make(); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%s without what it needs = %v; want ErrInvalid", name, err)
		}
	}
}

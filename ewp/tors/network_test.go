package tors_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/ewp/tors"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// The universities of the tests: who had the students, who sent them, and another.
var (
	receiver = ewp.MustParseHEIID("uni-a.example")
	sender   = ewp.MustParseHEIID("uni-b.example")
	third    = ewp.MustParseHEIID("uni-c.example")
)

// network starts them; the desk is the receiver's.
func network(tb testing.TB, desk *ewptest.Transcripts, change func(*ewptest.UniversityConfig)) *ewptest.Network {
	tb.Helper()
	first := ewptest.UniversityConfig{HEI: receiver, Register: desk.Serve}
	if change != nil {
		change(&first)
	}
	return ewptest.NewNetwork(tb, ewptest.Config{Universities: []ewptest.UniversityConfig{first, {HEI: sender}, {HEI: third}}})
}

// client returns that of a university.
func client(n *ewptest.Network, hei ewp.HEIID) *tors.Client {
	return tors.NewClient(n.University(hei.String()).Client)
}

// ids returns the mobilities of transcripts, and the first error.
func ids(seq iter.Seq2[tors.ToR, error]) (list []string, err error) {
	for t, failure := range seq {
		if failure != nil {
			return list, failure
		}
		list = append(list, t.OMobilityID)
	}
	slices.Sort(list)
	return list, nil
}

func listed(seq iter.Seq2[string, error]) (list []string, err error) {
	for id, failure := range seq {
		if failure != nil {
			return list, failure
		}
		list = append(list, id)
	}
	return list, nil
}

// only keeps the entries of some APIs of a manifest in one version.
func only(major int) func(*discovery.Manifest) {
	return func(m *discovery.Manifest) {
		m.APIs = slices.DeleteFunc(m.APIs, func(e discovery.Entry) bool {
			have, _ := ewp.NamespaceMajor(e.Name.Space)
			return e.Name.Local == "imobility-tors" && have != major
		})
	}
}

// TestGet reads the same transcripts from a partner of each version.
func TestGet(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(*ewptest.UniversityConfig)
		version tors.Version
	}{
		"both versions": {nil, tors.V3},
		"version 3":     {func(u *ewptest.UniversityConfig) { u.Manifest = only(3) }, tors.V3},
		"version 2":     {func(u *ewptest.UniversityConfig) { u.Manifest = only(2) }, tors.V2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desk := &ewptest.Transcripts{}
			all := desk.Issue(receiver, sender, 23) // more than one call may carry
			n := network(t, desk, c.change)
			c0 := client(n, sender)
			got := map[string]tors.ToR{}
			for tr, err := range c0.Get(t.Context(), tors.GetRequest{HEI: receiver, IDs: append(slices.Clone(all), "unknown", all[0])}) {
				if err != nil {
					t.Fatal(err)
				}
				if _, twice := got[tr.OMobilityID]; twice {
					t.Errorf("%s came twice", tr.OMobilityID)
				}
				got[tr.OMobilityID] = tr
			}
			if len(got) != len(all) {
				t.Errorf("%d transcripts; want %d", len(got), len(all))
			}
			for seed, id := range all {
				want := ewptest.NewTranscript(ewptest.TranscriptConfig{Seed: uint64(seed) + 1, Issuer: receiver, Failed: seed % 2})
				testutil.Equal(t, id, got[id], want.In(c.version))
				tr := got[id]
				if err := tr.Validate(c.version); err != nil {
					t.Errorf("%s: %v", id, err)
				}
			}
			list, err := listed(c0.Index(t.Context(), tors.IndexRequest{HEI: receiver}))
			slices.Sort(all)
			slices.Sort(list)
			testutil.Equal(t, "index", list, all)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestReady follows one transcript: not ready, issued, changed, withdrawn.
func TestReady(t *testing.T) {
	t.Parallel()
	desk := &ewptest.Transcripts{}
	n := network(t, desk, nil)
	c := client(n, sender)
	at := time.Date(2026, 2, 16, 9, 0, 0, 0, time.UTC)
	r := tors.Record{Entry: tors.Entry{OMobilityID: "m", Sending: sender}, ToR: ewptest.NewTranscript(ewptest.TranscriptConfig{})}
	for i, step := range []struct {
		do    func()
		since time.Time
		shown bool
		index bool
	}{
		0: {func() {}, time.Time{}, false, false},
		1: {func() { desk.Put(r) }, time.Time{}, false, false},
		2: {func() { r.Ready, r.Modified = true, at; desk.Put(r) }, time.Time{}, true, true},
		3: {func() {}, at, true, true},
		4: {func() {}, at.Add(time.Second), true, false},
		5: {func() { r.Modified = time.Time{}; desk.Put(r) }, at.Add(time.Second), true, true}, // not known when: rather too often
		6: {func() { r.Sending = third; desk.Put(r) }, time.Time{}, false, false},
		7: {func() { r.Sending = sender; desk.Put(r); desk.Withdraw("m") }, time.Time{}, false, false},
	} {
		step.do()
		shown, err := ids(c.Get(t.Context(), tors.GetRequest{HEI: receiver, IDs: []string{"m"}}))
		if err != nil || (len(shown) == 1) != step.shown {
			t.Errorf("%d: get shows %q, %v; want it shown: %v", i, shown, err, step.shown)
		}
		list, err := listed(c.Index(t.Context(), tors.IndexRequest{HEI: receiver, ModifiedSince: step.since}))
		if err != nil || (len(list) == 1) != step.index {
			t.Errorf("%d: index lists %q, %v; want it listed: %v", i, list, err, step.index)
		}
	}
}

// TestAccess asks for everything, by every method and in every version, as the sending,
// the receiving and a third institution: nothing of a transcript gets to the third.
func TestAccess(t *testing.T) {
	t.Parallel()
	desk := &ewptest.Transcripts{}
	all := desk.Issue(receiver, sender, 3)
	n := network(t, desk, nil)
	secrets := []string{">" + all[0] + "<", ">" + all[1] + "<", "<learner>", "<tor>"}
	seen := 0
	for r := range n.University(receiver.String()).Server.Routes() {
		if r.API == ewp.Echo {
			continue
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if !r.Endpoint.Methods.Allows(method) {
				continue
			}
			params := url.Values{}
			if r.API == ewp.IMobilityToRs && r.Major == 2 {
				params.Set("receiving_hei_id", receiver.String())
			}
			var variants []url.Values
			switch {
			case r.API == ewp.IMobilityToRs && r.Endpoint.Name == "get", r.API == ewp.IMobilityToRCNR:
				if r.API == ewp.IMobilityToRCNR && r.Major == 1 {
					params.Set("receiving_hei_id", third.String())
				}
				params["omobility_id"] = all
				variants = []url.Values{params}
			case r.Endpoint.Name == "index":
				variants = []url.Values{params, {"modified_since": {"2000-01-01T00:00:00Z"}}, {"sending_hei_id": {sender.String()}}, {"sending_hei_id": {sender.String(), third.String()}}}
				for _, v := range variants[1:] {
					for name, values := range params {
						v[name] = values
					}
				}
			default:
				variants = []url.Values{params}
			}
			for _, v := range variants {
				for _, who := range []struct {
					hei  ewp.HEIID
					sees bool
				}{{sender, true}, {receiver, true}, {third, false}} {
					status, body := send(t, n, who.hei, method, receiver, r.Path, v)
					if status != http.StatusOK {
						t.Errorf("%s %s as %s: status %d: %s", method, r.Path, who.hei, status, body)
					}
					shows := slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(body, s) })
					want := who.sees && r.API == ewp.IMobilityToRs
					if want && v.Has("sending_hei_id") && r.Major == 2 {
						want = slices.Contains(v["sending_hei_id"], sender.String())
					}
					if shows != want {
						t.Errorf("%s %s %v as %s: shown: %v; want %v", method, r.Path, v, who.hei, shows, want)
					}
					seen++
				}
			}
		}
		// Without a name nothing is answered at all.
		answer, err := (&http.Client{Transport: n.HTTP()}).Get(n.University(receiver.String()).URL + r.Path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode/100 != 4 {
			t.Errorf("%s without a signature: status %d", r.Path, answer.StatusCode)
		}
	}
	if seen < 3*(2*2+2*2*4+2+1) {
		t.Errorf("%d requests; want every endpoint, method and version", seen)
	}
}

// send makes a signed request and returns what came, unzipped or not at all.
func send(t *testing.T, n *ewptest.Network, as ewp.HEIID, method string, to ewp.HEIID, path string, params url.Values) (int, string) {
	t.Helper()
	u := n.University(to.String()).URL + path
	var body io.Reader
	if method == http.MethodGet {
		u += "?" + params.Encode()
	} else {
		body = strings.NewReader(params.Encode())
	}
	r, err := http.NewRequestWithContext(t.Context(), method, u, body)
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	signer, err := httpsig.NewSigner(httpsig.SignerConfig{Key: n.University(as.String()).ClientKey, Clock: n.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := signer.SignRequest(r); err != nil {
		t.Fatal(err)
	}
	answer, err := n.HTTP().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// TestNotify tells a partner of each version of the notifications.
func TestNotify(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]int{"version 2": 2, "version 1": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desk := &ewptest.Transcripts{}
			n := network(t, desk, func(u *ewptest.UniversityConfig) {
				u.Manifest = func(m *discovery.Manifest) {
					m.APIs = slices.DeleteFunc(m.APIs, func(e discovery.Entry) bool {
						major, _ := ewp.NamespaceMajor(e.Name.Space)
						return e.Name.Local == "imobility-tor-cnr" && major != keep
					})
				}
			})
			var told []string
			for i := range 12 { // more than one notification may carry
				told = append(told, "m-"+string(rune('a'+i)))
			}
			if err := client(n, sender).Notify(t.Context(), tors.NotifyRequest{HEI: receiver, IDs: told}); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, notice := range desk.Notices() {
				if notice.Caller != sender || notice.HEI != receiver {
					t.Errorf("taken as from %s to %s", notice.Caller, notice.HEI)
				}
				got = append(got, notice.IDs...)
			}
			testutil.Equal(t, "told", got, told)
			if len(desk.Notices()) != 2 {
				t.Errorf("%d notifications; want 2", len(desk.Notices()))
			}
			if err := client(n, sender).Notify(t.Context(), tors.NotifyRequest{HEI: receiver}); err != nil {
				t.Errorf("nothing to tell: %v", err)
			}
			if err := client(n, receiver).Notify(t.Context(), tors.NotifyRequest{HEI: third, IDs: told}); !errors.Is(err, passerelle.ErrNotFound) {
				t.Errorf("a partner that takes none: %v; want ErrNotFound", err)
			}
		})
	}
}

// TestForeignNotice checks that a notice in another's name goes no further.
func TestForeignNotice(t *testing.T) {
	t.Parallel()
	desk := &ewptest.Transcripts{}
	n := network(t, desk, nil)
	form := url.Values{"omobility_id": {"m"}, "receiving_hei_id": {sender.String()}}
	if status, body := send(t, n, third, http.MethodPost, receiver, "/imobility-tor-cnr/v1", form); status != http.StatusOK {
		t.Errorf("status %d: %s", status, body)
	}
	if notices := desk.Notices(); len(notices) != 0 {
		t.Errorf("taken: %+v", notices)
	}
}

// TestStats reads the counts: of what is ready.
func TestStats(t *testing.T) {
	t.Parallel()
	desk := &ewptest.Transcripts{}
	desk.Issue(receiver, sender, 4)
	desk.Put(tors.Record{Entry: tors.Entry{OMobilityID: "draft", Sending: sender}, ToR: ewptest.NewTranscript(ewptest.TranscriptConfig{})})
	n := network(t, desk, nil)
	var rows []tors.YearStats
	for row, err := range client(n, third).Stats(t.Context(), receiver) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	testutil.Equal(t, "statistics", rows, []tors.YearStats{{Year: "2025/2026", Total: 4}})
	closed := network(t, &ewptest.Transcripts{}, func(u *ewptest.UniversityConfig) {
		u.Register = func(u *ewptest.University) error {
			return tors.RegisterStats(u.Server, desk, tors.Config{StatsCallers: []ewp.HEIID{sender}})
		}
	})
	for _, err := range client(closed, third).Stats(t.Context(), receiver) {
		if !errors.Is(err, passerelle.ErrForbidden) {
			t.Errorf("statistics for others: %v", err)
		}
	}
}

// broken fails after the first transcript.
type broken struct{ *ewptest.Transcripts }

var errBase = errors.New("the base of Nowak is away")

func (b broken) ToRs(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[tors.Record, error] {
	return func(yield func(tors.Record, error) bool) {
		for r := range b.Transcripts.ToRs(ctx, p, ids) {
			if !yield(tors.Record{}, passerelle.ErrNotFound) || !yield(r, nil) { // one that is not there is no failure
				return
			}
			yield(tors.Record{}, errBase)
			return
		}
	}
}

func (b broken) Index(context.Context, tors.Filter) iter.Seq2[tors.Entry, error] {
	return func(yield func(tors.Entry, error) bool) { yield(tors.Entry{}, errBase) }
}

// TestProviderFails checks that half an answer is none, and what is wrong is not told.
func TestProviderFails(t *testing.T) {
	t.Parallel()
	desk := &ewptest.Transcripts{}
	all := desk.Issue(receiver, sender, 2)
	n := network(t, desk, func(u *ewptest.UniversityConfig) {
		u.Register = func(u *ewptest.University) error { return tors.Register(u.Server, broken{desk}, tors.Config{}) }
	})
	got, err := ids(client(n, sender).Get(t.Context(), tors.GetRequest{HEI: receiver, IDs: all}))
	if e, ok := errors.AsType[*ewp.Error](err); !ok || e.Status != 500 || len(got) != 0 || strings.Contains(err.Error(), "Nowak") {
		t.Errorf("%q, %v; want nothing but a status 500", got, err)
	}
	if _, err := listed(client(n, sender).Index(t.Context(), tors.IndexRequest{HEI: receiver})); err == nil {
		t.Error("a list that cannot be made is taken for an empty one")
	}
	if err := tors.Register(n.University(third.String()).Server, nil, tors.Config{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no provider: %v", err)
	}
}

// TestNotAsked passes over what a partner sends beside what was asked for, and says
// what partners lack.
func TestNotAsked(t *testing.T) {
	t.Parallel()
	n := network(t, &ewptest.Transcripts{}, func(u *ewptest.UniversityConfig) {
		u.Register = func(u *ewptest.University) error {
			return u.Server.Handle(ewp.IMobilityToRs, "get", ewpserver.HandlerFunc(func(_ context.Context, r *ewpserver.Request, a *ewpserver.Answer) error {
				d := a.Document(r.Root())
				for _, id := range []string{"other", "m", "m"} {
					tr := ewptest.NewTranscript(ewptest.TranscriptConfig{OMobilityID: id})
					if err := d.Write("tor", tr.In(tors.V3)); err != nil {
						return err
					}
				}
				return d.Close()
			}))
		}
		u.Manifest = func(m *discovery.Manifest) {
			for i := range m.APIs {
				if m.APIs[i].Name.Local == "imobility-tors" {
					get, _ := m.APIs[i].Value("get-url")
					m.APIs[i].Elements = append(m.APIs[i].Elements, discovery.Value("index-url", get), discovery.Value("max-omobility-ids", "1"))
				}
			}
		}
	})
	got, err := ids(client(n, sender).Get(t.Context(), tors.GetRequest{HEI: receiver, IDs: []string{"m"}}))
	if err != nil || !slices.Equal(got, []string{"m"}) {
		t.Errorf("%q, %v; want m, once", got, err)
	}
	_, err = ids(client(n, sender).Get(t.Context(), tors.GetRequest{HEI: third, IDs: []string{"m"}}))
	if e, ok := errors.AsType[*ewpclient.ResolveError](err); !ok || e.Problem != ewpclient.NoAPI {
		t.Errorf("a partner without the API: %v", err)
	}
}

// TestFaults reads through a bad day of the partner.
func TestFaults(t *testing.T) {
	t.Parallel()
	desk := &ewptest.Transcripts{}
	all := desk.Issue(receiver, sender, 2)
	n := network(t, desk, nil)
	for _, fault := range []ewptest.Fault{ewptest.Unavailable, ewptest.LostAnswer, ewptest.Truncated} {
		n.University(receiver.String()).Inject(ewptest.Injection{Fault: fault, API: ewp.IMobilityToRs, Endpoint: "get", Times: 1})
		got, err := ids(client(n, sender).Get(t.Context(), tors.GetRequest{HEI: receiver, IDs: all}))
		if err != nil || !slices.Equal(got, all) {
			t.Errorf("%s: %q, %v", fault, got, err)
		}
	}
}

// TestLargeTranscript serves and reads a transcript with 20 MB of attachments. The
// answer is longer than a spool keeps in memory, and what the process holds at the
// worst moment stays within a few times the text of the document.
func TestLargeTranscript(t *testing.T) {
	const size = 20 << 20
	desk := &ewptest.Transcripts{}
	big := ewptest.NewTranscript(ewptest.TranscriptConfig{Seed: 1, Issuer: receiver, Attachment: size})
	desk.Put(tors.Record{Entry: tors.Entry{OMobilityID: big.OMobilityID, Sending: sender, Ready: true}, ToR: big})
	n := network(t, desk, nil)
	text := len(big.ELMO.Reports[0].Attachments[0].Contents[0].Value)
	want := bytes.Clone(fileOf(t, &big))

	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse))
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	read := 0
	for tr, err := range client(n, sender).Get(t.Context(), tors.GetRequest{HEI: receiver, IDs: []string{big.OMobilityID}}) {
		if err != nil {
			t.Fatal(err)
		}
		read++
		if !bytes.Equal(fileOf(t, &tr), want) {
			t.Error("the file is another one")
		}
	}
	close(stop)
	<-done
	if read != 1 {
		t.Fatalf("%d transcripts; want 1", read)
	}
	used := int64(peak.Load()) - int64(before.HeapInuse)
	t.Logf("%d MB of text, %d MB of heap at the most beside what was there", text>>20, used>>20)
	// Server: one copy of the text on its way to the spool. Client: the reader's buffer,
	// which doubles, one text, and the bytes of the file; garbage of all of them.
	if most := int64(text) * 8; used > most {
		t.Errorf("%d bytes of heap at the most; want at most %d", used, most)
	}
}

func fileOf(t *testing.T, tr *tors.ToR) []byte {
	t.Helper()
	for f, err := range tr.Files(tors.FileLimits{}) {
		if err != nil {
			t.Fatal(err)
		}
		return f.Data
	}
	t.Fatal("no file")
	return nil
}

package campaign_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// dossier is a registration that the model of INES has.
type dossier struct {
	id, student, identity string
	number                ine.Number
	visible               time.Time   // when it is confirmed and searches show it
	status                ines.Status // until then; empty: not shown at all
	changed               time.Time
}

// model is the worst INES there can be: it makes a new number for each
// registration that arrives, answers or not, at once, later, or after a litige.
type model struct {
	mu       sync.Mutex
	world    *world
	draw     *rand.Rand
	dossiers []*dossier
	next     int
	down     map[ines.Operation]bool
	arrived  map[string]int // registrations that arrived, by reference
	calm     bool           // everything is answered at once
}

var errDown = &ines.Error{Err: passerelle.ErrUnavailable}

func (m *model) Search(_ context.Context, q ines.SearchRequest) (ines.Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down[ines.OpSearch] {
		return ines.Answer{}, errDown
	}
	for _, d := range m.dossiers {
		if d.identity == q.Person.IdentityKey() && !m.world.time.Before(d.visible) {
			return ines.Answer{Operation: ines.OpSearch, Status: ines.StatusConfirmed, Master: d.number}, nil
		}
	}
	return ines.Answer{Operation: ines.OpSearch, Status: ines.StatusUnknown}, nil
}

func (m *model) Register(_ context.Context, q ines.RegisterRequest) (ines.Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fate := m.draw.IntN(7)
	if m.calm {
		fate = 0
	}
	switch fate {
	case 5:
		return ines.Answer{}, errLost // and it never arrived
	case 6:
		return ines.Answer{}, errNotSent
	}
	m.next++
	n, err := ine.Complete(ine.RNIE, fmt.Sprintf("26%07d", m.next))
	if err != nil {
		return ines.Answer{}, err
	}
	now := m.world.time
	d := &dossier{id: fmt.Sprintf("R%d", m.next), student: q.Student, identity: q.Person.IdentityKey(), number: n, visible: now, changed: now}
	m.dossiers = append(m.dossiers, d)
	m.arrived[q.Student]++
	a := ines.Answer{Operation: ines.OpRegister, Student: q.Student, RequestID: d.id}
	switch fate {
	case 0:
		a.Status, a.Master = ines.StatusConfirmed, n
	case 1:
		d.visible = now.Add(20 * time.Hour)
		d.status, a.Status = ines.StatusInProgress, ines.StatusInProgress
	case 2:
		return ines.Answer{}, errLost
	case 3: // a late creation
		d.visible = now.Add(50 * time.Hour)
		return ines.Answer{}, errLost
	case 4: // decided in two days
		d.visible = now.Add(40 * time.Hour)
		d.status, a.Status = ines.StatusLitige, ines.StatusLitige
	}
	return a, nil
}

func (m *model) FollowUp(_ context.Context, q ines.FollowUpRequest) iter.Seq2[ines.Answer, error] {
	return func(yield func(ines.Answer, error) bool) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.down[ines.OpFollowUp] {
			yield(ines.Answer{}, errDown)
			return
		}
		for _, d := range m.dossiers {
			a := ines.Answer{Operation: ines.OpFollowUp, Student: d.student, RequestID: d.id, Status: d.status}
			changed := d.changed
			if !m.world.time.Before(d.visible) {
				a.Status, a.Master, changed = ines.StatusConfirmed, d.number, d.visible
			}
			asked := slices.Contains(q.RequestIDs, d.id) || len(q.RequestIDs) == 0 && !changed.Before(q.Since)
			if a.Status == "" || !asked {
				continue
			}
			for range 2 { // each answer twice
				if !yield(a, nil) {
					return
				}
			}
		}
	}
}

var errCrash = errors.New("crash")

// crashy ends at one write to the ledger, before or after it reached the disk.
type crashy struct {
	campaign.Ledger
	mu    sync.Mutex
	left  int
	after bool
	dead  bool
}

func (c *crashy) step(do func() (campaign.Record, error)) (campaign.Record, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return campaign.Record{}, errCrash
	}
	if c.left--; c.left > 0 {
		return do()
	}
	c.dead = true
	if c.after {
		if _, err := do(); err != nil {
			return campaign.Record{}, err
		}
	}
	return campaign.Record{}, errCrash
}

func (c *crashy) Put(ctx context.Context, r campaign.Record) (campaign.Record, error) {
	return c.step(func() (campaign.Record, error) { return c.Ledger.Put(ctx, r) })
}

func (c *crashy) Claim(ctx context.Context, r campaign.Claim) (campaign.Record, error) {
	return c.step(func() (campaign.Record, error) { return c.Ledger.Claim(ctx, r) })
}

// TestModel plays seasons at random: two students, a crash at any write, calls
// that fail, answers lost and late, and, kind by kind, a school that corrects names
// (n), changes numbers (h), and settles truthfully what never arrived (s). Nobody
// is registered twice, everybody has one outcome in each run, and once things
// calm down everybody has a number, or is in a list to act on.
func TestModel(t *testing.T) {
	t.Parallel()
	seeds := uint64(300)
	if testutil.IsLong() {
		seeds = 4000
	}
	for _, kinds := range []string{"", "s", "h", "n", "hn", "hns"} {
		t.Run("kinds "+kinds, func(t *testing.T) {
			t.Parallel()
			for seed := range seeds {
				p := &play{t: t, draw: rand.New(rand.NewPCG(seed, 7)), kinds: kinds}
				if fault := p.season(); fault != "" {
					t.Fatalf("seed %d: %s\n  %s", seed, fault, strings.Join(p.trace, "\n  "))
				}
			}
		})
	}
}

// play is one season.
type play struct {
	t     *testing.T
	draw  *rand.Rand
	kinds string
	*world
	model *model
	trace []string
	names int
}

var refs = []string{"csv:0", "csv:1"}

func (p *play) season() (fault string) {
	p.world = newWorld(student(0, ""), student(1, ""))
	p.world.base.keep = p.draw.IntN(2) == 0
	p.model = &model{world: p.world, draw: p.draw, down: map[ines.Operation]bool{}, arrived: map[string]int{}}
	for range 8 {
		p.time = p.time.Add(time.Duration(p.draw.IntN(30)) * time.Hour)
		p.change()
		l := p.ledger
		if p.draw.IntN(2) == 0 {
			l = &crashy{Ledger: p.ledger, left: 1 + p.draw.IntN(10), after: p.draw.IntN(2) == 0}
		}
		if fault := p.day(l); fault != "" {
			return fault
		}
		if strings.Contains(p.kinds, "s") {
			p.settle()
		}
	}
	p.model.calm = true
	clear(p.model.down)
	p.base.refuse = nil
	for range 10 {
		p.time = p.time.Add(25 * time.Hour)
		p.settle()
		if fault := p.day(p.ledger); fault != "" {
			return fault
		}
	}
	for _, ref := range refs {
		o := p.outcomes[ref]
		listed := strings.Contains(p.kinds, "n") && o == campaign.ToCheck // the number is that of the former name
		if !o.Changed() && o != campaign.Definitive && o != campaign.Confirmed && !listed {
			return fmt.Sprintf("%s ends as %s", ref, o)
		}
	}
	return ""
}

// change makes the day's trouble.
func (p *play) change() {
	if strings.Contains(p.kinds, "n") && p.draw.IntN(4) == 0 {
		p.names++
		i := p.draw.IntN(2)
		p.base.students[i].Person.BirthName = "CORRIGE" + letters(p.names)
		p.trace = append(p.trace, fmt.Sprintf("the name of csv:%d is corrected", i))
	}
	if strings.Contains(p.kinds, "h") && p.draw.IntN(4) == 0 {
		i := p.draw.IntN(2)
		p.base.students[i].INE = []string{provisio, "", "1119D00001R"}[p.draw.IntN(3)]
		p.trace = append(p.trace, fmt.Sprintf("the number of csv:%d is now %q", i, p.base.students[i].INE))
	}
	p.model.down[ines.OpSearch] = p.draw.IntN(6) == 0
	p.model.down[ines.OpFollowUp] = p.draw.IntN(4) == 0
	p.base.refuse = nil
	if p.draw.IntN(4) == 0 {
		p.base.refuse = errors.New("read-only")
	}
}

// day runs one campaign and looks at what must hold after each.
func (p *play) day(l campaign.Ledger) (fault string) {
	cfg := p.cfg
	cfg.Source, cfg.Ledger, cfg.Writer, cfg.Service, cfg.Parallel = p.base, l, p.base, p.model, 2
	got := map[string][]campaign.Outcome{}
	cfg.OnItem = func(i campaign.Item) { got[i.Student] = append(got[i.Student], i.Outcome) }
	c, err := campaign.New(cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	_, err = c.Run(p.t.Context())
	p.trace = append(p.trace, fmt.Sprintf("%v: %v, %v", p.time.Sub(campaignDay), got, err))
	if err != nil && !errors.Is(err, errCrash) {
		return err.Error()
	}
	p.outcomes = map[string]campaign.Outcome{}
	for _, ref := range refs {
		if err == nil && len(got[ref]) != 1 {
			return fmt.Sprintf("%s has %d outcomes", ref, len(got[ref]))
		}
		if n := p.model.arrived[ref]; n > 1 {
			return fmt.Sprintf("%s was registered %d times", ref, n)
		}
		if err == nil {
			p.outcomes[ref] = got[ref][0]
		}
	}
	return ""
}

// settle is a person who knows what arrived at INES, and says so.
func (p *play) settle() {
	for _, ref := range refs {
		rec, err := p.ledger.Get(p.t.Context(), ref)
		if err != nil || p.model.arrived[ref] > 0 || rec.State != campaign.StateDoubtful && rec.State != campaign.StateClaimed {
			continue
		}
		if err := campaign.Settle(p.t.Context(), p.ledger, ref, campaign.NeverArrived, "the registrar", p.time); err != nil {
			p.t.Fatal(err)
		}
		p.trace = append(p.trace, ref+" is said never to have arrived")
	}
}

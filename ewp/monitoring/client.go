package monitoring

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// Client sends reports to the Stats Portal, whose address is in the catalogue. It is
// safe for concurrent use.
type Client struct{ c *ewpclient.Client }

// NewClient returns a client that calls by c.
func NewClient(c *ewpclient.Client) *Client { return &Client{c} }

// Send sends a report, once: it is sent again only where nothing left. Its error is
// passerelle.FieldErrors for a report that is against the rules, and else that of
// ewpclient.Fetch. A report that fails need not be repeated, and its failure is not
// reported.
func (c *Client) Send(ctx context.Context, r Report) error {
	if err := r.Faults().Err(); err != nil {
		return err
	}
	_, err := ewpclient.Fetch[struct{}](ctx, c.c, ewpclient.Call{
		HEI: ewpserver.StatsPortal, API: ewp.Monitoring, Params: r.Params(),
	})
	return err
}

// Values that stand for the zero fields of ReporterConfig. None is published.
const (
	DefaultQueue      = 100
	DefaultTimeout    = 30 * time.Second
	DefaultMaxMessage = 1000
)

// ReporterConfig says how a [Reporter] reports. The zero value is ready to use.
type ReporterConfig struct {
	// Queue is how many reports may wait; further ones are dropped. 0 is
	// DefaultQueue.
	Queue int
	// Timeout bounds the sending of one. 0 is DefaultTimeout.
	Timeout time.Duration
	// MaxMessage bounds each message in bytes; longer ones are cut. 0 is
	// DefaultMaxMessage.
	MaxMessage int
	// Review is asked about each report before it is sent, and may change its
	// messages: a host may have put in its own what must not be published. False
	// drops the report. Nil sends all.
	Review func(*Report) bool
	// Logger gets a line at level Info for each report that could not be sent. Nil
	// discards.
	Logger *slog.Logger
}

// Reporter sends the failures of an ewpclient.Client to the Stats Portal, one after
// the other, and never makes the client wait:
//
//	reporter, err := monitoring.NewReporter(monitoring.ReporterConfig{})
//	client, err := ewpclient.New(ewpclient.Config{Report: reporter.Report, …})
//	go reporter.Run(ctx, client)
//
// It is "call and forget", as the specification puts it: what cannot be sent, or
// waits when the process ends, is lost. It is safe for concurrent use.
type Reporter struct {
	cfg                   ReporterConfig
	queue                 chan Report
	sent, failed, dropped atomic.Int64
}

// NewReporter returns a reporter. Its error is passerelle.FieldErrors with every
// fault of cfg.
func NewReporter(cfg ReporterConfig) (*Reporter, error) {
	var faults passerelle.FieldErrors
	for _, field := range []struct {
		name     string
		negative bool
	}{{"Queue", cfg.Queue < 0}, {"Timeout", cfg.Timeout < 0}, {"MaxMessage", cfg.MaxMessage < 0}} {
		if field.negative {
			faults.Add(field.name, "range", "no negative value; 0 is the default")
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	cfg.Queue = cmp.Or(cfg.Queue, DefaultQueue)
	cfg.Timeout = cmp.Or(cfg.Timeout, DefaultTimeout)
	cfg.MaxMessage = cmp.Or(cfg.MaxMessage, DefaultMaxMessage)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Reporter{cfg: cfg, queue: make(chan Report, cfg.Queue)}, nil
}

// Report puts a failure in the queue, or drops it when that is full. It has the form
// of ewpclient.Config.Report.
func (r *Reporter) Report(f ewpclient.Failure) {
	report := Report{
		ServerHEI: f.HEI, API: f.API, Endpoint: f.Endpoint, Status: f.Status,
		ServerMessage: cut(f.ServerMessage, r.cfg.MaxMessage), ClientMessage: cut(f.ClientMessage, r.cfg.MaxMessage),
	}
	select {
	case r.queue <- report:
	default:
		r.dropped.Add(1)
	}
}

// Run sends what is in the queue by c until ctx ends, and returns the error of ctx.
func (r *Reporter) Run(ctx context.Context, c *ewpclient.Client) error {
	client := NewClient(c)
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case report := <-r.queue:
			if r.cfg.Review != nil && !r.cfg.Review(&report) {
				r.dropped.Add(1)
				continue
			}
			r.send(ctx, client, report)
		}
	}
	return ctx.Err()
}

func (r *Reporter) send(ctx context.Context, client *Client, report Report) {
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	if err := client.Send(ctx, report); err != nil {
		r.failed.Add(1)
		r.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "ewp monitoring report not sent",
			slog.String("hei", report.ServerHEI.String()), slog.String("api", report.API), slog.Any("error", err))
		return
	}
	r.sent.Add(1)
}

// Counts is what became of the failures that a [Reporter] was told.
type Counts struct {
	Sent    int64 // to the portal, which took them
	Failed  int64 // could not be sent
	Dropped int64 // by Review, or because the queue was full
	Waiting int   // in the queue
}

// Counts returns the counts so far.
func (r *Reporter) Counts() Counts {
	return Counts{Sent: r.sent.Load(), Failed: r.failed.Load(), Dropped: r.dropped.Load(), Waiting: len(r.queue)}
}

// cut shortens a text to some bytes, between characters.
func cut(text string, size int) string {
	text = strings.ToValidUTF8(text, "�")
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}

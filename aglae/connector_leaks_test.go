package aglae_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

// TestConnectorLeaks drives the connector and the events through every fault, against a
// service that repeats the number in its words, and looks for it in logs and errors.
func TestConnectorLeaks(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	account := aglae.Credentials{Username: "compte-univ", Password: "mot-de-passe"}
	q := askedQuery
	q.GrantNumber, q.BirthDate = aglae.MustParseGrantNumber("9988776655443"), passerelle.NewDate(2007, 3, 4)
	leaks.Secret(t, account.Username, account.Password, askedINE.String(), q.GrantNumber.String(), q.BirthDate.String(), q.BirthDate.French(), "Essai-Secret")
	logger := leaks.Logger()
	for _, fault := range append(aglaetest.AllFaults(), aglaetest.NoFault) {
		s := aglaetest.NewServer(t, aglaetest.Config{Account: account, Delay: 5 * time.Second})
		policy := func(c *transport.Config) {
			c.Logger = logger
			if fault == aglaetest.Slow {
				c.AttemptTimeout = 20 * time.Millisecond
			}
		}
		s.Script(aglaetest.OpAsk, fault, fault)
		log, err := aglae.OpenLog(filepath.Join(t.TempDir(), "log"))
		if err != nil {
			t.Fatal(err)
		}
		c := connector(t, soapClient(t, s, func(c *aglae.SOAPConfig) { policy(&c.Transport) }), log)
		a, err := c.Ask(t.Context(), q)
		leaks.Error(err)
		logger.Info("answer", "answer", a, "error", err, "question", q, "detection", aglae.DetectionOf(a), "account", account)
		if e, ok := errors.AsType[*aglae.Error](err); ok {
			logger.Info("structured", "error", slog.AnyValue(e))
		}
		e := enrolled()
		e.GrantNumber = q.GrantNumber
		for op, n := range notifiers(t, s, func(c *aglae.EventsConfig) { policy(&c.Transport) }) {
			s.Script(op, fault, fault)
			r, err := n.Notify(t.Context(), e)
			leaks.Error(err)
			logger.Info("event", "event", e, "receipt", r, "error", err)
		}
		for _, bad := range []aglae.Question{{Student: "S", Year: 1}, {Student: "S", Year: 2026}} {
			_, err := c.Ask(t.Context(), bad)
			leaks.Error(err)
		}
		_ = log.Close()
		_, err = c.Ask(context.Background(), q) // the log is closed
		leaks.Error(err)
	}
	reg := aglae.Registration{Student: "S", INE: askedINE.String(), GrantNumber: q.GrantNumber.String(), Person: passerelle.Person{BirthName: "Essai-Secret"}}
	rows, _ := rowsOf(aglae.CheckNumbers(seq(reg), aglae.NumberOptions{}))
	report := aglae.Gather(aglae.ControlNumbers, time.Now(), seq(rows...))
	logger.Info("controls", "registration", reg, "row", rows[0], "report", report, "reason", rows[0].Reason)
	leaks.Error(fmt.Errorf("%v", account))
	if log := leaks.Log(); !strings.Contains(log, "aglae.connector.ask") || !strings.Contains(log, "outcome") || !strings.Contains(log, "different") {
		t.Error("the log lacks what it should have: the check would prove nothing")
	}
	leaks.Check(t)
}

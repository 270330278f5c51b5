package transport

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// checkRetry is called by go-retryablehttp after each attempt. Everything it needs
// is in k.last; err is seen only when net/http could not follow a redirect.
func (k *call) checkRetry(ctx context.Context, _ *http.Response, err error) (bool, error) {
	k.hops = 0
	if a := k.last.answer; a != nil {
		a.Attempts = k.attempts
		if err != nil {
			k.last.redirect = &RedirectError{Reason: "its Location is not a URL"}
		}
		a.verdict = k.verdict(a)
	}
	again, outcome := k.mayRepeat()
	k.fate.add(outcome)
	if !again || k.attempts >= k.cfg.Retry.MaxAttempts {
		return false, nil
	}
	wait, ok := k.nextWait()
	if !ok || !time.Now().Add(wait).Before(k.deadline) {
		return false, nil
	}
	k.wait, k.waiting = wait, true
	k.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "http retry", append(k.logAttrs(k.last), slog.Duration("wait", wait))...)
	return true, nil
}

// backoff gives go-retryablehttp the wait that checkRetry chose: alone it is told
// neither of the request nor of the deadline.
func (k *call) backoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return k.wait }

// verdict decides what an answer means.
func (k *call) verdict(a *Response) Verdict {
	if k.last.redirect != nil {
		return ByStatus
	}
	if k.req.Judge != nil {
		if v := k.req.Judge(a); v != ByStatus {
			return v
		}
	}
	switch a.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return Transient
	}
	return ByStatus
}

// mayRepeat reports whether the last attempt allows another, and what became of it.
func (k *call) mayRepeat() (again bool, outcome passerelle.Outcome) {
	switch a := k.last.answer; {
	case k.last.live != nil:
		return false, passerelle.Answered
	case a != nil:
		again = a.verdict == Unprocessed || a.verdict == Transient && k.req.Class != Create
		return again, outcomeOf(a.Status, a.verdict)
	case k.last.failure != nil:
		outcome = k.last.failure.outcome
		return !k.last.hopeless && (outcome == passerelle.NotSent || k.req.Class != Create), outcome
	}
	return false, passerelle.Unknown
}

// nextWait returns how long to wait before the next attempt, and false when the
// service asks for longer than the policy obeys.
func (k *call) nextWait() (time.Duration, bool) {
	p := k.cfg.Retry
	if k.last.answer != nil {
		if asked := retryAfter(k.last.answer.Header, time.Now()); asked > p.MaxRetryAfter {
			return 0, false
		} else if asked > 0 {
			return asked + rand.N(p.MinWait+1), true // those told the same time do not come back together
		}
	}
	ceiling := p.MaxWait
	if shift := k.attempts; shift < 31 && p.MinWait < p.MaxWait>>shift {
		ceiling = p.MinWait << shift
	}
	return p.MinWait + rand.N(ceiling-p.MinWait+1), true
}

// longest bounds the delays that services announce, far under an overflow.
const longest = 10 * 365 * 24 * time.Hour

// retryAfter reads Retry-After in both its forms (RFC 9110, 10.2.3): 0 when it is
// absent, unreadable or past. A date counts from the Date of the answer, so that a
// clock that is wrong on either side does not matter, and else from now.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(v, 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(longest/time.Second))) * time.Second
	}
	until, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(h.Get("Date")); err == nil {
		now = sent
	}
	return min(max(until.Sub(now), 0), longest)
}

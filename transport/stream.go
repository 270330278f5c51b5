package transport

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Stream is the beginning of an answer 2xx or 304 whose body the caller reads. It
// must be closed. It is not safe for concurrent use.
type Stream struct {
	Status   int // 2xx, or 304 with an empty body
	Header   http.Header
	Attempts int // how many times the request was sent

	call   *call
	ctx    context.Context // of the attempt
	cancel context.CancelCauseFunc
	timer  *time.Timer // cancels ctx when nothing comes
	body   io.ReadCloser
	left   int64 // bytes that may still come
	err    error // once set, what Read returns
}

// Stream sends r as Do does, and returns as soon as the headers of a success are
// there; the body is then read from the Stream. Until there requests are sent
// again as in Do; a body that breaks while it is read is not. Any other status is
// an *Error that holds the answer.
//
// TotalTimeout counts up to the headers, AttemptTimeout then bounds each wait for
// more bytes, and ctx bounds everything until Close.
func (c *Client) Stream(ctx context.Context, r *Request) (*Stream, error) {
	u, err := r.check()
	if err != nil {
		return nil, err
	}
	total, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(c.cfg.TotalTimeout, func() { cancel(errTotalTimeout) })
	k := newCall(c, r, u, time.Now().Add(c.cfg.TotalTimeout))
	k.stream = true
	k.run(total)
	timer.Stop()
	s := k.last.live
	if s == nil {
		defer cancel(nil)
		return nil, k.failure(total)
	}
	if err := s.ctx.Err(); err != nil { // a time-out hit while the headers were handed over
		defer cancel(nil)
		res := k.broken(s.ctx, err, passerelle.Unknown, nil, nil)
		s.Close()
		return nil, res.failure
	}
	attempt := s.cancel
	s.cancel = func(cause error) { attempt(cause); cancel(cause) }
	return s, nil
}

func newStream(k *call, ctx context.Context, resp *http.Response, cancel context.CancelCauseFunc, timer *time.Timer) *Stream {
	timer.Stop()
	return &Stream{
		Status:   resp.StatusCode,
		Header:   resp.Header,
		Attempts: k.attempts,
		call:     k,
		ctx:      ctx,
		cancel:   cancel,
		timer:    timer,
		body:     resp.Body,
		left:     k.maxBody(),
	}
}

// Read reads the body, decompressed. Its error is io.EOF at the true end only, and
// else an *Error: ErrProtocol for a body longer than MaxBody, ErrUnavailable for
// one that broke or stalled, or the error of the context.
func (s *Stream) Read(p []byte) (int, error) {
	if s.err != nil || len(p) == 0 {
		return 0, s.err
	}
	p = p[:min(int64(len(p)), max(s.left, 1))] // one byte too many tells a long body from one that ends here
	s.timer.Reset(s.call.cfg.AttemptTimeout)
	n, err := s.body.Read(p)
	s.timer.Stop()
	if int64(n) > s.left {
		n, err = 0, errTooLong
	}
	s.left -= int64(n)
	switch {
	case err == io.EOF:
		s.err = io.EOF
	case err != nil:
		failure := s.call.broken(s.ctx, err, passerelle.Unknown, nil, nil).failure
		failure.Status, failure.Header = s.Status, s.Header
		s.err = failure
	}
	return n, s.err
}

// Close ends the stream and frees its connection. Read fails afterwards.
func (s *Stream) Close() error {
	s.timer.Stop()
	if s.err == nil {
		s.err = errClosed
	}
	s.cancel(nil)
	return s.body.Close()
}

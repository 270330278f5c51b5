package ewpserver

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// observe logs the exchange and tells whoever asked.
func (x *exchange) observe() {
	x.seen.Duration = time.Since(x.start)
	level := slog.LevelDebug
	switch {
	case x.seen.Status >= 500 && x.r.Context().Err() == nil:
		level = slog.LevelError
	case x.seen.Err != nil:
		level = slog.LevelInfo
	}
	ctx := x.r.Context()
	if x.s.cfg.Logger.Enabled(ctx, level) {
		attrs := []slog.Attr{
			slog.String("hei", x.seen.HEI.String()),
			slog.String("caller", x.seen.Caller.String()),
			slog.String("api", x.seen.API.String()),
			slog.String("endpoint", x.seen.Endpoint),
			slog.String("method", x.seen.Method),
			slog.Int("status", x.seen.Status),
			slog.Bool("signed", x.seen.Signed),
			slog.Int64("size", x.seen.Size),
			slog.Duration("duration", x.seen.Duration),
		}
		if x.verified != nil {
			attrs = append(attrs, slog.String("request", x.verified.RequestID), slog.String("key", x.seen.Key.String()))
		}
		if x.seen.Quirks != 0 {
			attrs = append(attrs, slog.String("quirks", x.seen.Quirks.String()))
		}
		if err := x.seen.Err; err != nil {
			attrs = append(attrs, slog.String("reason", reasonOf(err)))
		}
		if x.seen.Stack != nil {
			attrs = append(attrs, slog.String("stack", string(x.seen.Stack)))
		}
		x.s.cfg.Logger.LogAttrs(ctx, level, "ewp request", attrs...)
	}
	if x.s.cfg.Observe != nil {
		x.s.cfg.Observe(ctx, x.seen)
	}
}

// reasonOf returns what of an error can be logged.
func reasonOf(err error) string {
	if text, ok := safeText(err); ok {
		return text
	}
	if e, ok := errors.AsType[*panicError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[*internalError](err); ok {
		return e.what + ": " + typeOf(e.err)
	}
	if e, ok := errors.AsType[*Error](err); ok && (e.ours || e.Err == nil) {
		return e.Error()
	}
	return typeOf(err)
}

// typeOf names the types in the chain of an error, whose text is a handler's, and
// its kind.
func typeOf(err error) string {
	text := fmt.Sprintf("%T", err)
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		text += fmt.Sprintf(": %T", cause)
	}
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return text + " (" + k.err.Error() + ")"
		}
	}
	return text
}

package transport

import (
	"context"
	"log/slog"
)

// TokenSource gives bearer tokens. It must be safe for concurrent use.
type TokenSource interface {
	// Token returns a token that is believed to be good. The text of its error
	// appears in ours: no personal data, no secret.
	Token(ctx context.Context) (string, error)
	// Drop tells that a service refused the token: the next Token is another one
	// if the source can make another.
	Drop(token string)
}

// StaticToken is the source of one token that never changes, as API Particulier
// gives to each of its users.
type StaticToken string

// Token returns t.
func (t StaticToken) Token(context.Context) (string, error) { return string(t), nil }

// Drop does nothing.
func (t StaticToken) Drop(string) {}

// LogValue masks the token.
func (t StaticToken) LogValue() slog.Value { return slog.StringValue("*****") }

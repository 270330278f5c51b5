package store_test

import (
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/adapters/store"
	"github.com/passerelle-sup/passerelle/adapters/store/storetest"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/cnr/cnrtest"
)

func TestNotifications(t *testing.T) {
	t.Parallel()
	for _, kind := range storetest.Databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			urls := make(map[string]string)
			reopen := func(t *testing.T) (store.Notifications, func()) {
				t.Helper()
				name, _, _ := strings.Cut(t.Name(), "#")
				if urls[name] == "" {
					urls[name] = storetest.URL(t, kind)
				}
				s, err := store.Open(t.Context(), store.Config{URL: urls[name], Connections: 4})
				if err != nil {
					t.Fatal(err)
				}
				return s.Notifications("outbox"), func() {
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				}
			}
			t.Run("queue", func(t *testing.T) {
				cnrtest.Queue(t, func(t *testing.T) cnr.Queue {
					return storetest.Open(t, store.Config{URL: storetest.URL(t, kind)}).Notifications("outbox")
				})
			})
			t.Run("reopened", func(t *testing.T) {
				cnrtest.Reopened(t, func(t *testing.T) (cnr.Queue, func()) { return reopen(t) })
			})
			t.Run("marks", func(t *testing.T) {
				cnrtest.Marks(t, func(t *testing.T) (cnr.Marks, func()) { return reopen(t) })
			})
		})
	}
}

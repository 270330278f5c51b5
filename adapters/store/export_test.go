package store

import "testing"

// SetUpgradeURLs says where the internal tests get databases from.
func SetUpgradeURLs(f func(tb testing.TB) map[string]string) { upgradeURLs = f }

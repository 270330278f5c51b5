package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// notices is a file that gets what partners say changed, for whoever reads it to call
// them.
type notices struct {
	path string
	mu   sync.Mutex
}

// noticed is a line of the file.
type noticed struct {
	Time time.Time `json:"time"`
	HEI  string    `json:"hei_id"` // of the partner that says so
	IDs  []string  `json:"ids"`
}

// Take appends a notice.
func (n *notices) Take(_ context.Context, notice ewpserver.Notice) error {
	line, err := json.Marshal(noticed{Time: time.Now().UTC(), HEI: notice.Caller.String(), IDs: notice.IDs})
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(n.path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(n.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600) // identifiers of students' stays
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

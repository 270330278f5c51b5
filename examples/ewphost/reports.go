package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/monitoring"
)

// reports is a file that gets what hosts report, for a network of one's own.
type reports struct {
	path string
	mu   sync.Mutex
}

// reported is a line of the file.
type reported struct {
	Time          time.Time `json:"time"`
	Reporter      string    `json:"reporter"`
	HEI           string    `json:"hei_id"`
	API           string    `json:"api"`
	Endpoint      string    `json:"endpoint,omitempty"`
	Status        int       `json:"status,omitempty"`
	ServerMessage string    `json:"server_message,omitempty"`
	ClientMessage string    `json:"client_message,omitempty"`
}

// Report appends a report.
func (r *reports) Report(_ context.Context, parties ewpserver.Parties, report monitoring.Report) error {
	line, err := json.Marshal(reported{
		Time: time.Now().UTC(), Reporter: parties.Caller.String(),
		HEI: report.ServerHEI.String(), API: report.API, Endpoint: report.Endpoint, Status: report.Status,
		ServerMessage: report.ServerMessage, ClientMessage: report.ClientMessage,
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(r.path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(r.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// tell sends failures to the network's portal.
func tell(ctx context.Context, c *console, client *ewpclient.Client, failures []ewpclient.Failure) {
	for _, f := range failures {
		err := monitoring.NewClient(client).Send(ctx, monitoring.Report{
			ServerHEI: f.HEI, API: f.API, Endpoint: f.Endpoint, Status: f.Status,
			ServerMessage: f.ServerMessage, ClientMessage: f.ClientMessage,
		})
		if err != nil {
			c.note("ewphost: warning: the failure could not be reported: %v", err)
			continue
		}
		c.note("reported: this failure of %s is now public", f.HEI)
	}
}

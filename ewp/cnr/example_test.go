package cnr_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
)

func ExampleOutbox() {
	dir, err := os.MkdirTemp("", "cnr")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	queue, err := cnr.Open(filepath.Join(dir, "outbox"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer queue.Close()

	sent := make(chan struct{})
	outbox, err := cnr.NewOutbox(cnr.OutboxConfig{
		Queue: queue,
		// In a program: Send, Limit = cnr.Sender(…), which calls by package ewpclient.
		Send: func(_ context.Context, n cnr.Notification) error {
			fmt.Println(n.To, n.API, n.Params(3).Encode())
			close(sent)
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	agreement := cnr.Change{
		Route: cnr.Route{From: ewp.MustParseHEIID("univ-a.example"), To: ewp.MustParseHEIID("univ-b.example"), API: ewp.IIACNR},
		ID:    "0f7a5682",
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	// Two changes of one agreement before anything was sent are one message.
	if err := outbox.Notify(ctx, agreement, agreement); err != nil {
		fmt.Println(err)
		return
	}
	go func() { <-sent; cancel() }()
	outbox.Run(ctx)
	// Output: univ-b.example iia-cnr iia_id=0f7a5682
}

package jobs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/passerelle-sup/passerelle/adapters/jobs"
	"github.com/passerelle-sup/passerelle/adapters/store"
)

// A job in three parts, run once. With NewRiver in place of New the parts are shared by all
// processes on the same database.
func Example() {
	dir, err := os.MkdirTemp("", "jobs")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	s, err := store.Open(ctx, store.Config{URL: "sqlite:" + filepath.Join(dir, "state.db")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	job := jobs.Job{
		Name: "greetings", // Every would begin a round by itself
		Plan: func(context.Context) ([]json.RawMessage, error) {
			return []json.RawMessage{json.RawMessage(`"Ada"`), json.RawMessage(`"Blaise"`), json.RawMessage(`"Sophie"`)}, nil
		},
		Work: func(_ context.Context, _ *jobs.Round, part json.RawMessage) error {
			fmt.Println("bonjour", string(part))
			return nil
		},
		Finish: func(context.Context, *jobs.Round) error {
			fmt.Println("all greeted")
			return nil
		},
	}
	runner, err := jobs.New(jobs.Config{Work: s.Work(), Jobs: []jobs.Job{job}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan error)
	go func() { ended <- runner.Run(ctx) }()
	fmt.Println(runner.Once(ctx, "greetings"))
	stop()
	fmt.Println(<-ended)
	// Unordered output:
	// bonjour "Ada"
	// bonjour "Blaise"
	// bonjour "Sophie"
	// all greeted
	// <nil>
	// <nil>
}

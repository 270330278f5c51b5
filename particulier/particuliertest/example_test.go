package particuliertest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
)

// A test of what a program does when the provider of the data does not answer.
func Example() {
	s := particuliertest.Listen(particuliertest.Config{Cases: particuliertest.NewCases([]particuliertest.Case{{
		Path: "/v3/mesri/statut_etudiant/ine", Params: map[string]any{"ine": "1234567890V"}, Status: 200,
		Payload: []byte(`{"data":{"admissions":[]},"links":{},"meta":{}}`),
	}})})
	defer s.Close()
	cfg := s.ClientConfig()
	cfg.Transport.Retry.MaxAttempts = 1
	client, err := particulier.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	ask := func() {
		status, err := client.StudentStatusByINE(context.Background(), particulier.INERequest{INE: "1234567890V"})
		fmt.Println(status.Admissions.State, errors.Is(err, passerelle.ErrUnavailable), errors.Is(err, particulier.ProviderDown))
	}
	s.Script(particuliertest.ProviderDown)
	ask()
	ask()
	// Output:
	// absent true true
	// present false false
}

package supdata_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
	"github.com/passerelle-sup/passerelle/transport"
	"github.com/passerelle-sup/passerelle/uai"
)

const file = `student;ine;ine_state;birth_name;given_name_1;sex;birth_date;birth_commune;enrolment;year;uai;programme_sise;status;payment;regime
1;0AYIOP071Y8;verified;ESSAI-A;CAMILLE;F;26/12/1996;67482;e1;2026;0011402U;2500123;valid;paye;10
2;081768862AE;verified;ESSAI-B;CAMILLE;F;30/11/1999;67482;e2;2026;0011402U;2500123;valid;a_payer;10
3;;;ESSAI-C;DOMINIQUE;M;01/02/2000;67482;e3;2026;0011402U;2500123;valid;paye;10
`

// students is the student system of the examples.
func students(text string) sis.Source {
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	source, err := sis.NewCSV("students.csv", open, sis.CSVOptions{})
	if err != nil {
		panic(err)
	}
	return source
}

// september is when the examples take place.
func september() time.Time { return time.Date(2026, 9, 15, 8, 0, 0, 0, time.UTC) }

// The season in small: the enrolments of a file are fed to a fake, a payment changes one of
// them, and somebody reads it.
func Example() {
	ctx := context.Background()
	store := supdatatest.Sandbox()
	feed := supdatatest.Listen(supdatatest.Config{Store: store, Now: september})
	defer feed.Close()

	client, err := supdata.New(supdata.Config{
		BaseURL:   feed.URL, // in production: the address that comes with the key
		Key:       supdatatest.TestKey,
		Codes:     supdata.InferredCodes(), // inferred: ask RENATER for those of production
		PerSecond: -1,                      // the default is 5
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	cfg := supdata.FeederConfig{
		Client: client, Source: students(file), Ledger: supdata.NewMemory(), Year: 2026, Now: september,
		Mapping: supdata.Mapping{Communes: map[uai.Code]string{uai.MustParse("0011402U"): "01053"}},
	}
	run := func() {
		feeder, err := supdata.NewFeeder(cfg)
		if err != nil {
			fmt.Println(err)
			return
		}
		report, err := feeder.Run(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(report)
		for _, item := range report.Items {
			fmt.Println(" ", item.Student, item.Outcome, item.From, item.To, item.Detail)
		}
	}
	run()
	cfg.Source = students(strings.Replace(file, "a_payer", "paye", 1))
	run()

	// Somebody with a right to know asks API Particulier, whose fake reads the same store.
	service := particuliertest.New(particuliertest.Config{Students: store})
	api, err := particulier.New(particulier.Config{
		BaseURL: particulier.Staging, Token: particuliertest.TestToken, Recipient: particulier.MustParseRecipient(particuliertest.TestRecipient),
		Transport: transport.Config{Base: service},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	reader, err := supdata.NewReader(api)
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := reader.ByINE(ctx, particulier.INERequest{INE: "0AYIOP071Y8"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("on 1 October:", supdata.StandingOn(status, passerelle.NewDate(2026, 10, 1)))
	// Output:
	// 2 fed, 1 held
	//   csv:3 held   the student has no confirmed INE
	// 1 unchanged, 1 changed, 1 held
	//   csv:2 changed admis inscrit fed already: what a second call does is not documented
	//   csv:3 held   the student has no confirmed INE
	// on 1 October: enrolled
}

// The file of the portal, in the columns that the portal asks for.
func ExampleFeeder_Export() {
	feeder, err := supdata.NewFeeder(supdata.FeederConfig{Source: students(file), Year: 2026, Now: september})
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := feeder.Export(context.Background(), os.Stdout, supdata.Layout{
		Columns: []supdata.Column{
			{Title: "INE", Field: supdata.FieldINE}, {Title: "NAISSANCE", Field: supdata.FieldBirthDate}, {Title: "STATUT", Field: supdata.FieldStatus},
		},
		Codes:  supdata.Codes{Statuses: map[supdata.Status]string{supdata.Admitted: "A", supdata.Enrolled: "I"}, Regimes: supdata.InferredCodes().Regimes},
		Header: true, DateFormat: "02/01/2006",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report)
	// Output:
	// INE;NAISSANCE;STATUT
	// 0AYIOP071Y8;26/12/1996;I
	// 081768862AE;30/11/1999;A
	// 2 planned, 1 held
}

package pegase

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/transport"
)

// flowBody is a full page of the flow.
func flowBody() []byte {
	const row = `{"UAI":"0751234J","idApprenant":"00000000-0000-4000-8000-%012[1]d","codeApprenant":"%09[1]d","INE":"223456789HE","civilite":"F","nomUsage":"Lefèvre","nomFamille":"Lefèvre","prenom":"Lucie","dateDeNaissance":"2006-03-14","nationalite":"100","droitPhoto":false,"regime":"10","bourses":[],"boursesCompletes":[],"profilsExonerants":[],"mobilite":"SANS","statutPaiement":"paye","statutInscription":"valide","inscriptionPrincipale":true,"formation":"LIC-DROIT","anneeUniversitaire":2026,"periode":"Année 2026-2027","chemin":[{"code":"LIC-DROIT","type":"FORMATION","libelleCourt":"LIC-DROIT","libelleLong":"Licence de droit","idChemin":"11111111-0000-4000-8000-000000000001","idPeriode":"22222222-0000-4000-8000-000000000001"},{"code":"LIC-DROIT-A1","type":"ANNEE","libelleCourt":"A1","libelleLong":"Première année","idChemin":"11111111-0000-4000-8000-000000000002","idPeriode":"22222222-0000-4000-8000-000000000001"}],"codeDiplomeSISE":"2400109","dateInscription":"2026-09-01T00:00:00","derniereModification":1788000%03[1]d,"derniereModificationApprenant":1788000000,"adresses":[{"canalCommunication":"VueContactAdresse","code":"A","libelle":"Adresse","pays":"100","ligne3OuVoie":"1 rue des Écoles","codePostal":"67000","commune":"67482"}],"mels":[{"canalCommunication":"VueContactMel","code":"M","libelle":"Mel","mail":"lucie@mel.example"}],"telephones":[]}`
	rows := make([]string, pageSize)
	for i := range rows {
		rows[i] = fmt.Sprintf(row, i)
	}
	return []byte(fmt.Sprintf(`{"totalElements":%d,"totalPages":1,"taille":500,"page":0,"resultats":[%s]}`, pageSize, strings.Join(rows, ",")))
}

// BenchmarkFlowPage reads a page of 500 rows and makes students and enrolments of them.
func BenchmarkFlowPage(b *testing.B) {
	c, resp := bare(b), &transport.Response{Status: http.StatusOK, Body: flowBody()}
	b.SetBytes(int64(len(resp.Body)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := decodePage[FlowEntry](opFlow, resp)
		if err != nil {
			b.Fatal(err)
		}
		s := slice{rows: p.Items}
		s.arrange()
		for _, e := range s.rows {
			if _, err := c.flowStudent(e); err != nil {
				b.Fatal(err)
			}
			if _, err := c.flowEnrolment(e); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkFlowPageFloor decodes the same bytes into the same fields, with encoding/json alone.
func BenchmarkFlowPageFloor(b *testing.B) {
	body := flowBody()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var p struct {
			Rows []FlowEntry `json:"resultats"`
		}
		if err := json.Unmarshal(body, &p); err != nil || len(p.Rows) != pageSize {
			b.Fatal(err)
		}
	}
}

// BenchmarkFlowPageBadRow is a page in which one row has the wrong types.
func BenchmarkFlowPageBadRow(b *testing.B) {
	body := []byte(strings.Replace(string(flowBody()), `"codeApprenant":"000000499"`, `"codeApprenant":[499]`, 1))
	resp := &transport.Response{Status: http.StatusOK, Body: body}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if p, err := decodePage[FlowEntry](opFlow, resp); err != nil || len(p.Items) != pageSize-1 || len(p.bad) != 1 {
			b.Fatal(err)
		}
	}
}

// BenchmarkSearchPage reads a page of 500 identities and makes students of them.
func BenchmarkSearchPage(b *testing.B) {
	const row = `{"id":"00000000-0000-4000-8000-%012[1]d","identifiantApprenantPegase":"p%[1]d","nomNaissance":"Lefèvre","prenom":"Lucie","sexe":"F","codeApprenant":"%09[1]d","ineMaitre":"223456789HE","inesSupplementaires":[],"dateNaissance":"2006-03-14","nationalite":{"type":"PAYSETNATIONALITES","code":"100"},"temoinDoublonPotentiel":false}`
	rows := make([]string, pageSize)
	for i := range rows {
		rows[i] = fmt.Sprintf(row, i)
	}
	c, resp := bare(b), &transport.Response{Status: http.StatusOK, Body: []byte(`{"totalElements":500,"items":[` + strings.Join(rows, ",") + `]}`)}
	b.Run("adapter", func(b *testing.B) {
		b.SetBytes(int64(len(resp.Body)))
		b.ReportAllocs()
		for b.Loop() {
			p, err := decodePage[Summary](opSearch, resp)
			if err != nil {
				b.Fatal(err)
			}
			for _, s := range p.Items {
				if _, err := c.summaryStudent(s, sis.INEVerified); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("floor", func(b *testing.B) {
		b.SetBytes(int64(len(resp.Body)))
		b.ReportAllocs()
		for b.Loop() {
			var p struct {
				Items []Summary `json:"items"`
			}
			if err := json.Unmarshal(resp.Body, &p); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCursor writes the cursor of a delta in the middle of a full window.
func BenchmarkCursor(b *testing.B) {
	c, err := parseCursor("")
	if err != nil {
		b.Fatal(err)
	}
	for i := range pageSize / 2 {
		c.add(uint64(i), 1_790_000_000)
	}
	b.ReportAllocs()
	for b.Loop() {
		if c.String() == "" {
			b.Fatal("no cursor")
		}
	}
}

package apogeetest

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/apogee"
	"github.com/passerelle-sup/passerelle/ine"
)

// do answers an operation from the base.
func (s *Service) do(ctx context.Context, op apogee.Operation, r node) ([]value, *problem) {
	nobody := func(what string) ([]value, *problem) {
		return nil, &problem{code: "technical.data.nullretrieve." + what}
	}
	codEtu := r.get("_codEtu")
	if codEtu != "" && strings.Trim(codEtu, "0123456789") != "" || codEtu == "" && op != apogee.OpList && op != apogee.OpIdentifiers {
		return nil, &problem{code: "technical.parameter.noncoherentinput.codEtu"}
	}
	var (
		values []value
		err    error
		what   = "etudiant"
	)
	switch op {
	case apogee.OpIdentifiers:
		values, err = s.identifiers(ctx, r)
	case apogee.OpStudent:
		values, err = s.identity(ctx, codEtu)
	case apogee.OpAddresses:
		values, err = s.addresses(ctx, codEtu, r.get("_annee"))
	case apogee.OpList:
		return s.list(ctx, r)
	case apogee.OpYears:
		what = "findIAA"
		values, err = s.years(ctx, codEtu)
	case apogee.OpAnnual:
		what = "findIAA"
		values, err = s.annual(ctx, codEtu, r.get("_annee"))
	case apogee.OpSteps:
		what = "recupererse"
		values, err = s.steps(ctx, codEtu, r.get("_annee"))
	}
	if err != nil {
		return nil, broken(err)
	}
	if len(values) == 0 {
		return nobody(what)
	}
	return values, nil
}

func broken(err error) *problem { return &problem{text: "base: " + err.Error()} }

// rows runs a query and makes a value of each row by record, which is given its
// columns as texts; a missing one is "".
func (s *Service) rows(ctx context.Context, query string, args []any, record func(c []string) value) ([]value, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var values []value
	for rows.Next() {
		cells, targets := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range cells {
			targets[i] = &cells[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		texts := make([]string, len(cells))
		for i, c := range cells {
			texts[i] = strings.TrimSpace(c.String)
		}
		values = append(values, record(texts))
	}
	return values, rows.Err()
}

const numberSQL = `TRIM(COALESCE(i.COD_NNE_IND, '')) || TRIM(COALESCE(i.COD_CLE_NNE_IND, ''))`

func (s *Service) identifiers(ctx context.Context, r node) ([]value, error) {
	conditions, args := []string{"i.COD_ETU IS NOT NULL"}, []any{}
	for _, f := range []struct{ name, column string }{
		{"_codEtu", "i.COD_ETU"}, {"_codInd", "i.COD_IND"}, {"_numBoursier", "i.NUM_BRS_ETU"}, {"_nom", "i.LIB_NOM_PAT_IND"}, {"_prenom", "i.LIB_PR1_IND"},
	} {
		if text := r.get(f.name); text != "" {
			conditions, args = append(conditions, f.column+" = ?"), append(args, text)
		}
	}
	if number := r.get("_numINE") + r.get("_cleINE"); number != "" {
		conditions, args = append(conditions, numberSQL+" = ?"), append(args, number)
	}
	return s.rows(ctx, `SELECT i.COD_ETU, i.COD_IND, m.MAIL, m.LOGIN, i.NUM_BRS_ETU, `+numberSQL+` FROM INDIVIDU i LEFT JOIN ANNU_MEL_LOGIN m ON m.COD_ETU = i.COD_ETU
		WHERE `+strings.Join(conditions, " AND ")+` ORDER BY i.COD_ETU LIMIT 1`, args, func(c []string) value {
		mail, login := c[2], c[3]
		if r.get("_temoinRecupAnnu") == "N" {
			mail, login = "", ""
		}
		out := group("", v("codEtu", c[0]), v("codInd", c[1]), v("emailAnnuaire", mail), v("loginAnnuaire", login), v("numBoursier", c[4]))
		if !s.cfg.Contract.SplitINE {
			out.children = append(out.children, v("numeroINE", c[5]))
			return out
		}
		body, key := c[5], ""
		if n, err := ine.Parse(c[5]); err == nil {
			body, key = n.Split(ine.ByFamily)
		}
		out.children = append(out.children, v("numeroINE", body), v("cleINE", key))
		return out
	})
}

// dateTime writes a date of the base as the services do.
func (s *Service) dateTime(text string) string {
	if text == "" {
		return ""
	}
	day, hour := text[:min(10, len(text))], "00:00:00"
	if len(text) >= 19 {
		hour = text[11:19]
	}
	return day + "T" + hour + s.cfg.Offset
}

func (s *Service) identity(ctx context.Context, codEtu string) ([]value, error) {
	return s.rows(ctx, `SELECT i.COD_ETU, `+numberSQL+`, i.NUM_BRS_ETU, i.LIB_NOM_PAT_IND, i.LIB_NOM_USU_IND, i.LIB_PR1_IND, i.LIB_PR2_IND, i.LIB_PR3_IND, i.COD_SEX_ETU,
		CAST(i.DATE_NAI_IND AS TEXT), i.TEM_DATE_NAI_REL, i.LIB_VIL_NAI_ETU, i.COD_TYP_DEP_PAY_NAI, i.COD_DEP_PAY_NAI, i.COD_PAY_NAT, i.DAA_ENS_SUP, i.DAA_ETB
		FROM INDIVIDU i WHERE i.COD_ETU = ?`, []any{codEtu}, func(c []string) value {
		department, country := c[13], "100"
		if c[12] == "P" {
			department, country = "", c[13]
		}
		return group("",
			v("anneePremiereInscEnsSup", c[15]), v("anneePremiereInscEtb", c[16]), v("dateNaissance", s.dateTime(c[9])),
			group("departementNaissance", v("codeDept", department), v("libDept", ""), v("temEnSveDept", "O")),
			v("libVilleNaissance", c[11]), group("nationaliteDTO", v("codeNationalite", c[14]), v("libNationalite", "")),
			v("nomPatronymique", c[3]), v("nomUsuel", c[4]), v("numBoursier", c[2]), v("numEtu", c[0]), v("numeroINE", c[1]),
			group("paysNaissance", v("codPay", country), v("libPay", "")),
			v("prenom1", c[5]), v("prenom2", c[6]), v("prenom3", c[7]), v("prenomEtatCivil", ""), v("sexe", c[8]), v("sexEtatCivil", ""), v("temoinDateNaissEstimee", c[10]))
	})
}

func (s *Service) addresses(ctx context.Context, codEtu, year string) ([]value, error) {
	return s.rows(ctx, `SELECT a.ADR_MAIL, m.MAIL, m.LOGIN, a.NUM_TEL_PORT, a.LIB_AD1, a.COD_COM, a.COD_BDI, a.COD_PAY FROM INDIVIDU i JOIN ADRESSE a ON a.COD_IND = i.COD_IND
		LEFT JOIN ANNU_MEL_LOGIN m ON m.COD_ETU = i.COD_ETU WHERE i.COD_ETU = ?`, []any{codEtu}, func(c []string) value {
		return group("", group("typeHebergement"), group("adresseAnnuelle"),
			group("adresseFixe", group("commune", v("codeInsee", c[5]), v("codePostal", c[6])), v("libAd1", c[4]), v("libAd2", ""), v("numTel", ""), group("pays", v("codPay", c[7]))),
			v("email", c[0]), v("emailAnnuaire", c[1]), v("loginAnnuaire", c[2]), v("numTelPortable", c[3]), v("annee", year))
	})
}

func (s *Service) list(ctx context.Context, r node) ([]value, *problem) {
	if len(r.Nodes) == 0 {
		return nil, &problem{code: "technical.parameter.noncoherentinput.parametres"}
	}
	p := r.Nodes[0]
	if text := unexpected(p.Nodes, strings.Fields("annee listDiplomes listEtapes codeRegimeInscrETP listSitSociale sensEchInter codeEchInter listPaysEchInter listCentreGestion listComposante")); text != "" {
		return nil, &problem{text: text, client: true}
	}
	conditions, args := []string{"iae.COD_ANU = ?"}, []any{p.get("annee")}
	var choice []string
	either := func(column, text string) { choice, args = append(choice, "TRIM("+column+") = ?"), append(args, text) }
	for _, n := range p.Nodes {
		switch n.XMLName.Local {
		case "listDiplomes":
			for _, item := range n.Nodes {
				either("iae.COD_DIP", item.get("code"))
			}
		case "listEtapes":
			for _, item := range n.Nodes {
				either("iae.COD_ETP", item.get("code"))
			}
		case "listComposante":
			either("iae.COD_CMP", n.Text)
		case "listCentreGestion":
			either("iae.COD_CGE", n.Text)
		}
	}
	if len(choice) > 0 {
		conditions = append(conditions, "("+strings.Join(choice, " OR ")+")")
	}
	values, err := s.rows(ctx, `SELECT DISTINCT i.COD_ETU, i.LIB_NOM_PAT_IND, i.LIB_PR1_IND, CAST(i.DATE_NAI_IND AS TEXT), `+numberSQL+` FROM INS_ADM_ETP iae JOIN INDIVIDU i ON i.COD_IND = iae.COD_IND
		WHERE i.COD_ETU IS NOT NULL AND iae.ETA_IAE = 'E' AND `+strings.Join(conditions, " AND ")+` ORDER BY i.LIB_NOM_PAT_IND, i.COD_ETU`, args, func(c []string) value {
		date, _ := passerelle.ParseDate(c[3])
		return group("", v("codEtu", c[0]), v("nom", c[1]), v("prenom", c[2]), v("dateNaissance", date.French()), v("numeroIne", c[4]))
	})
	if err != nil {
		return nil, broken(err)
	}
	return values, nil
}

func (s *Service) years(ctx context.Context, codEtu string) ([]value, error) {
	return s.rows(ctx, `SELECT iaa.COD_ANU FROM INS_ADM_ANU iaa JOIN INDIVIDU i ON i.COD_IND = iaa.COD_IND WHERE i.COD_ETU = ? AND iaa.ETA_IAA = 'E' ORDER BY iaa.COD_ANU DESC`,
		[]any{codEtu}, func(c []string) value { return v("", c[0]) })
}

func (s *Service) annual(ctx context.Context, codEtu, year string) ([]value, error) {
	return s.rows(ctx, `SELECT iaa.COD_ANU, CAST(iaa.DAT_CRE_IAA AS TEXT), iaa.ETA_IAA, iaa.COD_RGI, iaa.COD_SOC FROM INS_ADM_ANU iaa JOIN INDIVIDU i ON i.COD_IND = iaa.COD_IND
		WHERE i.COD_ETU = ? AND iaa.COD_ANU = ? AND iaa.ETA_IAA = 'E'`, []any{codEtu, year}, func(c []string) value {
		return group("", v("anneeIAA", c[0]), v("dateIAA", s.dateTime(c[1])), group("etatIaa", v("codeEtatIAA", c[2]), v("libEtatIAA", "En cours"), v("temDosIAA", "O")),
			group("prgEchange"), group("regimeIns", v("codRgi", c[3]), v("libRgi", "Formation initiale")), group("situationSociale", v("codSitSoc", c[4]), v("libWebSitSoc", "")))
	})
}

func (s *Service) steps(ctx context.Context, codEtu, year string) ([]value, error) {
	return s.rows(ctx, `SELECT iae.COD_ETP, iae.COD_VRS_VET, e.LIB_ETP, iae.COD_DIP, iae.COD_VRS_VDI, d.LIB_DIP, iae.COD_CMP, iae.ETA_IAE, iae.ETA_PMT_IAE, iae.TEM_IAE_PRM, CAST(iae.DAT_CRE_IAE AS TEXT), i.NUM_BRS_ETU
		FROM INS_ADM_ETP iae JOIN INDIVIDU i ON i.COD_IND = iae.COD_IND LEFT JOIN ETAPE e ON e.COD_ETP = iae.COD_ETP LEFT JOIN DIPLOME d ON d.COD_DIP = iae.COD_DIP
		WHERE i.COD_ETU = ? AND iae.COD_ANU = ? AND iae.ETA_IAE = 'E' ORDER BY iae.TEM_IAE_PRM DESC, iae.COD_ETP`, []any{codEtu, year}, func(c []string) value {
		return group("", group("bourse"), group("composante", v("codComposante", c[6]), v("libComposante", fmt.Sprint("UFR ", c[6]))), v("dateIAE", s.dateTime(c[10])),
			group("diplome", v("codeDiplome", c[3]), v("libLongDiplome", c[5]), v("versionDiplome", c[4])), group("etape", v("codeEtp", c[0]), v("libLongEtp", c[2]), v("versionEtp", c[1])),
			v("etapePremiere", c[9]), group("etatIae", v("codeEtatIAE", c[7])), group("regimeIns", v("codRgi", "1")), v("codeInscriptionPayee", c[8]), v("inscriptionPayee", "O"), v("numBoursier", c[11]))
	})
}

package pegase

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
)

// Period is a period of the programmes API, which calls it an espace.
type Period struct {
	ID    string `json:"id"`   // UUID, by which programmes are searched
	Code  string `json:"code"` // PERIODE-25-26, as the other APIs name it
	Label string `json:"libelle"`
	Title string `json:"libelleLong,omitempty"`
	Year  int    `json:"anneeUniversitaire,omitempty"`
}

// Programme is one line of the search of programmes and their parts.
type Programme struct {
	ID       string `json:"id"`                           // UUID
	Kind     string `json:"typeObjetMaquette"`            // FORMATION, OBJET_FORMATION, GROUPEMENT
	Type     Text   `json:"typeObjetFormation,omitempty"` // ANNEE, SEMESTRE, UE…
	Code     string `json:"code"`
	Period   string `json:"espaceLibelle,omitempty"`
	Shared   bool   `json:"mutualise,omitempty"`
	Label    string `json:"libelle"`
	Title    string `json:"libelleLong,omitempty"`
	Approved bool   `json:"valideInAnyContexte,omitempty"`
	Active   bool   `json:"periodeActive,omitempty"`
}

// Node is an object of a programme's tree.
type Node struct {
	ID       string  `json:"id"` // UUID
	Class    string  `json:"classe,omitempty"`
	Type     string  `json:"type,omitempty"` // ANNEE, SEMESTRE, UE, EC…
	Code     string  `json:"code"`
	Label    string  `json:"libelle"`
	Approved bool    `json:"valide,omitempty"`
	Shared   bool    `json:"mutualise,omitempty"`
	ECTS     Text    `json:"ects,omitempty"`
	Children []Child `json:"enfants,omitempty"`
}

// Child is a part of a node.
type Child struct {
	ID        string `json:"id,omitempty"`
	Mandatory bool   `json:"obligatoire"`
	Node      Node   `json:"objetMaquette"`
}

// Walk gives the node and all below it, parents first, with the path of codes that leads
// to each: MASTER-RH>MASTER-1.
func (n Node) Walk() iter.Seq2[string, Node] {
	return func(yield func(string, Node) bool) { n.walk("", yield) }
}

func (n Node) walk(above string, yield func(string, Node) bool) bool {
	at := n.Code
	if above != "" {
		at = above + ">" + n.Code
	}
	if !yield(at, n) {
		return false
	}
	for _, child := range n.Children {
		if !child.Node.walk(at, yield) {
			return false
		}
	}
	return true
}

// ProgrammeQuery narrows the search of programmes. The zero value asks for all.
type ProgrammeQuery struct {
	Period       string // UUID of a Period
	Text         string // part of the code or label
	ApprovedOnly bool
}

// Periods gives the active periods. The calls of the programmes API are as public clients
// make them: its contract is not public.
func (c *Client) Periods(ctx context.Context) iter.Seq2[Period, error] {
	return odf[Period](ctx, c, opPeriods, "espaces", url.Values{"type": {"PERIODE"}, "actif": {"true"}})
}

// Programmes gives the programmes that match.
func (c *Client) Programmes(ctx context.Context, q ProgrammeQuery) iter.Seq2[Programme, error] {
	v := url.Values{"typeObjetMaquette": {"FORMATION"}}
	if q.Period != "" {
		v.Set("espace", q.Period)
	}
	if q.Text != "" {
		v.Set("r", q.Text)
	}
	if q.ApprovedOnly {
		v.Set("valideSeulement", "true")
	}
	return odf[Programme](ctx, c, opProgrammes, "objets-maquette", v)
}

// programmePage is how many programmes are asked for at once.
const programmePage = 100

// odf gives the items of a paged list of the programmes API.
func odf[T any](ctx context.Context, c *Client, operation, list string, v url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		if err := needed("ODF", c.cfg.Endpoints.ODF); err != nil {
			yield(none, err)
			return
		}
		v.Set("taille", strconv.Itoa(programmePage))
		for number := 0; ; number++ {
			v.Set("page", strconv.Itoa(number))
			resp, err := c.get(ctx, operation, path(c.cfg.Endpoints.ODF, "etablissement", c.cfg.Structure, list), v)
			if err != nil {
				yield(none, err)
				return
			}
			p, err := decodePage[T](operation, resp)
			if err != nil {
				yield(none, err)
				return
			}
			for _, f := range p.bad {
				if !yield(none, c.row(operation, f.field, "", misshapen(f))) {
					return
				}
			}
			for _, item := range p.Items {
				if !yield(item, nil) {
					return
				}
			}
			if p.last(number, programmePage) {
				return
			}
		}
	}
}

// Tree reads the whole tree of a programme by its UUID. passerelle.ErrNotFound when there is none.
func (c *Client) Tree(ctx context.Context, id string) (Node, error) {
	if err := needed("ODF", c.cfg.Endpoints.ODF); err != nil {
		return Node{}, err
	}
	resp, err := c.get(ctx, opTree, path(c.cfg.Endpoints.ODF, "etablissement", c.cfg.Structure, "maquette", id), nil)
	if err != nil {
		return Node{}, err
	}
	tree, err := decode[struct {
		Root *Node `json:"racine"`
	}](opTree, resp)
	if err == nil && tree.Root == nil {
		return Node{}, unreadable(opTree, resp, &json.UnmarshalTypeError{Field: "racine"})
	}
	if err != nil {
		return Node{}, err
	}
	return *tree.Root, nil
}

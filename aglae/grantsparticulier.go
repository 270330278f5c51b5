package aglae

import (
	"context"
	"errors"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/particulier"
)

// ParticulierGrants asks API Particulier. It is safe for concurrent use. Its errors are
// those of package particulier: particulier.ParameterErrors before anything is sent,
// *particulier.Error, or that of the context.
type ParticulierGrants struct {
	client  *particulier.Client
	version particulier.Version
}

var _ Grants = (*ParticulierGrants)(nil)

// NewParticulierGrants returns Grants over a client of API Particulier. version is
// particulier.Current (v4), V4, V3 or, deprecated, V2; only v4 tells who was struck off.
// Its error is passerelle.FieldErrors.
func NewParticulierGrants(client *particulier.Client, version particulier.Version) (*ParticulierGrants, error) {
	var faults passerelle.FieldErrors
	if client == nil {
		faults.Add("client", "required", "a client of API Particulier")
	}
	switch version {
	case particulier.Current, particulier.V2, particulier.V3, particulier.V4:
	default:
		faults.Add("version", "range", "particulier.Current, V4, V3 or V2")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return &ParticulierGrants{client: client, version: version}, nil
}

// GrantByINE implements [Grants].
func (p *ParticulierGrants) GrantByINE(ctx context.Context, q INEGrantQuery) (Grant, error) {
	s, err := p.client.ScholarshipByINE(ctx, particulier.INERequest{INE: q.INE, CampaignYear: q.Campaign, Version: p.version})
	return particulierGrant(s, q.Campaign, err)
}

// GrantByIdentity implements [Grants].
func (p *ParticulierGrants) GrantByIdentity(ctx context.Context, q IdentityGrantQuery) (Grant, error) {
	s, err := p.client.ScholarshipByIdentity(ctx, particulier.IdentityRequest{Person: q.Person, CampaignYear: q.Campaign, Version: p.version})
	return particulierGrant(s, q.Campaign, err)
}

// GrantByFranceConnect implements [Grants]. The answer has no identity in v3 and v4.
func (p *ParticulierGrants) GrantByFranceConnect(ctx context.Context, q FranceConnectGrantQuery) (Grant, error) {
	s, err := p.client.ScholarshipByFranceConnect(ctx, particulier.FranceConnectRequest{
		AccessToken: q.AccessToken, CampaignYear: q.Campaign, Version: p.version,
	})
	return particulierGrant(s, q.Campaign, err)
}

func particulierGrant(s particulier.Scholarship, campaign int, err error) (Grant, error) {
	if err != nil {
		hidden := errors.Is(err, particulier.CodeScope) || errors.Is(err, particulier.CodeFranceConnectScopes)
		return Grant{Finding: findingOf(err, hidden)}, err
	}
	return GrantOf(s, campaign), nil
}

// GrantOf reads a scholarship as API Particulier tells it. campaign is the year that was
// asked, 0 for none.
func GrantOf(s particulier.Scholarship, campaign int) Grant {
	g := Grant{
		Campaign: campaign, Holder: s.Holder, StruckOff: s.StruckOff, StruckOffOn: s.StruckOffOn,
		Level: mapField(s.Level, func(l particulier.Level) Level { return ParseLevel(string(l)) }),
		Town:  s.Town, School: s.School, TermStart: s.TermStart, Months: s.Months, Email: s.Email, Identity: s.Identity,
		Particulier: &s,
	}
	if provisional, told := s.Provisional.Get(); told {
		g.Decision = Definitive
		if provisional {
			g.Decision = Conditional
		}
	} else if status, told := s.Status.Get(); told {
		g.Decision = decided(status)
	}
	g.judge()
	return g
}

// findingOf is the finding of a question that ended in an error.
func findingOf(err error, hidden bool) GrantFinding {
	switch {
	case hidden:
		return GrantHidden
	case errors.Is(err, passerelle.ErrNotFound):
		return GrantStudentUnknown
	case errors.Is(err, passerelle.ErrAmbiguous):
		return GrantHomonyms
	case errors.Is(err, particulier.CodeCampaignYear):
		return GrantCampaignRefused
	case errors.Is(err, passerelle.ErrInvalid):
		return GrantRequestRefused
	}
	return GrantUnknown
}

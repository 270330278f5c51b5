package omobilitylas

import "slices"

// clone returns a copy that shares nothing.
func (s State) clone() State {
	s.Agreement = s.Agreement.clone()
	s.Decisions = slices.Clone(s.Decisions)
	return s
}

func (a Agreement) clone() Agreement {
	a.Sending.Contact.Phone = copied(a.Sending.Contact.Phone)
	a.Receiving.Contact.Phone = copied(a.Receiving.Contact.Phone)
	if a.First != nil {
		a.First = a.First.clone()
	}
	if a.Changes != nil {
		a.Changes = a.Changes.clone()
	}
	if a.Proposal != nil {
		a.Proposal = &Proposal{ID: a.Proposal.ID, Version: *a.Proposal.Version.clone(), Student: copied(a.Proposal.Student)}
	}
	return a
}

func (v Version) clone() *Version {
	for _, table := range []**Table{&v.Studied, &v.Recognized, &v.Virtual, &v.Blended, &v.Doctoral} {
		if *table == nil {
			continue
		}
		list := slices.Clone((*table).Components)
		for i := range list {
			list[i].Term = copied(list[i].Term)
			list[i].Credits = slices.Clone(list[i].Credits)
		}
		*table = &Table{Components: list}
	}
	v.ReceivingSignature = copied(v.ReceivingSignature)
	return &v
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

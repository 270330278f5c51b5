package omobilities

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// ProposalID returns the identifier of what a nomination says, for the mobility with
// an identifier: 64 hexadecimal digits. It changes if and only if the content does,
// whatever its ProposalID is, and is the same in every process and at every time, so
// that none has to be kept. That it is a hash is our choice: the schema takes any text.
//
// A nomination that goes back to what it said before has its former identifier
// again. That is right: a decision about that content is about this one.
func ProposalID(omobilityID string, n Nomination) string {
	period := ""
	if n.NonStandard != nil {
		period = "non-standard"
	}
	h := sha256.New()
	h.Write([]byte("passerelle/omobilities proposal 1\n"))
	var length [8]byte
	for _, value := range []string{
		omobilityID, n.Sending.HEI.String(), n.Sending.OUnitID, n.Sending.IIAID, n.Receiving.HEI.String(), n.Receiving.OUnitID, n.Receiving.IIAID,
		n.Term, period, n.Year, n.ActivityType, n.ActivityAttributes, n.AgreementISCED, n.EQF, n.NomineeISCED, n.Comment,
	} {
		binary.BigEndian.PutUint64(length[:], uint64(len(value)))
		h.Write(length[:])
		h.Write([]byte(value))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Same reports whether two nominations say the same, whatever their identifiers are.
func (n Nomination) Same(other Nomination) bool { return ProposalID("", n) == ProposalID("", other) }

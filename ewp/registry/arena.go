package registry

import (
	"bytes"
	"hash/maphash"
)

// arena holds texts one after the other, each once. Growing it moves bytes, and no
// text is an allocation of its own.
type arena struct {
	buf   []byte
	refs  []ref
	slots []uint32 // open addressing over refs, by hash: index+1, 0 for a free one
	seed  maphash.Seed
}

func newArena() arena {
	return arena{slots: make([]uint32, 1<<12), seed: maphash.MakeSeed()}
}

// add returns the place of a text.
func (a *arena) add(text []byte) ref {
	if len(text) == 0 {
		return ref{}
	}
	if 2*len(a.refs) >= len(a.slots) {
		a.grow()
	}
	mask := uint64(len(a.slots) - 1)
	i := maphash.Bytes(a.seed, text) & mask
	for ; a.slots[i] != 0; i = (i + 1) & mask {
		r := a.refs[a.slots[i]-1]
		if bytes.Equal(a.bytes(r), text) {
			return r
		}
	}
	r := ref{uint32(len(a.buf)), uint32(len(text))}
	a.buf = append(a.buf, text...)
	a.refs = append(a.refs, r)
	a.slots[i] = uint32(len(a.refs))
	return r
}

func (a *arena) bytes(r ref) []byte { return a.buf[r.off : r.off+r.n] }

func (a *arena) grow() {
	a.slots = make([]uint32, 2*len(a.slots))
	mask := uint64(len(a.slots) - 1)
	for n, r := range a.refs {
		i := maphash.Bytes(a.seed, a.bytes(r)) & mask
		for a.slots[i] != 0 {
			i = (i + 1) & mask
		}
		a.slots[i] = uint32(n + 1)
	}
}

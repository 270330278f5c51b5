package jobs

import (
	"context"
	"encoding/json"
	"iter"
	"slices"

	"github.com/passerelle-sup/passerelle/sis"
)

// DefaultPartSize is how many students a part has.
const DefaultPartSize = 200

// cut makes parts of students. Each reference stands in one of them, so that two records of
// one reference meet in a part.
func cut(ids []sis.StudentID, size int) ([]json.RawMessage, error) {
	if size <= 0 {
		size = DefaultPartSize
	}
	slices.SortFunc(ids, func(a, b sis.StudentID) int {
		if c := len(a.Local) - len(b.Local); c != 0 {
			return c
		}
		switch as, bs := a.Local+"\n"+a.System, b.Local+"\n"+b.System; {
		case as < bs:
			return -1
		case as > bs:
			return 1
		}
		return 0
	})
	var parts []json.RawMessage
	for chunk := range slices.Chunk(slices.Compact(ids), size) {
		data, err := json.Marshal(chunk)
		if err != nil {
			return nil, err
		}
		parts = append(parts, data)
	}
	return parts, nil
}

// students reads a part.
func students(part json.RawMessage) ([]sis.StudentID, error) {
	var ids []sis.StudentID
	err := json.Unmarshal(part, &ids)
	return ids, err
}

// subset is a source of which only some students are seen.
type subset struct {
	sis.Source
	ids []sis.StudentID
}

// Students implements sis.Source.
func (s subset) Students(ctx context.Context, q sis.Query) iter.Seq2[sis.Student, error] {
	if len(q.IDs) == 0 {
		q.IDs = s.ids
	}
	return s.Source.Students(ctx, q)
}

// Enrolments implements sis.Source.
func (s subset) Enrolments(ctx context.Context, q sis.Query) iter.Seq2[sis.Enrolment, error] {
	if len(q.IDs) == 0 {
		q.IDs = s.ids
	}
	return s.Source.Enrolments(ctx, q)
}

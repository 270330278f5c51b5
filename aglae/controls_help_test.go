package aglae_test

import (
	"iter"

	"github.com/passerelle-sup/passerelle/aglae"
)

// seq gives values without errors.
func seq[T any](all ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// rowsOf gathers rows and errors.
func rowsOf(rows iter.Seq2[aglae.Row, error]) (all []aglae.Row, errs []error) {
	for row, err := range rows {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, row)
	}
	return all, errs
}

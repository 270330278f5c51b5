package egracons

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
)

// WriteCSV writes tables in the neutral form, which [ReadTables] reads with a zero
// [Layout]. The twelve columns of the form are always there; the extra ones only
// where a table fills them. Nothing of a table is lost. Tables that a reader could
// not tell apart, because all that names them is the same, are refused with an
// *Error of kind ErrBadTable.
func WriteCSV(w io.Writer, tables ...*Table) error {
	var rows []map[string]string
	used, names := map[string]bool{}, map[string]bool{}
	for i, t := range tables {
		first := t.csvRow(0)
		key := nameKey(func(column string) string { return first[column] })
		if names[key] {
			return &Error{Kind: ErrBadTable, Table: t.identity.Name(), Row: i + 1, Want: "another name than a table before it"}
		}
		names[key] = true
		for rank := range t.scale.grades {
			row := t.csvRow(rank)
			for column, cell := range row {
				if cell != "" {
					used[column] = true
				}
			}
			rows = append(rows, row)
		}
	}
	columns := slices.Clone(neutralColumns)
	for _, column := range extraColumns {
		if used[column] {
			columns = append(columns, column)
		}
	}
	out := csv.NewWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	record := make([]string, len(columns))
	for _, row := range rows {
		for i, column := range columns {
			record[i] = row[column]
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// csvRow returns the cells of one grade by column.
func (t *Table) csvRow(rank int) map[string]string {
	id, g := t.identity, t.scale.grades[rank]
	row := map[string]string{
		"institution": id.Institution, "hei_id": id.HEI, "cycle": string(id.Cycle), "isced_f": id.ISCED, "degree": id.Degree,
		"period_from": periodDate(id.Period.From), "period_to": periodDate(id.Period.To), "scale_id": t.scale.id,
		"rank": strconv.Itoa(rank + 1), "grade": g.Label, "passing": strconv.FormatBool(g.Passing),
		"tolerance": t.within.String(), "value": g.Value.String(), "band_from": g.From.String(), "band_to": g.To.String(),
		"aliases": strings.Join(g.Aliases, aliasSeparator), "table_id": id.ID, "version": id.Version, "level": id.Level.String(), "asked": id.Asked,
	}
	for column, set := range map[string]bool{"ungraded": g.Ungraded, "published": id.Published, "course_histogram": id.CourseHistogram} {
		if set {
			row[column] = "true"
		}
	}
	if t.stated > 0 {
		row["stated"] = strconv.FormatInt(t.stated, 10)
	}
	n := t.printed[rank]
	switch {
	case t.basis == Counts:
		row["count"] = zeroIfUnset(n)
	case t.basis == Percentages:
		row["percentage"] = zeroIfUnset(n)
	default:
		row["cumulative"] = t.cumulative(rank).String()
	}
	return row
}

func zeroIfUnset(n Number) string {
	if !n.IsSet() {
		return "0"
	}
	return n.String()
}

// cumulative is the printed cumulative of a rank, or that of the last better
// grade that has one.
func (t *Table) cumulative(rank int) Number {
	for ; rank >= 0; rank-- {
		if t.printed[rank].IsSet() {
			return t.printed[rank]
		}
	}
	return Int(0)
}

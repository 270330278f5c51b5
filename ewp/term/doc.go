// Package term has the types by which the documents of Erasmus Without Paper name
// academic years and terms: [Year] ("2025/2026"), [ID] ("2025/2026-1/2"), [Term], the
// element academic-term of version 1, and [Part], the term-id of version 2.
//
// Documents keep years and identifiers as text; [ParseYear] and [ParseID] read them.
//
// Source: ewp-specs-types-academic-term 1.1.0 and 2.0.0, schema.xsd of the branches
// stable-v1 and stable-v2. Courses, agreements and nominations use version 1, learning
// agreements and transcripts version 2.
package term

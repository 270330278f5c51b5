// Package courses is the Courses API of Erasmus Without Paper, version 0.7.1, and
// Simple Course Replication, 1.0.0-rc9: the course catalogue of an institution, and the
// list of what is in it.
//
// A [Specification] is what can be studied: a course, a class, a module or a whole
// programme. An [Instance] is one time that it is given, with its dates, credits,
// language and grading. Children are named, not held: see [Specification.Parts].
//
// [Client] asks partners: for courses by identifier or code, for the list of all, and
// for both at once ([Client.All]). [Register] and [RegisterReplication] answer them from
// a [Provider] and a [Lister]; [List] is both, for courses in memory. [Decode] and
// [Encode] read and write the document of an answer by itself.
//
// [Syllabus] is a course as student systems and course catalogues keep it, which becomes
// a Specification and is read from one; [FromSIS] makes syllabuses of the elements of
// package sis.
//
// A new design of this API is drafted (2026), under the same element names with another
// content. It is not read here.
//
// Sources: ewp-specs-api-courses 0.7.1 and ewp-specs-api-course-replication 1.0.0-rc9,
// README.md and response.xsd.
package courses

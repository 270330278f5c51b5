package tors

import (
	"fmt"
	"iter"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// TranscriptOfRecords is the type of the attachment that is the transcript as a
// printable document (PDF), inside of the report.
const TranscriptOfRecords = "Transcript of Records"

// File is an attachment of a transcript.
type File struct {
	Type   string    // TranscriptOfRecords, "Other", …; what it is
	Titles ewp.Texts // of the attachment
	Lang   string    // of this file, "" when not said
	// MediaType is the sender's word: look at the bytes before you show them, and never
	// serve a foreign text/html or image/svg+xml as a page of yours.
	MediaType string
	Data      []byte
}

// FileLimits bound the attachments of one transcript. Zero fields are the defaults.
type FileLimits struct {
	EachBytes  int // 32 MiB
	TotalBytes int // 64 MiB
	Count      int // 100
}

func (l FileLimits) withDefaults() FileLimits {
	if l.EachBytes == 0 {
		l.EachBytes = 32 << 20
	}
	if l.TotalBytes == 0 {
		l.TotalBytes = 64 << 20
	}
	if l.Count == 0 {
		l.Count = 100
	}
	return l
}

// Files yields the attachments of the reports and of the document, in their order,
// each decoded when it is reached. One that is no data URI, or longer than EachBytes,
// is an error (*passerelle.ParseError) and the next ones follow; more than the other
// limits allow is the last error, a passerelle.ErrInvalid.
func (t *ToR) Files(limits FileLimits) iter.Seq2[File, error] {
	limits = limits.withDefaults()
	return func(yield func(File, error) bool) {
		total, count := 0, 0
		for a := range t.attachments() {
			for _, content := range a.Contents {
				if count++; count > limits.Count {
					yield(File{}, fmt.Errorf("tors: more than %d attachments: %w", limits.Count, passerelle.ErrInvalid))
					return
				}
				media, data, err := elmo.DecodeContent(content, limits.EachBytes)
				if total += len(data); total > limits.TotalBytes {
					yield(File{}, fmt.Errorf("tors: attachments of more than %d bytes: %w", limits.TotalBytes, passerelle.ErrInvalid))
					return
				}
				f := File{Type: lexical.Token(a.Type), Titles: a.Titles, Lang: content.Lang}
				if err == nil {
					f.MediaType, f.Data = media, data
				}
				if !yield(f, err) {
					return
				}
			}
		}
	}
}

// attachments yields those of the reports, then those of the document.
func (t *ToR) attachments() iter.Seq[elmo.Attachment] {
	return func(yield func(elmo.Attachment) bool) {
		for _, r := range t.ELMO.Reports {
			for _, a := range r.Attachments {
				if !yield(a) {
					return
				}
			}
		}
		for _, a := range t.ELMO.Attachments {
			if !yield(a) {
				return
			}
		}
	}
}

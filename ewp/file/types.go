package file

import "io"

// Param is the parameter with the identifier of the file.
const Param = "file_id"

// File is a file that was opened. Whoever was given it closes Content.
type File struct {
	// ContentType is its media type: "application/pdf". Empty is not known.
	ContentType string
	// Content is read once.
	Content io.ReadCloser
}

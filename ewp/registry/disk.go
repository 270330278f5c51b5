package registry

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// The copy on disk is the catalogue as it came, in a file named after its digest,
// and a note that names it. Replacing the note, in one step, replaces the copy.
const (
	noteName   = "catalogue.json"
	noteFormat = "passerelle-ewp-catalogue/1"
)

// note is the content of catalogue.json.
type note struct {
	Format       string    `json:"format"`
	Source       string    `json:"source"`
	File         string    `json:"file"`
	SHA256       string    `json:"sha256"`
	Size         int64     `json:"size"`
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"last_modified,omitempty"`
	Confirmed    time.Time `json:"confirmed"`
	Fresh        time.Time `json:"fresh_until"`
}

var errOtherCopy = &kindError{passerelle.ErrProtocol, "it is not what its note says"}

// restore takes the copy on disk, if it is whole and of the same source, and
// removes what an earlier process left behind.
func (c *Client) restore() {
	err := c.readCopy()
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist):
		c.log.Info("there is no copy of the catalogue", "dir", c.cfg.CopyDir)
	default:
		c.log.Warn("the copy of the catalogue is not used", "dir", c.cfg.CopyDir, "error", err)
	}
	c.sweep("catalogue-*.part", "")
}

func (c *Client) readCopy() error {
	data, err := os.ReadFile(filepath.Join(c.cfg.CopyDir, noteName))
	if err != nil {
		return wrap("copy", err)
	}
	var n note
	if err := json.Unmarshal(data, &n); err != nil {
		return wrap("copy", err)
	}
	source, _ := c.cfg.Source.(urlSource)
	if n.Format != noteFormat || n.Source != string(source) || n.File != filepath.Base(n.File) {
		return wrap("copy", errOtherCopy)
	}
	file, err := os.Open(filepath.Join(c.cfg.CopyDir, n.File))
	if err != nil {
		return wrap("copy", err)
	}
	defer file.Close()
	body := newHashing(file)
	index, err := Parse(body, c.cfg.Limits)
	if err != nil {
		return err
	}
	sum := body.sum()
	if hex.EncodeToString(sum[:]) != n.SHA256 {
		return wrap("copy", errOtherCopy)
	}
	confirmed := n.Confirmed
	if now := time.Now(); confirmed.After(now) { // the clock was set back
		confirmed = now.Round(0)
	}
	c.current.Store(&state{
		index: index, confirmed: confirmed, fresh: n.Fresh, restored: true,
		edition: edition{Sum: sum, ETag: n.ETag, LastModified: n.LastModified, Size: n.Size},
	})
	return nil
}

// keep writes the copy to disk. A failure is logged: the index is good all the same.
func (c *Client) keep(s *state, a *answer) {
	if c.cfg.CopyDir == "" {
		return
	}
	if err := c.writeCopy(s, a); err != nil {
		c.log.Warn("the copy of the catalogue could not be written", "dir", c.cfg.CopyDir, "error", err)
	}
}

func (c *Client) writeCopy(s *state, a *answer) error {
	source, _ := c.cfg.Source.(urlSource)
	sum := hex.EncodeToString(s.edition.Sum[:])
	n := note{
		Format: noteFormat, Source: string(source), File: "catalogue-" + sum[:16] + ".xml", SHA256: sum, Size: s.edition.Size,
		ETag: s.edition.ETag, LastModified: s.edition.LastModified, Confirmed: s.confirmed, Fresh: s.fresh,
	}
	if a.temp != "" {
		file, ok := a.body.(*os.File)
		if !ok {
			return wrap("copy", errOtherCopy)
		}
		if err := file.Sync(); err != nil {
			return wrap("copy", err)
		}
		file.Close() // Windows renames no open file; closing it again later does no harm
		if err := os.Rename(a.temp, filepath.Join(c.cfg.CopyDir, n.File)); err != nil {
			return wrap("copy", err)
		}
		a.temp = ""
	} else if _, err := os.Stat(filepath.Join(c.cfg.CopyDir, n.File)); err != nil {
		return wrap("copy", err) // an earlier write failed: a note would name nothing
	}
	data, err := json.MarshalIndent(n, "", "\t")
	if err != nil {
		return wrap("copy", err)
	}
	if err := c.writeNote(append(data, '\n')); err != nil {
		return wrap("copy", err)
	}
	c.sweep("catalogue-*.xml", n.File)
	return nil
}

func (c *Client) writeNote(data []byte) error {
	file, err := os.CreateTemp(c.cfg.CopyDir, "catalogue-*.part")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(c.cfg.CopyDir, noteName))
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}

// sweep removes the files of the copy that match a pattern, but for one. What
// cannot be removed is tried again next time.
func (c *Client) sweep(pattern, keep string) {
	entries, _ := os.ReadDir(c.cfg.CopyDir)
	for _, e := range entries {
		if ok, _ := filepath.Match(pattern, e.Name()); ok && e.Name() != keep {
			os.Remove(filepath.Join(c.cfg.CopyDir, e.Name()))
		}
	}
}

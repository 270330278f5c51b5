package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	passerelle "github.com/passerelle-sup/passerelle"
)

// holder is what the lock file says of the process that holds it.
type holder struct {
	PID     int       `json:"pid"`
	Program string    `json:"program"`
	Since   time.Time `json:"since"`
}

// errLocked is returned by tryLock when somebody else holds the lock.
var errLocked = errors.New("locked")

// acquire takes the lock of the journal at path, for release to give up.
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, &Error{Op: "open", Path: path, Class: passerelle.ErrUnavailable, Err: err}
	}
	if err := tryLock(f); err != nil {
		defer f.Close()
		if errors.Is(err, errLocked) {
			return nil, &Error{Op: "open", Path: path, Class: passerelle.ErrConflict, Text: "in use by " + heldBy(f)}
		}
		return nil, &Error{Op: "open", Path: path, Class: passerelle.ErrUnavailable, Err: fmt.Errorf("lock: %w", err)}
	}
	me, err := json.Marshal(holder{os.Getpid(), filepath.Base(os.Args[0]), time.Now().UTC().Truncate(time.Second)})
	if err == nil {
		if err = f.Truncate(0); err == nil {
			_, err = f.WriteAt(append(me, '\n'), 0)
		}
	}
	if err != nil {
		release(f)
		return nil, &Error{Op: "open", Path: path, Class: passerelle.ErrUnavailable, Err: err}
	}
	return f, nil
}

// release gives the lock up and closes its file.
func release(f *os.File) error {
	unlock(f)
	return f.Close()
}

// heldBy says in words who holds the lock, as far as the file tells.
func heldBy(f *os.File) string {
	buf := make([]byte, 512)
	n, _ := f.ReadAt(buf, 0)
	var h holder
	switch err := json.Unmarshal(buf[:n], &h); {
	case err != nil:
		return "another process"
	case h.PID == os.Getpid():
		return "this very process since " + h.Since.Format(time.RFC3339) + ": it is open already"
	default:
		return fmt.Sprintf("process %d (%s) since %s", h.PID, h.Program, h.Since.Format(time.RFC3339))
	}
}

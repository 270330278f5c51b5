package storetest

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// quit makes the server drop everything at once.
const quit = syscall.SIGQUIT

// account returns the user that runs the server where root starts it, which PostgreSQL
// refuses: postgres, or else nobody.
func account() (uid, gid int) {
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			return uid, gid
		}
	}
	return 65534, 65534
}

// own gives a folder to the user that runs the server.
func own(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid := account()
	return os.Chown(dir, uid, gid)
}

// unprivileged runs a program as that user, and ends it with its parent.
func unprivileged() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Pdeathsig: quit, Setpgid: true}
	if os.Getuid() == 0 {
		uid, gid := account()
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return attr
}

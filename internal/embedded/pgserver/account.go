package pgserver

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is the system user that PostgreSQL runs as.
type account struct {
	name string
	uid  int
	gid  int
	// credential is nil when PostgreSQL runs as the user of this process.
	credential *syscall.Credential
}

// accountNames are tried in order when this process is root. The user postgres comes with the distributions' packages;
// nobody exists everywhere.
var accountNames = []string{"postgres", "nobody"}

// chooseAccount returns who runs PostgreSQL. clusterDir is the existing cluster, or empty: a cluster keeps its owner,
// since PostgreSQL refuses a data folder of somebody else.
func chooseAccount(clusterDir string) (account, error) {
	self := account{name: currentUser(), uid: os.Geteuid(), gid: os.Getegid()}
	owner, err := ownerOf(clusterDir)
	if err != nil {
		return account{}, err
	}
	if self.uid != 0 {
		if owner >= 0 && owner != self.uid {
			return account{}, &AccessError{
				Dir: clusterDir, User: self.name,
				Advice: fmt.Sprintf("it belongs to the user with id %d: run Herald as that user or as root", owner),
			}
		}
		return self, nil
	}
	if owner > 0 {
		found, err := user.LookupId(strconv.Itoa(owner))
		if err != nil {
			return accountOf(&user.User{Username: strconv.Itoa(owner), Uid: strconv.Itoa(owner), Gid: strconv.Itoa(owner)})
		}
		return accountOf(found)
	}
	for _, name := range accountNames {
		found, err := user.Lookup(name)
		if errors.As(err, new(user.UnknownUserError)) {
			continue
		}
		if err != nil {
			return account{}, fmt.Errorf("look up user %s: %w", name, err)
		}
		return accountOf(found)
	}
	return account{}, errors.New("PostgreSQL does not run as root and there is no user postgres or nobody: run Herald as another user")
}

// ownerOf returns -1 for an empty path.
func ownerOf(dir string) (int, error) {
	if dir == "" {
		return -1, nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return -1, fmt.Errorf("read database folder: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1, fmt.Errorf("read owner of %s: not known on this system", dir)
	}
	return int(stat.Uid), nil
}

func accountOf(found *user.User) (account, error) {
	uid, err := strconv.Atoi(found.Uid)
	if err != nil {
		return account{}, fmt.Errorf("read id of user %s: %w", found.Username, err)
	}
	gid, err := strconv.Atoi(found.Gid)
	if err != nil {
		return account{}, fmt.Errorf("read group of user %s: %w", found.Username, err)
	}
	credential := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	// The further groups matter where a folder is open to one of them; without any, root's own would be kept.
	groups, err := found.GroupIds()
	if err != nil {
		groups = []string{found.Gid}
	}
	for _, text := range groups {
		if group, err := strconv.ParseUint(text, 10, 32); err == nil {
			credential.Groups = append(credential.Groups, uint32(group))
		}
	}
	return account{name: found.Username, uid: uid, gid: gid, credential: credential}, nil
}

func currentUser() string {
	found, err := user.Current()
	if err != nil {
		return strconv.Itoa(os.Geteuid())
	}
	return found.Username
}

// own gives a file or an empty folder to the account.
func (a account) own(path string) error {
	if a.credential == nil {
		return nil
	}
	if err := os.Chown(path, a.uid, a.gid); err != nil {
		return fmt.Errorf("give %s to user %s: %w", path, a.name, err)
	}
	return nil
}

package pgserver

import (
	"fmt"
	"strings"
)

// MissingBinariesError says that the machine has no PostgreSQL and none could be downloaded.
type MissingBinariesError struct {
	// Version is the major version that the existing cluster needs; 0 when any would do.
	Version int
	// Err is why the download was not possible; nil when it was not tried.
	Err error
}

func (e *MissingBinariesError) Error() string {
	name, pack := "PostgreSQL", "postgresql"
	if e.Version != 0 {
		name, pack = fmt.Sprintf("PostgreSQL %d", e.Version), fmt.Sprintf("postgresql-%d", e.Version)
	}
	reason := ""
	if e.Err != nil {
		reason = fmt.Sprintf(" and could not be downloaded (%s)", oneLine(e.Err.Error()))
	}
	return fmt.Sprintf("%s was not found%s: run `apt install %s`, or put initdb on PATH, or use --database-url", name, reason, pack)
}

func (e *MissingBinariesError) Unwrap() error { return e.Err }

// VersionError says that a cluster was made by another major version than those on this machine.
type VersionError struct {
	Dir     string
	Cluster int
	// Found are the major versions on this machine, best first.
	Found []int
}

func (e *VersionError) Error() string {
	found := make([]string, len(e.Found))
	for i, version := range e.Found {
		found[i] = fmt.Sprint(version)
	}
	return fmt.Sprintf("the database in %s belongs to PostgreSQL %d but this machine has %s: run `apt install postgresql-%d`, or move the data with pg_upgrade",
		e.Dir, e.Cluster, strings.Join(found, ", "), e.Cluster)
}

// InUseError says that another living process runs this cluster.
type InUseError struct {
	Dir string
	PID int
}

func (e *InUseError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("the database in %s is in use by another process: stop it first", e.Dir)
	}
	return fmt.Sprintf("the database in %s is in use by process %d: stop it first", e.Dir, e.PID)
}

// AccessError says that the user who must run PostgreSQL cannot use a folder.
type AccessError struct {
	Dir  string
	User string
	// Advice says what the reader can do about it.
	Advice string
}

func (e *AccessError) Error() string {
	return fmt.Sprintf("the user %s cannot use %s: %s", e.User, e.Dir, e.Advice)
}

// StartError says that initdb or postgres ran and gave up.
type StartError struct {
	// Program is initdb or postgres.
	Program string
	// Detail is what the program said last, on one line.
	Detail string
	Err    error
}

func (e *StartError) Error() string {
	detail := e.Detail
	if detail == "" && e.Err != nil {
		detail = oneLine(e.Err.Error())
	}
	return fmt.Sprintf("%s did not start: %s (use --database-url for a PostgreSQL of your own)", e.Program, detail)
}

func (e *StartError) Unwrap() error { return e.Err }

// oneLine folds a text into a single line of bearable length.
func oneLine(text string) string {
	const longest = 300
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "..."
	}
	return text
}

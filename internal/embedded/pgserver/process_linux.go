package pgserver

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func processAttributes(who account, onDeath syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: onDeath, Credential: who.credential}
}

// clusterProcesses reads command lines, which every user may do: a process's working folder, the other mark of a
// cluster, needs a capability that containers often lack.
func clusterProcesses(clusterName string) ([]runningProcess, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var found []runningProcess
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		name, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "comm"))
		if err != nil || strings.TrimSpace(string(name)) != "postgres" {
			continue
		}
		if process, ok := parseProcess(pid, readCommandLine(entry.Name()), clusterName); ok {
			found = append(found, process)
		}
	}
	return found, nil
}

// readCommandLine returns nothing for a process that has ended.
func readCommandLine(pid string) string {
	const longest = 16 << 10
	file, err := os.Open(filepath.Join("/proc", pid, "cmdline"))
	if err != nil {
		return ""
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, longest))
	if err != nil {
		return ""
	}
	return string(text)
}

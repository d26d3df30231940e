//go:build unix && !linux

package pgserver

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// processAttributes leaves the death signal out: only Linux has it. Elsewhere the next start ends what a killed parent
// left behind.
func processAttributes(who account, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: who.credential}
}

func clusterProcesses(clusterName string) ([]runningProcess, error) {
	output, err := exec.Command("ps", "-axww", "-o", "pid=,command=").Output()
	if err != nil {
		return nil, err
	}
	var found []runningProcess
	for line := range strings.Lines(string(output)) {
		text, commandLine, _ := strings.Cut(strings.TrimSpace(line), " ")
		pid, err := strconv.Atoi(text)
		if err != nil {
			continue
		}
		if process, ok := parseProcess(pid, strings.TrimSpace(commandLine), clusterName); ok {
			found = append(found, process)
		}
	}
	return found, nil
}

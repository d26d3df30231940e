//go:build !linux

package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
)

// dieWithParent asks for nothing where the kernel has no such thing.
func dieWithParent() *syscall.SysProcAttr { return nil }

// descendants are the living processes below a process, whatever their session or user.
func descendants(pid int) ([]int, error) {
	text, err := exec.Command("ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "state=").Output()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	children := map[int][]int{}
	for line := range strings.Lines(string(text)) {
		var child, parent int
		var state string
		if _, err := fmt.Sscan(line, &child, &parent, &state); err == nil && !strings.HasPrefix(state, "Z") {
			children[parent] = append(children[parent], child)
		}
	}
	var below []int
	for next := children[pid]; len(next) > 0; next = next[1:] {
		below = append(below, next[0])
		next = append(next, children[next[0]]...)
	}
	return below, nil
}

// stateOf is the letter of a process's state, T of one that was stopped; empty if there is none.
func stateOf(pid int) string {
	text, _ := exec.Command("ps", "-o", "state=", "-p", fmt.Sprint(pid)).Output()
	state := strings.TrimSpace(string(text))
	return state[:min(len(state), 1)]
}

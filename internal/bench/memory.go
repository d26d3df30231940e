package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// memory is what a process and all that come from it use, in bytes.
type memory struct {
	// PSS counts a page that several processes share once in all: the honest sum, since PostgreSQL's processes share
	// their buffers.
	PSS int64
	// RSS counts it in each process.
	RSS int64
	// RootRSS is the RSS of the first process alone.
	RootRSS   int64
	Processes int
}

// treeMemory adds up a process and its descendants, by the proc file system at the given path.
func treeMemory(proc string, root int) (memory, error) {
	children, err := processTree(proc)
	if err != nil {
		return memory{}, err
	}
	var sum memory
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		pid := queue[0]
		pss, rss, err := rollup(proc, pid)
		if errors.Is(err, fs.ErrNotExist) && pid != root {
			continue // it ended meanwhile
		}
		if err != nil {
			return memory{}, fmt.Errorf("read the memory of process %d: %w", pid, err)
		}
		sum.PSS += pss
		sum.RSS += rss
		sum.Processes++
		if pid == root {
			sum.RootRSS = rss
		}
		queue = append(queue, children[pid]...)
	}
	return sum, nil
}

// processTree returns the children of every process.
func processTree(proc string) (map[int][]int, error) {
	stats, err := filepath.Glob(filepath.Join(proc, "[0-9]*", "stat"))
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	children := map[int][]int{}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return nil, fmt.Errorf("read process id of %s: %w", path, err)
		}
		parent, err := parentOf(text)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		children[parent] = append(children[parent], pid)
	}
	return children, nil
}

// parentOf reads the parent's id from a stat line: pid (name) state parent ... The name may hold spaces and brackets.
func parentOf(stat []byte) (int, error) {
	end := bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[end+1:]))
	if end < 0 || len(fields) < 2 {
		return 0, errors.New("not a stat line")
	}
	return strconv.Atoi(fields[1])
}

// rollup reads the proportional and the resident set size of a process, in bytes.
func rollup(proc string, pid int) (pss, rss int64, err error) {
	file, err := os.Open(filepath.Join(proc, strconv.Itoa(pid), "smaps_rollup"))
	if err != nil {
		return 0, 0, err
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		name, rest, found := strings.Cut(scanner.Text(), ":")
		if !found || name != "Pss" && name != "Rss" {
			continue
		}
		kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("read %s: %w", name, err)
		}
		if name == "Pss" {
			pss = kilobytes << 10
		} else {
			rss = kilobytes << 10
		}
	}
	return pss, rss, scanner.Err()
}

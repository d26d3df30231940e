package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// programVariable names the environment variable with the path of the program that the stories run.
const programVariable = "HERALD_BIN"

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

// testMain builds the program if nobody has: `make test` does that before it starts any test.
func testMain(m *testing.M) int {
	if os.Getenv(programVariable) != "" {
		return m.Run()
	}
	folder, err := os.MkdirTemp("", "herald-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a folder for the program:", err)
		return 1
	}
	defer os.RemoveAll(folder)
	program := filepath.Join(folder, "herald")
	build := exec.Command("go", "build", "-o", program, "herald/cmd/herald")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the program:", err)
		return 1
	}
	if err := os.Setenv(programVariable, program); err != nil {
		fmt.Fprintln(os.Stderr, "name the program:", err)
		return 1
	}
	return m.Run()
}

// program is the path of the program.
func program() string { return os.Getenv(programVariable) }

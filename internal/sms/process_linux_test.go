package sms_test

import (
	"os/exec"
	"syscall"
)

// diesWithParent has the kernel end a program when the test is killed.
func diesWithParent(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

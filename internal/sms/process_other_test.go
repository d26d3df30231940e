//go:build !linux

package sms_test

import "os/exec"

// diesWithParent does nothing: the test ends what it started, unless it is killed itself.
func diesWithParent(*exec.Cmd) {}

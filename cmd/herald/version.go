package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// VersionCmd prints the version.
type VersionCmd struct {
	Output
}

// version is what is known about this program.
type version struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"` // built from a checkout with changes
	Built    string `json:"built,omitempty"`    // when the revision was made
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Run prints the version.
func (v *VersionCmd) Run(c *console) error {
	is := currentVersion()
	if v.JSON {
		return c.writeJSON(is)
	}
	text := "herald " + is.Version
	if is.Revision != "" {
		text += fmt.Sprintf(", revision %.12s of %s", is.Revision, is.Built)
	}
	if is.Modified {
		text += " with changes"
	}
	return c.say(fmt.Sprintf("%s, %s, %s", text, is.Go, is.Platform))
}

func currentVersion() version {
	is := version{Version: "(unknown)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return is
	}
	is.Version = info.Main.Version
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			is.Revision = setting.Value
		case "vcs.time":
			is.Built = setting.Value
		case "vcs.modified":
			is.Modified = setting.Value == "true"
		}
	}
	return is
}

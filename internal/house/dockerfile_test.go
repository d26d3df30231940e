package house

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// instruction is one instruction of a Dockerfile, its continued lines joined.
type instruction struct {
	line int
	name string // in capitals
	args string
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	report(t, checkDockerfile(readText(t, "Dockerfile"), readText(t, "go.mod"), readText(t, "docker-compose.yml"), readProgram(t)))
}

func TestDockerfileCheckFindsPlantedFaults(t *testing.T) {
	t.Parallel()
	text, gomod, composeText := readText(t, "Dockerfile"), readText(t, "go.mod"), readText(t, "docker-compose.yml")
	known := program{commands: []string{"serve"}, variables: []string{"HERALD_LISTEN", "HERALD_PUBLIC_LISTEN"}}
	require.Empty(t, checkDockerfile(text, gomod, composeText, known))
	tests := []struct{ name, old, new, want string }{
		{"another Go", "golang:1.26", "golang:1.25", "go.mod wants Go"},
		{"an image of any version", "FROM alpine:3.22", "FROM alpine", "alpine has no fixed version"},
		{"a stage that does not exist", "--from=build", "--from=builder", "there is no stage builder"},
		{"root", "USER 10001:10001", "USER root", "must end as a user that is not root"},
		{"no user", "USER 10001:10001\n", "", "must end as a user that is not root"},
		{"a shell between the signal and the program", `ENTRYPOINT ["herald"]`, "ENTRYPOINT herald", "ENTRYPOINT must have the form of a list"},
		{"a command that does not exist", `CMD ["serve"]`, `CMD ["server"]`, "there is no command herald server"},
		{"the large build", "-tags noembed ", "", "must be built with the tag noembed"},
		{"a port that Compose does not publish", "EXPOSE 8080 8081", "EXPOSE 8080 9090", "port 9090 is not published"},
		{"a variable that the program does not read", "HERALD_LISTEN", "HERALD_LISTN", "the program does not read HERALD_LISTN"},
		{"a secret", "EXPOSE", "ENV HERALD_TOKEN=x\nEXPOSE", "must not carry HERALD_TOKEN"},
		{"a misspelt instruction", "WORKDIR", "WORKDIRS", "WORKDIRS is not an instruction"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.True(t, strings.Contains(text, test.old), "the file has no %q any more", test.old)
			findings := checkDockerfile(strings.Replace(text, test.old, test.new, 1), gomod, composeText, known)
			require.Contains(t, strings.Join(findings, "\n"), test.want)
		})
	}
}

// TestBuildContext keeps .dockerignore from taking away what the build needs.
func TestBuildContext(t *testing.T) {
	t.Parallel()
	ignore := readText(t, ".dockerignore")
	require.True(t, ignored(ignore, "internal/house/doc.go"))
	require.True(t, ignored(ignore, "internal/gateway/state_test.go"))
	require.True(t, ignored(ignore, "README.md"))
	require.False(t, ignored(ignore, "go.mod"))

	names := tracked(t)
	for _, f := range repository(t) {
		if f.isTest() || ignored(ignore, f.path) {
			continue
		}
		for _, pattern := range embeds(f) {
			for _, name := range names {
				matched, err := path.Match(path.Join(f.pkg, pattern), name)
				require.NoError(t, err, "%s embeds %s", f.path, pattern)
				if matched || within(name, path.Join(f.pkg, pattern)) {
					require.False(t, ignored(ignore, name), "%s embeds %s, which .dockerignore keeps out of the build", f.path, name)
				}
			}
		}
		for _, target := range f.imports() {
			if own, ok := strings.CutPrefix(target, module+"/"); ok {
				require.False(t, ignored(ignore, own+"/doc.go"), "%s imports %s, which .dockerignore keeps out of the build", f.path, own)
			}
		}
	}
}

// TestNoembedIsABuildTag fails when the tag that the image is built with no longer leaves anything out.
func TestNoembedIsABuildTag(t *testing.T) {
	t.Parallel()
	leftOut, standsIn := false, false
	for _, f := range repository(t) {
		for _, group := range f.ast.Comments {
			for _, comment := range group.List {
				if expr, err := constraint.Parse(comment.Text); err == nil && strings.Contains(expr.String(), "noembed") {
					small := expr.Eval(func(tag string) bool { return tag == "noembed" })
					standsIn, leftOut = standsIn || small, leftOut || !small
				}
			}
		}
	}
	require.True(t, leftOut, "no file is left out by the tag noembed")
	require.True(t, standsIn, "no file stands in for what the tag noembed leaves out")
}

// checkDockerfile returns what is wrong with a Dockerfile beside this go.mod and this Compose file.
func checkDockerfile(text, gomod, composeText string, known program) []string {
	instructions := readDockerfile(text)
	var findings []string
	found := func(at instruction, format string, args ...any) {
		findings = append(findings, fmt.Sprintf("Dockerfile:%d: ", at.line)+fmt.Sprintf(format, args...))
	}
	var stages []string
	last := map[string]instruction{} // of the final stage
	goVersion := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(gomod)[1]
	names := parts("FROM", "WORKDIR", "ENV", "ARG", "COPY", "RUN", "USER", "EXPOSE", "ENTRYPOINT", "CMD", "LABEL", "STOPSIGNAL")
	for _, i := range instructions {
		if !slices.Contains(names, i.name) {
			found(i, "%s is not an instruction that this file needs", i.name)
		}
		switch i.name {
		case "FROM":
			fields := strings.Fields(i.args)
			image, stage := fields[0], ""
			if len(fields) == 3 {
				stage = fields[2]
			}
			if _, tag, ok := strings.Cut(image, ":"); !ok || tag == "latest" {
				found(i, "%s has no fixed version", image)
			}
			if version, ok := strings.CutPrefix(image, "golang:"); ok && !strings.HasPrefix(version, goVersion) {
				found(i, "%s, but go.mod wants Go %s", image, goVersion)
			}
			stages = append(stages, stage)
			last = map[string]instruction{}
		case "COPY":
			if from := regexp.MustCompile(`--from=(\S+)`).FindStringSubmatch(i.args); from != nil && !slices.Contains(stages, from[1]) {
				found(i, "there is no stage %s", from[1])
			}
		case "ENV", "ARG":
			if secret := regexp.MustCompile(`[A-Z_]*(PASSWORD|TOKEN|SECRET|KEY)\b`).FindString(i.args); secret != "" {
				found(i, "the image must not carry %s", secret)
			}
			for _, variable := range regexp.MustCompile(`\bHERALD_[A-Z_]+`).FindAllString(i.args, -1) {
				if !slices.Contains(known.variables, variable) {
					found(i, "the program does not read %s", variable)
				}
			}
		case "ENTRYPOINT", "CMD":
			if !strings.HasPrefix(i.args, "[") {
				found(i, "%s must have the form of a list, so that signals reach the program", i.name)
			}
		}
		last[i.name] = i
	}
	end := instruction{line: strings.Count(text, "\n")}
	if uid, _, _ := strings.Cut(last["USER"].args, ":"); !regexp.MustCompile(`^[1-9][0-9]*$`).MatchString(uid) {
		found(end, "the image must end as a user that is not root, by number")
	}
	if command := strings.Trim(last["CMD"].args, `[]"`); !slices.Contains(known.commands, command) {
		found(last["CMD"], "there is no command herald %s", command)
	}
	if !strings.Contains(text, "go build -trimpath -tags noembed ") || !strings.Contains(text, " ./cmd/herald") {
		found(end, "./cmd/herald must be built with the tag noembed")
	}
	for _, port := range strings.Fields(last["EXPOSE"].args) {
		if !strings.Contains(composeText, ":"+port+`"`) {
			found(last["EXPOSE"], "port %s is not published in docker-compose.yml", port)
		}
	}
	return findings
}

// readDockerfile splits a Dockerfile into instructions, without comments.
func readDockerfile(text string) []instruction {
	var instructions []instruction
	continued := false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		more := strings.HasSuffix(line, `\`)
		line = strings.TrimSpace(strings.TrimSuffix(line, `\`))
		if continued {
			instructions[len(instructions)-1].args += " " + line
		} else {
			name, args, _ := strings.Cut(line, " ")
			instructions = append(instructions, instruction{line: i + 1, name: strings.ToUpper(name), args: strings.TrimSpace(args)})
		}
		continued = more
	}
	return instructions
}

// ignored says whether a .dockerignore keeps a file out of the build. It knows the forms that ours has: a path, a
// pattern for the root, and one for every folder.
func ignored(ignore, name string) bool {
	for pattern := range strings.SplitSeq(ignore, "\n") {
		pattern = strings.TrimSpace(pattern)
		if pattern == "" || pattern[0] == '#' {
			continue
		}
		anywhere, everyFolder := strings.CutPrefix(pattern, "**/")
		for prefix := name; prefix != "."; prefix = path.Dir(prefix) {
			matched, err := path.Match(pattern, prefix)
			if everyFolder {
				matched, err = path.Match(anywhere, path.Base(prefix))
			}
			if err == nil && matched {
				return true
			}
		}
	}
	return false
}

// embeds returns the patterns of a file's go:embed lines.
func embeds(f file) []string {
	var patterns []string
	for _, group := range f.ast.Comments {
		for _, comment := range group.List {
			if args, ok := strings.CutPrefix(comment.Text, "//go:embed "); ok {
				for _, pattern := range strings.Fields(args) {
					patterns = append(patterns, strings.TrimPrefix(strings.Trim(pattern, "\"`"), "all:"))
				}
			}
		}
	}
	return patterns
}

// readProgram reads from the code of the commands which there are and which variables they know: the tags of the structs
// that flags are parsed into. A flag without the tag `env` has HERALD_ and its name.
func readProgram(t *testing.T) program {
	t.Helper()
	var p program
	for _, f := range repository(t) {
		if f.pkg != "cmd/herald" || f.isTest() {
			continue
		}
		ast.Inspect(f.ast, func(node ast.Node) bool {
			field, ok := node.(*ast.Field)
			if !ok || field.Tag == nil || len(field.Names) != 1 {
				return true
			}
			text, err := strconv.Unquote(field.Tag.Value)
			require.NoError(t, err, f.at(field.Pos()))
			tag, name := reflect.StructTag(text), field.Names[0].Name
			if _, ok := tag.Lookup("cmd"); ok {
				p.commands = append(p.commands, strings.ToLower(name))
				return true
			}
			if variables := tag.Get("env"); variables != "" {
				p.variables = append(p.variables, strings.Split(variables, ",")...)
				return true
			}
			if tag.Get("name") != "" {
				name = strings.ReplaceAll(tag.Get("name"), "-", "_")
			}
			word := regexp.MustCompile(`([a-z0-9])([A-Z])`)
			p.variables = append(p.variables, "HERALD_"+strings.ToUpper(word.ReplaceAllString(name, "${1}_$2")))
			return true
		})
	}
	return p
}

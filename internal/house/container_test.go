package house

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// compose is docker-compose.yml as far as Herald uses the format. A key that it does not name is an error: most often
// it is a misspelt one.
type compose struct {
	Name     string                     `yaml:"name"`
	Anchors  map[string]yaml.Node       `yaml:",inline"`
	Services map[string]service         `yaml:"services"`
	Volumes  map[string]map[string]any  `yaml:"volumes"`
	Configs  map[string]composeResource `yaml:"configs"`
	Secrets  map[string]composeResource `yaml:"secrets"`
}

type composeResource struct {
	Content     string `yaml:"content"`
	File        string `yaml:"file"`
	Environment string `yaml:"environment"`
}

type service struct {
	Image       string               `yaml:"image"`
	Build       any                  `yaml:"build"`
	Entrypoint  []string             `yaml:"entrypoint"`
	Command     []string             `yaml:"command"`
	Environment map[string]string    `yaml:"environment"`
	Ports       []string             `yaml:"ports"`
	Volumes     []string             `yaml:"volumes"`
	Configs     []mount              `yaml:"configs"`
	Secrets     []mount              `yaml:"secrets"`
	DependsOn   map[string]dependsOn `yaml:"depends_on"`
	Healthcheck *healthcheck         `yaml:"healthcheck"`
	Restart     string               `yaml:"restart"`
	Deploy      struct {
		Replicas int `yaml:"replicas"`
	} `yaml:"deploy"`
	ReadOnly        bool     `yaml:"read_only"`
	CapDrop         []string `yaml:"cap_drop"`
	SecurityOpt     []string `yaml:"security_opt"`
	StopGracePeriod string   `yaml:"stop_grace_period"`
}

type mount struct {
	Source string `yaml:"source"`
	Target string `yaml:"target"`
}

type dependsOn struct {
	Condition string `yaml:"condition"`
}

type healthcheck struct {
	Test          []string `yaml:"test"`
	Interval      string   `yaml:"interval"`
	Timeout       string   `yaml:"timeout"`
	Retries       int      `yaml:"retries"`
	StartPeriod   string   `yaml:"start_period"`
	StartInterval string   `yaml:"start_interval"`
}

// oneShot says whether a service runs once and ends.
func (s service) oneShot() bool { return s.Restart == "on-failure" || s.Restart == "no" }

// ours says whether a service runs Herald.
func (s service) ours() bool { return strings.HasPrefix(s.Image, "herald:") }

// program is what the containers' files must agree with.
type program struct {
	commands  []string // of cmd/herald
	variables []string // HERALD_...
}

func TestComposeFile(t *testing.T) {
	t.Parallel()
	text := readText(t, "docker-compose.yml")
	report(t, checkCompose(text, readProgram(t)))

	// The checks above need no engine. Where Docker's own parser is at hand, it has a say too.
	if exec.Command("docker", "compose", "version").Run() == nil {
		check := exec.Command("docker", "compose", "--file", "docker-compose.yml", "config", "--quiet")
		check.Dir = root
		check.Env = os.Environ()
		for _, name := range requiredVariables(text) {
			check.Env = append(check.Env, name+"=x")
		}
		out, err := check.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
}

func TestComposeCheckFindsPlantedFaults(t *testing.T) {
	t.Parallel()
	text := readText(t, "docker-compose.yml")
	known := program{
		commands:  []string{"serve", "worker", "migrate"},
		variables: regexp.MustCompile(`HERALD_[A-Z_]+`).FindAllString(text, -1),
	}
	require.Empty(t, checkCompose(text, known))
	tests := []struct{ name, old, new, want string }{
		{"a misspelt key", "depends_on:", "depend_on:", "field depend_on not found"},
		{"a command that does not exist", `command: [worker]`, `command: [work]`, "there is no command herald work"},
		{"a single worker", "replicas: 2", "replicas: 1", "worker: 1 replicas, want 2"},
		{"a variable that the program does not read", "HERALD_DATABASE_URL:", "HERALD_DATABSE_URL:", "the program does not read HERALD_DATABSE_URL"},
		{"a missing service", "  migrate:\n", "  migrat:\n", "depends on migrate, which is not a service"},
		{"an image of any version", "image: postgres:", "image: postgres:latest #", "image postgres:latest has no fixed version"},
		{"a database on the network", "    image: postgres:", "    ports: [\"5432:5432\"]\n    image: postgres:", "postgres: must not publish ports"},
		{"a password in the file", "${POSTGRES_PASSWORD:?", "secret #", "is written down"},
		{"a password that may be empty", "${POSTGRES_PASSWORD:?", "${POSTGRES_PASSWORD:-", "is written down"},
		{"a database that nobody creates", "@postgres:5432/herald", "@postgres:5432/heralds", "nothing creates the database heralds"},
		{"a database role that nobody creates", "postgres://herald@", "postgres://postgres@", "nothing creates the role postgres"},
		{"a namespace that nobody creates", "TEMPORAL_NAMESPACE: herald", "TEMPORAL_NAMESPACE: other", "nothing creates the namespace other"},
		{"a volume that is not declared", "postgres-data:/var", "postgres-dat:/var", "volume postgres-dat is not declared"},
		{"a private listener on all addresses", `"127.0.0.1:`, `"`, "publishes the private listener on all addresses"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.True(t, strings.Contains(text, test.old), "the file has no %q any more", test.old)
			findings := checkCompose(strings.Replace(text, test.old, test.new, 1), known)
			require.Contains(t, strings.Join(findings, "\n"), test.want)
		})
	}
}

// checkCompose returns what is wrong with a Compose file for a program with these commands and variables.
func checkCompose(text string, known program) []string {
	var file compose
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return []string{fmt.Sprintf("docker-compose.yml: %v", err)}
	}
	var findings []string
	found := func(service, format string, args ...any) {
		findings = append(findings, "docker-compose.yml: "+service+": "+fmt.Sprintf(format, args...))
	}
	for key := range file.Anchors {
		if !strings.HasPrefix(key, "x-") {
			found(key, "is not a key of a Compose file")
		}
	}
	for _, name := range []string{"postgres", "temporal", "migrate", "serve", "worker"} {
		if _, ok := file.Services[name]; !ok {
			found(name, "there is no such service")
		}
	}
	if replicas := file.Services["worker"].Deploy.Replicas; replicas != 2 {
		found("worker", "%d replicas, want 2", replicas)
	}
	for _, name := range slices.Sorted(maps.Keys(file.Services)) {
		s := file.Services[name]
		checkService(file, name, s, found)
		if s.ours() {
			checkOurs(file, name, s, known, found)
		}
	}
	checkResources(file, found)
	return findings
}

// checkService checks what holds for every service.
func checkService(file compose, name string, s service, found func(string, string, ...any)) {
	if _, tag, ok := strings.Cut(s.Image, ":"); !ok || tag == "latest" {
		found(name, "image %s has no fixed version", s.Image)
	}
	for target, on := range s.DependsOn {
		other, ok := file.Services[target]
		switch {
		case !ok:
			found(name, "depends on %s, which is not a service", target)
		case on.Condition == "service_healthy" && other.Healthcheck == nil:
			found(name, "waits until %s is healthy, which has no health check", target)
		case on.Condition == "service_completed_successfully" && !other.oneShot():
			found(name, "waits for the end of %s, which never ends", target)
		case on.Condition == "service_started" || on.Condition == "":
			found(name, "must say what %s has to reach first", target)
		}
	}
	if !s.oneShot() && s.Restart != "unless-stopped" {
		found(name, "must be restarted when it falls")
	}
	switch {
	case s.oneShot():
	case s.Healthcheck == nil:
		found(name, "has no health check")
	case len(s.Healthcheck.Test) < 2 || s.Healthcheck.Test[0] != "CMD" && s.Healthcheck.Test[0] != "CMD-SHELL":
		found(name, "the health check must start with CMD or CMD-SHELL")
	}
	if name != "serve" && len(s.Ports) > 0 {
		found(name, "must not publish ports")
	}
	for _, port := range s.Ports {
		if strings.HasSuffix(port, ":8081") && !strings.HasPrefix(port, "127.0.0.1:") {
			found(name, "publishes the private listener on all addresses")
		}
	}
	secret := regexp.MustCompile(`(?i)(PASSWORD|PWD|TOKEN|SECRET|KEY|KEYSET)$`)
	demanded := regexp.MustCompile(`^\$\{[A-Z_]+:\?[^}]+\}$`)
	for variable, value := range s.Environment {
		if secret.MatchString(variable) && !demanded.MatchString(value) {
			found(name, "%s is written down: demand it with ${NAME:?reason}", variable)
		}
	}
}

// checkOurs checks what holds for a service that runs Herald.
func checkOurs(file compose, name string, s service, known program, found func(string, string, ...any)) {
	if s.Build == nil {
		found(name, "has no build")
	}
	if len(s.Command) == 0 || !slices.Contains(known.commands, s.Command[0]) {
		found(name, "there is no command herald %s", strings.Join(s.Command, " "))
	}
	for variable := range s.Environment {
		if strings.HasPrefix(variable, "HERALD_") && !slices.Contains(known.variables, variable) {
			found(name, "the program does not read %s", variable)
		}
	}
	setup := fmt.Sprint(file.Configs, file.Services)
	database, err := url.Parse(s.Environment["HERALD_DATABASE_URL"])
	switch {
	case err != nil || database.Scheme != "postgres":
		found(name, "HERALD_DATABASE_URL is no address of a database")
	case !has(file.Services, database.Hostname()):
		found(name, "the database's host %s is not a service", database.Hostname())
	case !strings.Contains(setup, "CREATE DATABASE "+strings.TrimPrefix(database.Path, "/")+" "):
		found(name, "nothing creates the database %s", strings.TrimPrefix(database.Path, "/"))
	case !strings.Contains(setup, "CREATE ROLE "+database.User.Username()+" "):
		found(name, "nothing creates the role %s", database.User.Username())
	}
	if s.Command[0] == "migrate" {
		return
	}
	host, _, _ := strings.Cut(s.Environment["TEMPORAL_ADDRESS"], ":")
	if !has(file.Services, host) {
		found(name, "Temporal's host %q is not a service", host)
	}
	namespace := s.Environment["TEMPORAL_NAMESPACE"]
	if !strings.Contains(setup, "--namespace="+namespace+" ") {
		found(name, "nothing creates the namespace %s", namespace)
	}
}

// checkResources checks that volumes, configs and secrets are declared where they are used, and used where declared.
func checkResources(file compose, found func(string, string, ...any)) {
	used := map[string]bool{}
	for name, s := range file.Services {
		for _, volume := range s.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			used["volume "+source] = true
			if !has(file.Volumes, source) && !strings.HasPrefix(source, ".") {
				found(name, "volume %s is not declared", source)
			}
		}
		for _, config := range s.Configs {
			used["config "+config.Source] = true
			if !has(file.Configs, config.Source) {
				found(name, "config %s is not declared", config.Source)
			}
		}
		for _, secret := range s.Secrets {
			used["secret "+secret.Source] = true
			if !has(file.Secrets, secret.Source) {
				found(name, "secret %s is not declared", secret.Source)
			}
		}
	}
	for _, declared := range slices.Concat(prefixed("volume ", file.Volumes), prefixed("config ", file.Configs), prefixed("secret ", file.Secrets)) {
		if !used[declared] {
			found(declared, "is declared and not used")
		}
	}
}

func has[V any](m map[string]V, key string) bool {
	_, ok := m[key]
	return ok
}

func prefixed[V any](prefix string, m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, prefix+name)
	}
	return names
}

// requiredVariables returns the names that a Compose file demands from its environment.
func requiredVariables(text string) []string {
	var names []string
	for _, match := range regexp.MustCompile(`\$\{([A-Z_]+):\?`).FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	require.False(t, bytes.Contains(text, []byte("\t")) && filepath.Ext(name) == ".yml", "tabs in YAML")
	return string(text)
}

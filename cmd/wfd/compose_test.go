package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

type composeFile struct {
	Services map[string]composeService
	Volumes  map[string]any
}

type composeService struct {
	Image       string
	Build       string
	Profiles    []string
	Command     []string
	Ports       []string
	Volumes     []string
	Environment map[string]string
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	Healthcheck struct{ Test []string }
	ReadOnly    bool `yaml:"read_only"`
}

// Nothing here can run containers, so what Compose would be told is held against the program and the files it names.
func TestComposeFileHoldsTogether(t *testing.T) {
	t.Parallel()
	var c composeFile
	if err := yaml.Unmarshal([]byte(text(t, "../../docker-compose.yml")), &c); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range (settings{}).list() {
		known[s.Name] = true
	}
	var replicas []string
	published := map[string]string{}
	for name, s := range c.Services {
		if s.Image == "" && s.Build == "" {
			t.Errorf("%s has no image", name)
		}
		for other, how := range s.DependsOn {
			needed, ok := c.Services[other]
			if !ok || how.Condition != "service_healthy" || needed.Build == "" && len(needed.Healthcheck.Test) == 0 {
				t.Errorf("%s waits for %s to be %q", name, other, how.Condition)
			}
			if len(s.Profiles) == 0 && len(needed.Profiles) > 0 {
				t.Errorf("%s is always started and needs %s, which is not", name, other)
			}
		}
		for _, port := range s.Ports {
			host, _, _ := strings.Cut(strings.TrimPrefix(port, "127.0.0.1:"), ":")
			if !strings.HasPrefix(port, "127.0.0.1:") || published[host] != "" {
				t.Errorf("%s publishes %s, as does %q", name, port, published[host])
			}
			published[host] = name
		}
		for _, volume := range s.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			if _, err := os.Stat(filepath.Join("../..", source)); err != nil && !hasKey(c.Volumes, source) {
				t.Errorf("%s mounts %s: %v", name, source, err)
			}
		}
		if s.Build == "" {
			continue
		}
		replicas = append(replicas, name)
		if len(s.Command) > 0 && s.Command[0] != "serve" || !s.ReadOnly || s.Environment["DATABASE_URL"] == "" {
			t.Errorf("%s is %+v", name, s)
		}
		for setting := range s.Environment {
			if !known[setting] {
				t.Errorf("%s sets %s, which is no setting", name, setting)
			}
		}
	}
	if len(replicas) != 3 || !slices.Equal(c.Services["replica-3"].Profiles, []string{"replicas"}) {
		t.Errorf("the replicas are %v", replicas)
	}
	proxied := regexp.MustCompile(`(?m)^\treverse_proxy (.*) \{$`).FindStringSubmatch(text(t, "../../deploy/Caddyfile"))
	if proxied == nil {
		t.Fatal("the proxy's file passes nothing on")
	}
	for _, name := range replicas {
		if !slices.Contains(strings.Fields(proxied[1]), name+":8000") || c.Services["proxy"].DependsOn[name].Condition == "" {
			t.Errorf("the proxy does not know or wait for %s", name)
		}
	}
}

func hasKey(m map[string]any, key string) bool {
	_, ok := m[key]
	return ok
}

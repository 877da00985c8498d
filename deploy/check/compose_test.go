package check

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// secrets are the lines of compose.env.example, filled in.
func secrets(t *testing.T) types.Mapping {
	t.Helper()
	out := types.Mapping{}
	for _, m := range regexp.MustCompile(`(?m)^([A-Z_]+)=(.*)$`).FindAllStringSubmatch(read(t, "compose.env.example"), -1) {
		if m[2] != "" {
			t.Errorf("%s has a value in the example: a password that is committed is no password", m[1])
		}
		out[m[1]] = "p" + strings.ToLower(strings.ReplaceAll(m[1], "_", "")) + "0123456789"
	}
	return out
}

// load reads compose.yaml as Compose does, against the schema of its specification.
func load(t *testing.T, env types.Mapping) (*types.Project, error) {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{WorkingDir: dir, Environment: env,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "compose.yaml"), Content: []byte(read(t, "compose.yaml"))}}})
}

func composed(t *testing.T) *types.Project {
	t.Helper()
	p, err := load(t, secrets(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNothingStartsWithoutEverySecret(t *testing.T) {
	all := secrets(t)
	for name := range all {
		for _, value := range []string{"", "absent"} {
			env := maps.Clone(all)
			if env[name] = value; value == "absent" {
				delete(env, name)
			}
			if _, err := load(t, env); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s %q: %v", name, value, err)
			}
		}
	}
}

func TestTheComposedServicesAreThoseOfTheDesign(t *testing.T) {
	p := composed(t)
	for _, name := range []string{"certificates", "esdb1", "esdb2", "esdb3", "postgres", "nats", "gridward1", "gridward2"} {
		if _, ok := p.Services[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	for name, s := range p.Services {
		tag := s.Image[strings.LastIndex(s.Image, ":")+1:]
		if !strings.Contains(s.Image, ":") || tag == "latest" {
			t.Errorf("%s: the image %s floats", name, s.Image)
		}
		for needed, how := range s.DependsOn {
			if how.Condition == types.ServiceConditionHealthy && p.Services[needed].HealthCheck == nil {
				t.Errorf("%s waits for %s to be healthy, which nobody asks", name, needed)
			}
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s is open to the network at %s:%s", name, port.HostIP, port.Published)
			}
		}
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeBind {
				if _, err := os.Stat(v.Source); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}

func TestEachNodeHasItsOwnPlaceAndKnowsTheOthers(t *testing.T) {
	p := composed(t)
	used := map[string]string{}
	for name, s := range p.Services {
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeVolume || v.Source == "certificates" {
				continue
			}
			if other := used[v.Source]; other != "" {
				t.Errorf("%s and %s share the volume %s", name, other, v.Source)
			}
			used[v.Source] = name
		}
	}
	esdb := []string{"esdb1", "esdb2", "esdb3"}
	for _, name := range esdb {
		env := p.Services[name].Environment
		for _, other := range esdb {
			if seed := *env["EVENTSTORE_GOSSIP_SEED"]; strings.Contains(seed, other+":2113") == (other == name) {
				t.Errorf("%s looks for the others at %s", name, seed)
			}
		}
		for _, key := range []string{"EVENTSTORE_NODE_HOST_ADVERTISE_AS", "EVENTSTORE_REPLICATION_HOST_ADVERTISE_AS"} {
			if *env[key] != name {
				t.Errorf("%s: %s is %s", name, key, *env[key])
			}
		}
		for _, key := range []string{"EVENTSTORE_CERTIFICATE_FILE", "EVENTSTORE_CERTIFICATE_PRIVATE_KEY_FILE"} {
			if !strings.HasPrefix(*env[key], "/certs/"+name+"/") {
				t.Errorf("%s: %s is %s", name, key, *env[key])
			}
		}
	}
	for _, name := range []string{"gridward1", "gridward2"} {
		s := p.Services[name]
		for _, node := range esdb {
			if !strings.Contains(*s.Environment["GRIDWARD_LOG"], node+":2113") {
				t.Errorf("%s does not know %s", name, node)
			}
		}
		if !s.ReadOnly || s.StopGracePeriod == nil || s.HealthCheck != nil || len(s.DependsOn) != 5 {
			t.Errorf("%s: read-only %v, grace %v, healthcheck %v, waits for %d", name, s.ReadOnly, s.StopGracePeriod, s.HealthCheck, len(s.DependsOn))
		}
	}
}

// Every variable of ours that deploy/ sets is a flag of the program, or one it reads by itself.
func TestOurVariablesAreFlagsOfTheProgram(t *testing.T) {
	known := flags(t)
	for name := range composed(t).Services["gridward1"].Environment {
		if strings.HasPrefix(name, "GRIDWARD_") && !known[name] {
			t.Errorf("compose.yaml sets %s, which is no flag", name)
		}
	}
	for _, file := range []string{"gridward.service", "Containerfile"} {
		found := regexp.MustCompile(`GRIDWARD_[A-Z_]+`).FindAllString(read(t, file), -1)
		if len(found) == 0 {
			t.Errorf("%s sets none", file)
		}
		for _, name := range found {
			if !known[name] {
				t.Errorf("%s names %s, which is no flag", file, name)
			}
		}
	}
}

package check

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// stages reads the Containerfile as BuildKit does, and tells what its linter warns of on the way.
func stages(t *testing.T) ([]instructions.Stage, []instructions.ArgCommand) {
	t.Helper()
	parsed, err := parser.Parse(strings.NewReader(read(t, "Containerfile")))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range parsed.Warnings {
		t.Error(w.Short)
	}
	warn := func(rule, _, _, what string, _ []parser.Range) { t.Errorf("%s: %s", rule, what) }
	out, args, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{Warn: warn}))
	if err != nil {
		t.Fatal(err)
	}
	return out, args
}

// first gives the first instruction of a kind.
func first[T any](s instructions.Stage) (zero T) {
	for _, c := range s.Commands {
		if found, ok := c.(T); ok {
			return found
		}
	}
	return zero
}

func TestTheImageIsScratchWithTheProgramAndRunsAsNobody(t *testing.T) {
	all, args := stages(t)
	if len(all) != 2 || all[0].Name != "build" || all[1].BaseName != "scratch" {
		t.Fatalf("the stages are %v", all)
	}
	image := all[1]
	if run := first[*instructions.RunCommand](image); run != nil {
		t.Error("something is run in an image without a shell")
	}
	if user := first[*instructions.UserCommand](image); user == nil || !regexp.MustCompile(`^[1-9][0-9]*:[1-9][0-9]*$`).MatchString(user.User) {
		t.Errorf("the user is %v; without /etc/passwd it has to be two numbers, and not root's", user)
	}
	entry := first[*instructions.EntrypointCommand](image)
	if entry == nil || entry.PrependShell || entry.CmdLine[0] != "/gridward" {
		t.Errorf("the entry is %v", entry)
	}
	volume, env := first[*instructions.VolumeCommand](image), first[*instructions.EnvCommand](image)
	if volume == nil || env == nil || env.Env[0].Key != "GRIDWARD_DATA" || volume.Volumes[0] != env.Env[0].Value {
		t.Errorf("the volume is %v, the data directory %v", volume, env)
	}
	for _, c := range image.Commands {
		if copied, ok := c.(*instructions.CopyCommand); ok && copied.From != "build" {
			t.Errorf("%s comes from %q", copied, copied.From)
		}
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(mod)
	if given := *args[0].Args[0].Value; !strings.Contains(given, ":"+string(asked[1])+"-") {
		t.Errorf("go.mod asks for Go %s, the image is %s", asked[1], given)
	}
}

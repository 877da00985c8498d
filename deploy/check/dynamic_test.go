package check

import (
	"debug/elf"
	"testing"
)

// dynamic are the shared libraries a program wants, its loader included.
func dynamic(t *testing.T, path string) []string {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	out, err := f.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			out = append(out, "a loader")
		}
	}
	return out
}

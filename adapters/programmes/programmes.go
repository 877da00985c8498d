// Package programmes reads programmes (业务条线) from the YAML files people write, and carries the built-in ones.
//
// The form is that of docs/programmes.md: the definition of domain/programme with two conveniences, short limits
// ("3 working_day") and defaults that are filled into every item of the catalogue. A file is read strictly:
// whatever it says that the form does not know is refused, with its line, column and path.
package programmes

import (
	"embed"
	"fmt"
	"io/fs"

	"gridward/domain/programme"
)

//go:embed files/*.yaml
var files embed.FS

// Builtin gives the programmes the product ships, by file name. They have no version: publishing gives one.
func Builtin() ([]programme.Programme, error) {
	names, err := fs.Glob(files, "files/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("built-in programmes: %w", err)
	}
	out := make([]programme.Programme, 0, len(names))
	for _, name := range names {
		src, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("built-in programme %s: %w", name, err)
		}
		p, err := Parse(name, src)
		if err != nil {
			return nil, fmt.Errorf("built-in programme: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

// Generates the Go SDK of a package schema: generate <schema.json> <folder>.
package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	var spec schema.PackageSpec
	check(json.Unmarshal(text, &spec))
	bound, found, err := schema.BindSpec(spec, noOthers{}, schema.ValidationOptions{})
	check(err)
	if len(found) > 0 {
		log.Fatal(found)
	}
	files, err := gogen.GeneratePackage("ciaccess", bound, nil)
	check(err)
	for name, content := range files {
		path := filepath.Join(os.Args[2], name)
		check(os.MkdirAll(filepath.Dir(path), 0o755))
		check(os.WriteFile(path, content, 0o644))
	}
}

// The schema refers to no other package.
type noOthers struct{ schema.Loader }

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

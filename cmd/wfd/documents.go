package main

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"workflowfactory/agent"
	"workflowfactory/graph"
	"workflowfactory/transport"
)

type documentsCommand struct {
	Extract extractCommand `cmd:"" help:"Print a manifest for TRUSTED_DOCUMENTS of all operations in the .graphql files of folders."`
}

type extractCommand struct {
	Folders []string `arg:"" type:"existingdir" help:"Folders to search, with all in them but node_modules and dist."`
	Agents  bool     `help:"Add what agents ask that are made with the Go package."`
}

// Run prints the manifest.
func (c *extractCommand) Run(out io.Writer) error {
	all := &ast.QueryDocument{}
	for _, folder := range c.Folders {
		if err := readFolder(all, folder); err != nil {
			return err
		}
	}
	if c.Agents {
		for _, text := range agent.Operations() {
			if err := addDocument(all, "the Go package for agents", text); err != nil {
				return err
			}
		}
	}
	trusted, err := trust(all)
	if err != nil {
		return err
	}
	return trusted.Write(out)
}

func readFolder(all *ast.QueryDocument, folder string) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "dist"):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".graphql"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return addDocument(all, path, string(text))
	})
}

func addDocument(all *ast.QueryDocument, from, text string) error {
	doc, err := parser.ParseQuery(&ast.Source{Name: from, Input: text})
	if err != nil {
		return fmt.Errorf("read operations: %w", err)
	}
	for _, f := range doc.Fragments {
		if all.Fragments.ForName(f.Name) != nil {
			return fmt.Errorf("read operations: %s defines the fragment %s, which another file does too", from, f.Name)
		}
	}
	all.Operations = append(all.Operations, doc.Operations...)
	all.Fragments = append(all.Fragments, doc.Fragments...)
	return nil
}

// trust makes a document of each operation and the fragments that it needs, as clients send them.
func trust(all *ast.QueryDocument) (transport.Trusted, error) {
	schema := graph.NewSchema(&graph.Resolver{}).Schema()
	trusted := transport.Trusted{}
	for _, operation := range all.Operations {
		needed := map[string]*ast.FragmentDefinition{}
		spreads(operation.SelectionSet, all.Fragments, needed)
		doc := &ast.QueryDocument{Operations: ast.OperationList{operation}}
		for _, name := range slices.Sorted(maps.Keys(needed)) {
			doc.Fragments = append(doc.Fragments, needed[name])
		}
		if errs := validator.ValidateWithRules(schema, doc, rules.NewDefaultRules()); len(errs) > 0 {
			return nil, fmt.Errorf("the operation %q: %w", operation.Name, errs)
		}
		trusted.Add(doc)
	}
	return trusted, nil
}

// spreads finds the fragments that a selection needs, of those that there are.
func spreads(set ast.SelectionSet, all ast.FragmentDefinitionList, needed map[string]*ast.FragmentDefinition) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			spreads(s.SelectionSet, all, needed)
		case *ast.InlineFragment:
			spreads(s.SelectionSet, all, needed)
		case *ast.FragmentSpread:
			if f := all.ForName(s.Name); f != nil && needed[s.Name] == nil {
				needed[s.Name] = f
				spreads(f.SelectionSet, all, needed)
			}
		}
	}
}

// trusted reads the documents that the server is kept to; nil when there is no such bound.
func (w Web) trusted() (transport.Trusted, error) {
	if w.TrustedDocuments == "" {
		return nil, nil
	}
	file, err := os.Open(w.TrustedDocuments)
	if err != nil {
		return nil, fmt.Errorf("TRUSTED_DOCUMENTS: %w", err)
	}
	defer file.Close()
	return transport.ReadTrusted(file)
}

package transport

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// Trusted are the documents that a server runs, when it runs no others: their canonical texts by their hashes. Two
// documents are the same if they ask for the same in the same order; how they are laid out, the order of their
// definitions and __typename, which client libraries add by themselves, make no difference.
type Trusted map[string]string

// ReadTrusted reads a manifest, a JSON object of documents by hash, as [Trusted.Write] writes it.
func ReadTrusted(r io.Reader) (Trusted, error) {
	var manifest map[string]string
	if err := json.NewDecoder(r).Decode(&manifest); err != nil {
		return nil, fmt.Errorf("read the manifest of trusted documents: %w", err)
	}
	trusted := Trusted{}
	for hash, text := range manifest {
		doc, err := parser.ParseQuery(&ast.Source{Input: text})
		if err != nil {
			return nil, fmt.Errorf("trusted document %s: %w", hash, err)
		}
		if own := trusted.Add(doc); own != hash {
			return nil, fmt.Errorf("trusted document %s was changed: its hash is %s", hash, own)
		}
	}
	return trusted, nil
}

// Add trusts a document and gives its hash.
func (t Trusted) Add(doc *ast.QueryDocument) string {
	text := canonical(doc)
	hash := hashOf(text)
	t[hash] = text
	return hash
}

// Write writes the manifest, the same for the same documents.
func (t Trusted) Write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(t) // which sorts
}

// has is true for all documents when nothing is said of trust.
func (t Trusted) has(doc *ast.QueryDocument) bool {
	if t == nil {
		return true
	}
	_, found := t[hashOf(canonical(doc))]
	return found
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// canonical writes a document, which stays as it is, in the one way that all which ask for the same are written.
func canonical(doc *ast.QueryDocument) string {
	plain := &ast.QueryDocument{}
	for _, o := range doc.Operations {
		operation := *o
		operation.SelectionSet = asked(o.SelectionSet)
		plain.Operations = append(plain.Operations, &operation)
	}
	for _, f := range doc.Fragments {
		fragment := *f
		fragment.SelectionSet = asked(f.SelectionSet)
		plain.Fragments = append(plain.Fragments, &fragment)
	}
	slices.SortStableFunc(plain.Operations, func(a, b *ast.OperationDefinition) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(plain.Fragments, func(a, b *ast.FragmentDefinition) int { return cmp.Compare(a.Name, b.Name) })
	var text strings.Builder
	formatter.NewFormatter(&text).FormatQueryDocument(plain)
	return text.String()
}

// asked leaves __typename out wherever something else is asked for.
func asked(set ast.SelectionSet) ast.SelectionSet {
	var kept ast.SelectionSet
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if s.Name == "__typename" && s.Alias == s.Name && len(s.Directives) == 0 {
				continue
			}
			field := *s
			field.SelectionSet = asked(s.SelectionSet)
			kept = append(kept, &field)
		case *ast.InlineFragment:
			fragment := *s
			fragment.SelectionSet = asked(s.SelectionSet)
			kept = append(kept, &fragment)
		default:
			kept = append(kept, selection)
		}
	}
	if len(kept) == 0 {
		return set
	}
	return kept
}

package server_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"workflowfactory/model"
)

// schemaType is a type as introspection tells of it.
type schemaType struct {
	Kind, Name  string
	OfType      *schemaType
	Fields      []schemaField
	InputFields []schemaInput
	EnumValues  []struct{ Name string }
}

type schemaField struct {
	Name string
	Args []schemaInput
	Type schemaType
}

type schemaInput struct {
	Name         string
	Type         schemaType
	DefaultValue *string
}

const introspection = `{ __schema { types { kind name enumValues { name }
	inputFields { name defaultValue type { ...t } } fields { name args { name defaultValue type { ...t } } type { ...t } } } } }
	fragment t on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`

// introspect asks the server what there is.
func (w *world) introspect(key string) map[string]schemaType {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"query": introspection})
	if err != nil {
		w.t.Fatal(err)
	}
	_, answer := w.ask("POST", "/graphql", string(body), "Content-Type: application/json", "Authorization: Bearer "+key)
	var told struct {
		Data struct {
			Schema struct{ Types []schemaType } `json:"__schema"`
		}
	}
	if err := json.Unmarshal([]byte(answer), &told); err != nil || len(told.Data.Schema.Types) == 0 {
		w.t.Fatalf("%s: %v", answer, err)
	}
	types := map[string]schemaType{}
	for _, one := range told.Data.Schema.Types {
		types[one.Name] = one
	}
	return types
}

// literal is some value of a type, with no more in it than it needs.
func literal(types map[string]schemaType, t schemaType) string {
	switch t.Kind {
	case "NON_NULL":
		return literal(types, *t.OfType)
	case "LIST":
		return "[" + literal(types, *t.OfType) + "]"
	case "ENUM":
		return types[t.Name].EnumValues[0].Name
	case "INPUT_OBJECT":
		return "{" + given(types, types[t.Name].InputFields) + "}"
	}
	switch t.Name {
	case "Int", "Float":
		return "1"
	case "Boolean":
		return "true"
	case "DateTime":
		return `"2040-01-31T09:30:00.000Z"`
	case "EventCursor": // which no log has reached yet
		return `"` + model.Cursor{Epoch: 1, Position: 1e12}.String() + `"`
	}
	return `"x"`
}

// given are the values of the inputs that have to be there, and of after, which has no stream wait for what never happens.
func given(types map[string]schemaType, inputs []schemaInput) string {
	var all []string
	for _, in := range inputs {
		if in.Type.Kind == "NON_NULL" && in.DefaultValue == nil || in.Name == "after" && in.Type.Name == "EventCursor" {
			all = append(all, in.Name+": "+literal(types, in.Type))
		}
	}
	return strings.Join(all, ", ")
}

// call is a document that uses one root field.
func call(types map[string]schemaType, root string, f schemaField) string {
	text := strings.ToLower(root) + " { " + f.Name
	if args := given(types, f.Args); args != "" {
		text += "(" + args + ")"
	}
	inner := f.Type
	for inner.OfType != nil {
		inner = *inner.OfType
	}
	if kind := inner.Kind; kind == "OBJECT" || kind == "INTERFACE" || kind == "UNION" {
		text += " { __typename }"
	}
	return text + " }"
}

// permitted reads docs/permissions.md: who may use each root field, "public" for everybody.
func permitted(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../docs/permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]string{}
	root := ""
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			root = strings.TrimSpace(name)
		}
		row := regexp.MustCompile("^\\| `(\\w+)` \\| (\\w+) \\|(.*)\\|(.*)\\|(.*)\\|(.*)\\|$").FindStringSubmatch(strings.TrimSpace(line))
		if row == nil {
			continue
		}
		may := ""
		for i, role := range []model.Role{model.RoleAgent, model.RoleViewer, model.RoleManager, model.RoleAdmin} {
			if strings.TrimSpace(row[3+i]) != "" {
				may += " " + role.String()
			}
		}
		if row[2] == "public" {
			may += " public"
		}
		table[root+"."+row[1]] = may + " "
	}
	return table
}

// refusal is what keeps a caller from a field: the code, "" when it is not the caller's role. Fields say that by themselves,
// and name themselves; what else they answer says nothing about who may.
func refusal(field, answer string) string {
	switch {
	case strings.Contains(answer, field+" needs a credential"):
		return "UNAUTHENTICATED"
	case strings.Contains(answer, field+" is not for callers of role"):
		return "FORBIDDEN"
	}
	return ""
}

// Every root field that there is answers each role, and nobody, exactly as docs/permissions.md says, over HTTP and on sockets.
func TestEveryFieldAnswersAsTheTableSays(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, admin := w.key(model.RoleAdmin)
	types, table := w.introspect(admin), permitted(t)
	callers := map[string]string{"": ""}
	for _, role := range model.AllRole {
		_, callers[role.String()] = w.key(role)
	}
	swept := 0
	for role, key := range callers {
		s := w.dial(nil)
		s.open(map[bool]string{true: `{}`, false: `{"authorization": "Bearer ` + key + `"}`}[key == ""])
		for _, root := range []string{"Query", "Mutation", "Subscription"} {
			for i, f := range types[root].Fields {
				may, listed := table[root+"."+f.Name]
				if !listed {
					t.Fatalf("%s.%s is not in the table", root, f.Name)
				}
				want := ""
				switch {
				case strings.Contains(may, " public "):
				case key == "":
					want = "UNAUTHENTICATED"
				case !strings.Contains(may, " "+role+" "):
					want = "FORBIDDEN"
				}
				text := call(types, root, f)
				answers := map[string]string{"on a socket": s.run(fmt.Sprint(role, root, i), text)}
				if root != "Subscription" {
					answers["over HTTP"] = mustJSON(t, w.query(key, text, nil))
				}
				for how, answer := range answers {
					swept++
					if got := refusal(f.Name, answer); got != want || strings.Contains(answer, "GRAPHQL_VALIDATION_FAILED") {
						t.Errorf("%s %q: %s is answered with %s, want %q", how, role, text, answer, want)
					}
				}
			}
		}
	}
	if swept < 500 {
		t.Errorf("asked %d times only", swept)
	}
}

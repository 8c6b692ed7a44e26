package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"workflowfactory/model"
)

// documents are the pages that people read, by path from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../examples/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			pages[strings.TrimPrefix(file, "../../")] = text(t, file)
		}
	}
	return pages
}

func TestExamplesFitTheSchema(t *testing.T) {
	t.Parallel()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: text(t, "../../schema.graphqls")})
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for page, content := range documents(t) {
		for _, block := range regexp.MustCompile("(?s)```graphql\n(.*?)```").FindAllStringSubmatch(content, -1) {
			examples++
			if _, errs := gqlparser.LoadQueryWithRules(schema, block[1], rules.NewDefaultRules()); len(errs) > 0 {
				t.Errorf("%s: %v in\n%s", page, errs, block[1])
			}
		}
		for _, block := range regexp.MustCompile(`"query": "([^"]*)"`).FindAllStringSubmatch(content, -1) {
			examples++
			if _, errs := gqlparser.LoadQueryWithRules(schema, block[1], rules.NewDefaultRules()); len(errs) > 0 {
				t.Errorf("%s: %v in %s", page, errs, block[1])
			}
		}
	}
	if examples < 10 {
		t.Errorf("looked at %d examples only", examples)
	}
}

// What the manual says about resuming is what the tests of published clients run.
func TestTheManualShowsHowClientsResume(t *testing.T) {
	t.Parallel()
	if shown := text(t, "../../transport/testdata/interop/resume.mjs"); !strings.Contains(documents(t)["docs/clients.md"], "```js\n"+shown+"```") {
		t.Error("docs/clients.md shows another resume.mjs than the one that is tested")
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	for page, content := range documents(t) {
		for _, link := range regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`).FindAllStringSubmatch(content, -1) {
			if strings.Contains(link[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join("../..", filepath.Dir(page), link[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

func TestArchitectureNamesFilesThatThereAre(t *testing.T) {
	t.Parallel()
	for _, file := range regexp.MustCompile("`([a-z0-9_]+/[a-z0-9_/.]+\\.[a-z]+)`").FindAllStringSubmatch(documents(t)["ARCHITECTURE.md"], -1) {
		if _, err := os.Stat(filepath.Join("../..", file[1])); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryErrorCodeIsExplained(t *testing.T) {
	t.Parallel()
	page := documents(t)["docs/errors.md"]
	for _, code := range regexp.MustCompile(`Code = "([A-Z_]+)"`).FindAllStringSubmatch(text(t, "../../model/error.go"), -1) {
		if !strings.Contains(page, "`"+code[1]+"`") {
			t.Errorf("docs/errors.md does not explain %s", code[1])
		}
	}
}

func TestPicturesOfTheStatesAreTrue(t *testing.T) {
	t.Parallel()
	page := documents(t)["ARCHITECTURE.md"]
	compare(t, arrows(t, page, "Workflow"), model.AllWorkflowStatus, model.WorkflowStatus.CanBecome)
	compare(t, arrows(t, page, "Task"), model.AllTaskStatus, model.TaskStatus.CanBecome)
}

// arrows reads a picture: "FROM TO" for each arrow between two states.
func arrows(t *testing.T, page, title string) []string {
	t.Helper()
	_, picture, found := strings.Cut(page, "title: "+title+"\n")
	if !found {
		t.Fatalf("there is no picture of %s", title)
	}
	picture, _, _ = strings.Cut(picture, "```")
	var drawn []string
	for _, arrow := range regexp.MustCompile(`(?m)^  ([A-Z_]+) --> ([A-Z_]+) :`).FindAllStringSubmatch(picture, -1) {
		drawn = append(drawn, arrow[1]+" "+arrow[2])
	}
	return drawn
}

func compare[S ~string](t *testing.T, drawn []string, all []S, canBecome func(S, S) bool) {
	t.Helper()
	for _, from := range all {
		for _, to := range all {
			arrow := string(from) + " " + string(to)
			if slices.Contains(drawn, arrow) != canBecome(from, to) {
				t.Errorf("%s: drawn %t, possible %t", arrow, slices.Contains(drawn, arrow), canBecome(from, to))
			}
		}
	}
}

// Nothing here can build an image, so its text is held against what it copies and sets.
func TestContainerCopiesWhatThereIs(t *testing.T) {
	t.Parallel()
	dockerfile := text(t, "../../Dockerfile")
	for _, line := range regexp.MustCompile(`(?m)^COPY ([^-].*) \S+$`).FindAllStringSubmatch(dockerfile, -1) {
		for source := range strings.FieldsSeq(line[1]) {
			if _, err := os.Stat(filepath.Join("../..", source)); err != nil {
				t.Errorf("COPY %s: %v", source, err)
			}
		}
	}
	for _, part := range []string{"USER nonroot", "CGO_ENABLED=0", `"/usr/local/bin/wfd", "health"`, "graph.version"} {
		if !strings.Contains(dockerfile, part) {
			t.Errorf("the Dockerfile lacks %s", part)
		}
	}
	ignored := text(t, "../../.dockerignore")
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, "workflowfactory/")
		folder, _, _ := strings.Cut(name, "/")
		if !forTests(name) && !strings.Contains(ignored, "\n!"+folder+"\n") {
			t.Errorf(".dockerignore leaves %s out", folder)
		}
	}
}

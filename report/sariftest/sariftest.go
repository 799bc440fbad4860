// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package sariftest has for tests the official schema of SARIF, and what GitHub asks of
// a log besides.
package sariftest

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Schema returns the JSON Schema of SARIF 2.1.0 with Errata 01, as a module carries it that
// the go command fetches, once, from the module proxy. It is called in a test of this module.
func Schema() ([]byte, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/goassay/assay").Output()
	if err != nil {
		return nil, fmt.Errorf("go list -m: %w", err)
	}
	cmd := exec.Command("go", "mod", "download", "-json", "github.com/owenrumney/go-sarif/v3")
	cmd.Dir = filepath.Join(strings.TrimSpace(string(root)), "report", "testdata", "sarif")
	out, err := cmd.Output()
	var module struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &module); jsonErr != nil || err != nil || module.Error != "" {
		return nil, fmt.Errorf("go mod download: %v, %v, %s", err, jsonErr, module.Error)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(module.Dir, "pkg", "report", "v210", "sarif", "schema.go"), nil, 0)
	if err != nil {
		return nil, err
	}
	spec := file.Scope.Lookup("schema").Decl.(*ast.ValueSpec)
	text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
	return []byte(text), err
}

// Limits of GitHub's code scanning for one run
// (https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support).
const (
	maxResults = 25_000
	maxRules   = 25_000
	maxTags    = 20
)

// GitHub checks what code scanning asks of a log and the schema does not: that each result
// names a rule, has a message, a fingerprint, and a place in a file, relative to the root of
// the repository or else by an absolute URI; and that there are no more of them than it takes.
func GitHub(log []byte) error {
	var l struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID         string
						Properties struct{ Tags []string }
					}
				}
			}
			Results []result
		}
	}
	if err := json.Unmarshal(log, &l); err != nil {
		return err
	}
	if l.Version != "2.1.0" || len(l.Runs) == 0 {
		return errors.New("no run of SARIF 2.1.0")
	}
	for _, run := range l.Runs {
		rules := map[string]bool{}
		for _, r := range run.Tool.Driver.Rules {
			rules[r.ID] = true
			if len(r.Properties.Tags) > maxTags {
				return fmt.Errorf("rule %s has %d tags", r.ID, len(r.Properties.Tags))
			}
		}
		if run.Tool.Driver.Name == "" || len(rules) > maxRules || len(run.Results) > maxResults {
			return fmt.Errorf("%q with %d rules and %d results", run.Tool.Driver.Name, len(rules), len(run.Results))
		}
		for i, r := range run.Results {
			if err := r.check(rules); err != nil {
				return fmt.Errorf("result %d, %s: %w", i, r.RuleID, err)
			}
		}
	}
	return nil
}

type result struct {
	RuleID              string
	Level               string
	Message             struct{ Text string }
	PartialFingerprints map[string]string
	Locations           []struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           struct{ StartLine int }
		}
	}
}

func (r *result) check(rules map[string]bool) error {
	switch {
	case !rules[r.RuleID]:
		return errors.New("it has no rule")
	case r.Message.Text == "":
		return errors.New("it has no message")
	case r.Level != "error" && r.Level != "warning" && r.Level != "note" && r.Level != "none":
		return fmt.Errorf("the level %q", r.Level)
	case r.PartialFingerprints["primaryLocationLineHash"] == "":
		return errors.New("it has no fingerprint")
	case len(r.Locations) == 0:
		return errors.New("it has no location")
	}
	for _, l := range r.Locations {
		uri := l.PhysicalLocation.ArtifactLocation.URI
		u, err := url.Parse(uri)
		if err != nil || uri == "" || l.PhysicalLocation.Region.StartLine < 1 {
			return fmt.Errorf("the place %q, line %d: %v", uri, l.PhysicalLocation.Region.StartLine, err)
		}
		if !u.IsAbs() && !filepath.IsLocal(filepath.FromSlash(u.Path)) {
			return fmt.Errorf("the place %q is not in the repository, and not absolute", uri)
		}
	}
	return nil
}

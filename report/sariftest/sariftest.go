// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package sariftest has for tests the official schema of SARIF, and what GitHub asks of
// a log besides.
package sariftest

import (
	"bytes"
	"compress/gzip"
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

// Limits of GitHub's code scanning
// (https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support).
const (
	maxBytes     = 10 << 20 // of a file, compressed with gzip
	maxRuns      = 20       // in a file
	maxResults   = 25_000   // in a run
	maxRules     = 25_000   // in a run
	maxLocations = 1_000    // of a result
	maxTags      = 20       // of a rule
)

// GitHub checks what code scanning asks of a log and the schema does not: that each result
// names a rule, has a message, a fingerprint, and a place in a file, relative to the root of
// the repository or else by an absolute URI of the scheme file, as the checkout has
// (https://github.com/github/codeql-action/issues/754); and that there is no more of
// anything than it takes.
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
	if l.Version != "2.1.0" || len(l.Runs) == 0 || len(l.Runs) > maxRuns {
		return fmt.Errorf("%d runs of SARIF %s", len(l.Runs), l.Version)
	}
	if size := compressed(log); size > maxBytes {
		return fmt.Errorf("%d bytes, compressed", size)
	}
	for _, run := range l.Runs {
		rules := map[string]bool{}
		for _, r := range run.Tool.Driver.Rules {
			if rules[r.ID] {
				return fmt.Errorf("rule %s is there twice", r.ID)
			}
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

// compressed is how many bytes a log has once it is compressed.
func compressed(log []byte) int {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(log) // to memory: it does not fail
	z.Close()
	return b.Len()
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
	case len(r.Locations) == 0 || len(r.Locations) > maxLocations:
		return fmt.Errorf("it has %d locations", len(r.Locations))
	}
	for _, l := range r.Locations {
		uri := l.PhysicalLocation.ArtifactLocation.URI
		u, err := url.Parse(uri)
		if err != nil || uri == "" || l.PhysicalLocation.Region.StartLine < 1 {
			return fmt.Errorf("the place %q, line %d: %v", uri, l.PhysicalLocation.Region.StartLine, err)
		}
		elsewhere := u.Scheme == "file" && strings.HasPrefix(u.Path, "/")
		if !elsewhere && (u.IsAbs() || u.Host != "" || !filepath.IsLocal(filepath.FromSlash(u.Path))) {
			return fmt.Errorf("the place %q is not in the repository, and no absolute one of a file", uri)
		}
	}
	return nil
}

// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/audit/redact"
)

// Env judges the configuration of the go command: which proxies and which
// checksum database it asks, whom it trusts, and what silently has no effect.
// Its facts are an [EnvFacts].
var Env = &audit.Check{ID: "env", Needs: audit.GoCommand, Run: runEnv}

// EnvFacts is the configuration of the go command with what follows from it.
type EnvFacts struct {
	*goenv.Env

	// Chain is GOPROXY as the go command reads it; ChainError says why it
	// refuses it.
	Chain      modproxy.Chain `json:"chain"`
	ChainError string         `json:"chain_error,omitempty"`

	Patterns []PatternList `json:"patterns"`
}

// A PatternList is a variable that lists patterns of module paths.
type PatternList struct {
	Variable string          `json:"variable"`
	Via      string          `json:"via,omitempty"` // the variable that supplies the list
	Patterns []goenv.Pattern `json:"patterns"`
}

func runEnv(ctx context.Context, p *audit.Pass) (any, error) {
	env, err := goenv.Read(ctx, goenv.Options{Dir: p.Target.Dir, Environ: p.Environ, Run: p.Exec})
	if err != nil {
		return nil, err
	}
	facts := &EnvFacts{Env: env, Patterns: []PatternList{}}
	var chainErr error
	if facts.Chain, chainErr = modproxy.Parse(env.Raw("GOPROXY")); chainErr != nil {
		facts.ChainError = chainErr.Error()
	}
	for _, name := range []string{"GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE"} {
		v, _ := env.Lookup(name)
		if patterns := goenv.ParsePatterns(v.Value.Raw()); len(patterns) > 0 {
			for i := range patterns { // one may be a URL with a password
				patterns[i].Glob = redact.Text(patterns[i].Glob)
			}
			facts.Patterns = append(facts.Patterns, PatternList{Variable: name, Via: v.Via, Patterns: patterns})
		}
	}
	j := envJudge{p, facts}
	for _, judge := range []func(){
		j.modules, j.sumdb, j.chain, j.patterns, j.overrides, j.insecure,
		j.flags, j.toolchain, j.programs, j.vcs, j.cgo, j.debug,
		j.shadows, j.userFile, j.gorootFile, j.misspelled,
		j.roots, j.httpProxies, j.gitConfig, j.gitVariables,
	} {
		judge()
	}
	if env.Git.State == goenv.GitUnknown {
		return facts, audit.NotAssessed("env/git-unknown", audit.Args{"reason": env.Git.Reason})
	}
	return facts, nil
}

// envJudge holds what the rules of env are judged on.
type envJudge struct {
	p     *audit.Pass
	facts *EnvFacts
}

// report reports that a variable violates a rule. The arguments always
// include name, value, source and fix, the command that takes the setting back.
func (j envJudge) report(rule string, v goenv.Variable, args audit.Args) {
	j.reportOn(rule, v.Name, v, args)
}

// reportOn is report for a part of a variable, such as one pattern.
func (j envJudge) reportOn(rule, subject string, v goenv.Variable, args audit.Args) {
	all := audit.Args{"name": v.Name, "value": v.Value.String(), "source": envSource(v.Origin), "fix": envFix(v)}
	for name, value := range args {
		all[name] = value
	}
	j.p.Report(audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "environment", Name: subject}, Args: all})
}

// ambient reports that a variable of the process environment violates a rule.
func (j envJudge) ambient(rule string, a goenv.Ambient, args audit.Args) {
	j.report(rule, goenv.Variable{Name: a.Name, Origin: goenv.Origin{Value: a.Value, Source: goenv.Process}}, args)
}

// envSource says where a value is set, without the folders of this machine:
// "process", "GOENV:2" for line 2 of the user's file, "$GOROOT/go.env:8".
func envSource(o goenv.Origin) string {
	switch o.Source {
	case goenv.User:
		return fmt.Sprintf("GOENV:%d", o.Line)
	case goenv.Goroot:
		return fmt.Sprintf("$GOROOT/go.env:%d", o.Line)
	}
	return string(o.Source)
}

// envFix returns the commands that take a setting back wherever it is made.
func envFix(v goenv.Variable) string {
	name := v.Name
	if v.Via != "" {
		name = v.Via
	}
	var commands []string
	for _, o := range append([]goenv.Origin{v.Origin}, v.Shadows...) {
		if o.Value.Raw() != v.Value.Raw() {
			continue
		}
		switch o.Source {
		case goenv.Process:
			commands = append(commands, "unset "+name)
		case goenv.User:
			commands = append(commands, "go env -u "+name)
		case goenv.Goroot:
			commands = append(commands, fmt.Sprintf("$EDITOR +%d \"$(go env GOROOT)/go.env\"", o.Line))
		}
	}
	return strings.Join(commands, "; ")
}

// modules judges GO111MODULE.
func (j envJudge) modules() {
	if v, _ := j.facts.Lookup("GO111MODULE"); v.Value.Raw() == "off" {
		j.report("env/modules-off", v, nil)
	}
}

// insecure judges GOINSECURE.
func (j envJudge) insecure() {
	if v, _ := j.facts.Lookup("GOINSECURE"); strings.Trim(v.Value.Raw(), ",/") != "" {
		j.report("env/goinsecure", v, nil)
	}
}

// chainVariables are the variables that decide where code comes from.
var chainVariables = []string{
	"GOAUTH", "GOFLAGS", "GOINSECURE", "GONOPROXY", "GONOSUMDB", "GOPRIVATE", "GOPROXY", "GOSUMDB", "GOTOOLCHAIN", "GOVCS",
}

// shadows finds settings that somebody made and that have no effect.
func (j envJudge) shadows() {
	for _, name := range chainVariables {
		v, _ := j.facts.Lookup(name)
		if v.ProcessEmpty && v.Via == "" && v.Source == goenv.User {
			j.report("env/empty-ineffective", v, nil)
		}
		i := slices.IndexFunc(v.Shadows, func(o goenv.Origin) bool {
			return o.Source == goenv.User && o.Value.Raw() != v.Value.Raw()
		})
		if v.Source == goenv.Process && i >= 0 {
			j.report("env/shadowed", v, audit.Args{"shadowed": v.Shadows[i].Value.String(), "place": envSource(v.Shadows[i])})
		}
	}
}

// misspelled finds variables of the process that look like the go command's.
func (j envJudge) misspelled() {
	for _, a := range j.facts.Ambient {
		if a.Name == "GONOSUMCHECK" {
			j.ambient("env/gonosumcheck", a, nil)
		} else if strings.HasPrefix(a.Name, "GO") && a.Name != "GODEBUG" {
			j.ambient("env/process-typo", a, audit.Args{"nearest": goenv.Nearest(a.Name)})
		}
	}
}

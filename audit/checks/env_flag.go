// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"go/version"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
)

// flagRules are the rules for flags in GOFLAGS, by "name" or "name=value".
var flagRules = map[string]string{
	"insecure":       "env/goflags-insecure",
	"mod=mod":        "env/goflags-mod-mod",
	"mod=vendor":     "env/goflags-mod-vendor",
	"modfile":        "env/goflags-modfile",
	"overlay":        "env/goflags-overlay",
	"toolexec":       "env/goflags-toolexec",
	"buildvcs=false": "env/goflags-buildvcs",
}

// flags judges GOFLAGS.
func (j envJudge) flags() {
	v, _ := j.facts.Lookup("GOFLAGS")
	flags, err := goenv.ParseFlags(v.Value.Raw())
	if err != nil {
		j.report("env/goflags-invalid", v, audit.Args{"error": err.Error()})
		return
	}
	last := map[string]goenv.Flag{}
	for _, f := range flags {
		last[f.Name] = f
	}
	for name, f := range last {
		rule := flagRules[name+"="+f.Value.Raw()]
		if rule == "" && f.Value.Raw() != "" || name == "insecure" {
			rule = flagRules[name]
		}
		if rule != "" {
			j.reportOn(rule, "GOFLAGS -"+name, v, audit.Args{"flag": "-" + strings.TrimSuffix(name+"="+f.Value.String(), "=")})
		}
	}
}

// toolchain judges GOTOOLCHAIN itself; what it leads to is the toolchain
// check's.
func (j envJudge) toolchain() {
	v, _ := j.facts.Lookup("GOTOOLCHAIN")
	name, mode, _ := strings.Cut(v.Value.Raw(), "+")
	local := j.facts.Raw("GOVERSION")
	switch {
	case name == "path" || mode == "path":
		j.report("env/gotoolchain-path", v, nil)
	case v.Value.Raw() == "local":
		j.report("env/gotoolchain-local", v, nil)
	case version.IsValid(name) && version.IsValid(local) && version.Compare(name, local) < 0:
		j.report("env/gotoolchain-older", v, audit.Args{"local": local})
	}
}

// programs judges variables that name programs for the go command to run.
func (j envJudge) programs() {
	v, _ := j.facts.Lookup("GOAUTH")
	for command := range strings.SplitSeq(v.Value.Raw(), ";") {
		if words := strings.Fields(command); len(words) > 0 && !slices.Contains([]string{"off", "netrc", "git"}, words[0]) {
			j.report("env/goauth-command", v, nil)
			break
		}
	}
	if v, _ := j.facts.Lookup("GOCACHEPROG"); v.Value.Raw() != "" {
		j.report("env/gocacheprog", v, nil)
	}
}

// vcs judges GOVCS.
func (j envJudge) vcs() {
	v, _ := j.facts.Lookup("GOVCS")
	rules, err := goenv.ParseVCS(v.Value.Raw())
	if err != nil {
		j.report("env/govcs-invalid", v, audit.Args{"error": err.Error()})
	}
	for _, r := range rules {
		if beyond := r.Beyond(); r.Public() && len(beyond) > 0 && goenv.Uncovered(r.Pattern, j.facts.Raw("GOPRIVATE")) != nil {
			j.reportOn("env/govcs-open", "GOVCS "+r.Pattern, v, audit.Args{"pattern": r.Pattern, "systems": beyond})
		}
	}
}

// cgo judges CGO_CFLAGS_ALLOW and its like.
func (j envJudge) cgo() {
	for _, v := range j.facts.Variables {
		if strings.HasPrefix(v.Name, "CGO_") && strings.HasSuffix(v.Name, "_ALLOW") && v.Value.Raw() != "" {
			j.report("env/cgo-allow", v, nil)
		}
	}
}

// debug judges GODEBUG, of which the last setting of a name counts, up to a "#"
// (internal/godebug).
func (j envJudge) debug() {
	v, _ := j.facts.Lookup("GODEBUG")
	settings := map[string]string{}
	for setting := range strings.SplitSeq(v.Value.Raw(), ",") {
		name, value, _ := strings.Cut(setting, "=")
		settings[name], _, _ = strings.Cut(value, "#")
	}
	if weak := weakSettings(settings, j.facts.Raw("GOVERSION")); len(weak) > 0 {
		j.report("env/godebug", v, audit.Args{"settings": weak})
	}
}

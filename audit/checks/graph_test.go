// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/modproxy"
)

const graphHash = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// graphProxy is a module proxy: go.mod files by path@version, and answers
// other than that by URL path. A number is a status.
var graphProxy = map[string]string{
	"example.com/a@v1.0.0":                             "module example.com/a\n",
	"example.com/a@v1.1.0":                             "module example.com/a\nretract v1.0.0 // leaks\n",
	"example.com/b@v0.0.0-20240102030405-0123456789ab": "module example.com/b\n",
	"example.com/b@v1.0.0":                             "// Deprecated: use example.com/a\nmodule example.com/b\n",
	"example.com/fork@v1.0.1":                          "module example.com/fork\nretract v1.0.1\n",
	"example.com/old@v2.0.0+incompatible":              "module example.com/old\n",
	"example.com/old/v2@v2.1.0":                        "module example.com/old/v2\n",
	"example.com/walled@v2.0.0+incompatible":           "module example.com/walled\n",
	"/example.com/walled/v2/@v/list":                   "403",
	"example.com/plain@v1.0.0":                         "module example.com/plain\n",
	"example.com/dep@v1.0.0":                           "module example.com/dep\nrequire example.com/plain v1.0.0\nexclude example.com/a v1.0.0\nreplace example.com/plain => ./nowhere\n",
	"example.com/wide@v1.0.0":                          "module example.com/wide\nrequire example.com/a v1.0.0\n",
	"example.com/secret@v1.0.0":                        "module example.com/secret\n",
	"/example.com/secret/@v/list":                      "403",
	"example.com/page@v1.0.0":                          "module example.com/page\n",
	"/example.com/page/@v/list":                        "<!DOCTYPE html><title>log in</title>",
}

// serveGraphProxy serves graphProxy; every answer is html if that is not "".
func serveGraphProxy(t *testing.T, html string) string {
	answers := map[string]string{}
	for key, text := range graphProxy {
		path, version, ok := strings.Cut(key, "@")
		if !ok || key[0] == '/' {
			continue
		}
		base := "/" + path + "/@v/"
		answers[base+version+".mod"] = text
		answers[base+version+".info"] = fmt.Sprintf(`{"Version":%q,"Time":"2024-01-02T03:04:05Z"}`, version)
		if !strings.Contains(version, "-2024") {
			answers[base+"list"] += version + "\n"
		}
	}
	for key, text := range graphProxy {
		if key[0] == '/' {
			answers[key] = text
		}
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := answers[r.URL.Path]
		switch {
		case html != "":
			fmt.Fprint(w, html)
		case !ok:
			http.NotFound(w, r)
		case text == "403":
			http.Error(w, "not for you", http.StatusForbidden)
		default:
			fmt.Fprint(w, text)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// graphSums is a go.sum file with the lines of some modules of graphProxy.
func graphSums(t *testing.T, modules ...string) string {
	var b strings.Builder
	for _, key := range modules {
		path, version, _ := strings.Cut(key, "@")
		hash, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(graphProxy[key])), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %s %s\n%s %s/go.mod %s\n", path, version, graphHash, path, version, hash)
	}
	return b.String()
}

// graphConfig writes files, each headed by "-- name --", and returns a run of
// Graph on them that reaches graphProxy only. A line "SUM a@v1 b@v1" stands for
// the go.sum lines of these modules.
func graphConfig(t *testing.T, archive string, settings ...string) audit.Config {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{}
	var name string
	for line := range strings.Lines(archive) {
		if strings.HasPrefix(line, "-- ") && strings.HasSuffix(line, " --\n") {
			name = line[3 : len(line)-4]
			files[name] = ""
		} else if modules, ok := strings.CutPrefix(line, "SUM "); ok {
			files[name] += graphSums(t, strings.Fields(modules)...)
		} else if name != "" {
			files[name] += line
		}
	}
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "HASH", graphHash)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cfg := audit.Config{
		Target: &audit.Target{Dir: dir},
		Checks: []*audit.Check{Graph},
		Exec:   gocmd.Run,
		Environ: append(os.Environ(), "GOENV=off", "GOFLAGS=-modcacherw", "GOPROXY="+serveGraphProxy(t, ""), "GOSUMDB=off", "GOWORK=",
			"GOPRIVATE=", "GONOPROXY=", "GONOSUMDB=", "GOTOOLCHAIN=local", "GO111MODULE=", "GOMODCACHE="+filepath.Join(t.TempDir(), "mod")),
	}
	cfg.Environ = append(cfg.Environ, settings...)
	if _, ok := files["go.mod"]; ok {
		cfg.Target.ModFile = filepath.Join(dir, "go.mod")
	}
	if _, ok := files["go.work"]; ok && !slices.Contains(settings, "GOWORK=off") {
		cfg.Target.WorkFile = filepath.Join(dir, "go.work")
	}
	return cfg
}

// graphFindings lists the findings of Graph: rule, subject and place.
func graphFindings(rep *audit.Report) []string {
	var all []string
	for _, f := range rep.Findings {
		if strings.HasPrefix(f.Rule, "graph/") {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", strings.TrimPrefix(f.Rule, "graph/"), f.Subject.Name, f.Location)))
		}
	}
	slices.Sort(all)
	return all
}

func graphOutcome(t *testing.T, rep *audit.Report) audit.CheckResult {
	t.Helper()
	for _, c := range rep.Checks {
		if c.ID == Graph.ID {
			return c
		}
	}
	t.Fatal("the check did not run")
	return audit.CheckResult{}
}

const graphMain = "-- go.mod --\nmodule example.com/main\n\ngo 1.26\n\n" // ends before line 5

func TestGraph(t *testing.T) {
	for _, tt := range []struct {
		name, files string
		settings    []string
		updates     bool
		offline     bool
		want        []string
		reason      string // the ID of the reason for not-assessed
		contains    string // in that reason
	}{
		{name: "no dependencies", files: graphMain},
		{name: "nothing to say", files: graphMain + "require example.com/plain v1.0.0\n-- go.sum --\nSUM example.com/plain@v1.0.0\n"},
		{
			name: "what authors say",
			files: graphMain + `require (
	example.com/a v1.0.0
	example.com/b v0.0.0-20240102030405-0123456789ab
	example.com/old v2.0.0+incompatible
)
-- go.sum --
SUM example.com/a@v1.0.0 example.com/b@v0.0.0-20240102030405-0123456789ab example.com/old@v2.0.0+incompatible
`,
			want: []string{
				"deprecated example.com/b@v0.0.0-20240102030405-0123456789ab go.mod:7",
				"incompatible example.com/old@v2.0.0+incompatible go.mod:8",
				"pseudo-version example.com/b@v0.0.0-20240102030405-0123456789ab go.mod:7",
				"retracted example.com/a@v1.0.0 go.mod:6",
			},
		},
		{
			name:    "updates",
			updates: true,
			files:   graphMain + "require example.com/a v1.0.0\nrequire example.com/b v1.0.0\n-- go.sum --\nSUM example.com/a@v1.0.0 example.com/b@v1.0.0\n",
			want: []string{
				"deprecated example.com/b@v1.0.0 go.mod:6",
				"outdated example.com/a@v1.0.0 go.mod:5",
				"retracted example.com/a@v1.0.0 go.mod:5",
			},
		},
		{
			name: "replaced",
			files: graphMain + `require example.com/a v1.0.0
require example.com/b v1.0.0
require example.com/plain v1.0.0
require example.com/x v1.0.0
replace example.com/a => ./a
replace example.com/b => example.com/fork v1.0.1
replace example.com/plain v1.0.0 => example.com/plain v1.0.0
replace example.com/x => ../x
replace example.com/unused => ./unused
-- go.sum --
SUM example.com/fork@v1.0.1 example.com/plain@v1.0.0
-- a/go.mod --
module example.com/a
-- ../x/go.mod --
module example.com/x
`,
			want: []string{
				"replace-inside example.com/a@v1.0.0 go.mod:9",
				"replace-module example.com/b@v1.0.0 go.mod:10",
				"replace-outside example.com/x@v1.0.0 go.mod:12",
				"replace-unused example.com/unused go.mod:13",
				"replace-version example.com/plain@v1.0.0 go.mod:11",
				"retracted example.com/fork@v1.0.1 go.mod:6",
			},
		},
		{
			name:  "lines of dependencies do nothing",
			files: graphMain + "require example.com/dep v1.0.0\nrequire example.com/plain v1.0.0 // indirect\n-- go.sum --\nSUM example.com/dep@v1.0.0 example.com/plain@v1.0.0\n",
		},
		{
			name:    "not built",
			updates: true,
			files:   graphMain + "require example.com/wide v1.0.0\n-- go.sum --\nSUM example.com/wide@v1.0.0 example.com/a@v1.0.0\n",
			want:    []string{"retracted-not-built example.com/a@v1.0.0 go.mod"},
		},
		{
			name:  "not built, and nobody asked",
			files: graphMain + "require example.com/wide v1.0.0\n-- go.sum --\nSUM example.com/wide@v1.0.0 example.com/a@v1.0.0\n",
		},
		{
			name:  "before go 1.17 anything may be built",
			files: strings.Replace(graphMain, "1.26", "1.16", 1) + "require example.com/wide v1.0.0\n-- go.sum --\nSUM example.com/wide@v1.0.0 example.com/a@v1.0.0\n",
			want:  []string{"retracted example.com/a@v1.0.0 go.mod"},
		},
		{
			name:   "excluded",
			files:  graphMain + "require example.com/plain v1.0.0\nexclude example.com/plain v1.0.0\n",
			want:   []string{"excluded-required example.com/plain@v1.0.0 go.mod:5"},
			reason: "graph/incomplete", contains: "updates to go.mod needed",
		},
		{
			name:   "sums missing",
			files:  graphMain + "require example.com/plain v1.0.0\n",
			want:   []string{"sum-missing example.com/plain@v1.0.0 go.mod:5", "sum-missing-mod example.com/plain@v1.0.0 go.mod:5"},
			reason: "graph/incomplete", contains: "missing go.sum entry",
		},
		{
			name: "sums wrong",
			files: graphMain + `-- go.sum --
example.com/plain v1.0.0 HASH
example.com/plain v1.0.0 HASH
example.com/plain v1.0.0 h1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=
example.com/plain v1 HASH
>>>>>>>
`,
			want: []string{
				"sum-contradiction example.com/plain@v1.0.0 go.sum:3", "sum-duplicate example.com/plain@v1.0.0 go.sum:2",
				"sum-malformed go.sum go.sum:5", "sum-useless go.sum go.sum:4",
			},
		},
		{
			name:  "malformed sum and a dependency",
			files: graphMain + "require example.com/plain v1.0.0\n-- go.sum --\nSUM example.com/plain@v1.0.0\nx\n",
			want:  []string{"sum-malformed go.sum go.sum:3"}, reason: "graph/not-listed", contains: "go.sum:3: wrong number of fields 1",
		},
		{
			name:     "a proxy refuses",
			files:    graphMain + "require example.com/a v1.0.0\nrequire example.com/secret v1.0.0\n-- go.sum --\nSUM example.com/a@v1.0.0 example.com/secret@v1.0.0\n",
			settings: []string{},
			want:     []string{"retracted example.com/a@v1.0.0 go.mod:5", "status-refused example.com/secret@v1.0.0 go.mod:6"},
			reason:   "graph/status-unknown", contains: "1 of 2 modules (refused: 1)",
		},
		{
			name:   "a proxy answers with a web page",
			files:  graphMain + "require example.com/page v1.0.0\n-- go.sum --\nSUM example.com/page@v1.0.0\n",
			reason: "graph/status-unknown", contains: "invalid: 1",
		},
		{
			name:     "private, cold cache",
			files:    graphMain + "require example.invalid/x v1.0.0\n-- go.sum --\nexample.invalid/x v1.0.0 HASH\nexample.invalid/x v1.0.0/go.mod HASH\n",
			settings: []string{"GOPRIVATE=example.invalid", "GOVCS=*:off"},
			want:     []string{"module-error example.invalid/x@v1.0.0 go.mod:5", "private-unasked GONOPROXY=example.invalid"},
			reason:   "graph/incomplete", contains: "example.invalid/x",
		},
		{
			name:     "GOPROXY=off",
			files:    graphMain + "require example.com/a v1.0.0\n-- go.sum --\nSUM example.com/a@v1.0.0\n",
			settings: []string{"GOPROXY=off"},
			want:     []string{"module-error example.com/a@v1.0.0 go.mod:5"},
			reason:   "graph/incomplete", contains: "disabled by GOPROXY=off",
		},
		{
			name:     "offline",
			offline:  true,
			files:    graphMain + "require example.com/a v1.0.0\nreplace example.com/a => ./a\n-- a/go.mod --\nmodule example.com/a\n",
			want:     []string{"replace-inside example.com/a@v1.0.0 go.mod:6", "vendor-missing GOFLAGS -mod=vendor"},
			settings: []string{"GOFLAGS=-mod=vendor"},
		},
		{
			name:     "GOFLAGS=-mod=vendor",
			files:    graphMain + "require example.com/plain v1.0.0\n-- go.sum --\nSUM example.com/plain@v1.0.0\n",
			settings: []string{"GOFLAGS=-mod=vendor"},
			want:     []string{"vendor-missing GOFLAGS -mod=vendor"},
		},
		{
			name: "invalid go.mod", files: "-- go.mod --\nmodule example.com/main\n\nrequir x\n",
			reason: "graph/unreadable", contains: "go.mod:3: unknown directive: requir",
		},
		{
			name: "invalid go.work", files: "-- go.work --\ngo 1.26\nused .\n",
			reason: "graph/unreadable", contains: "go.work:2: unknown directive: used",
		},
		{
			name: "go.mod of a later Go", files: "-- go.mod --\nmodule example.com/main\n\ngo 1.999\n",
			reason: "graph/not-listed", contains: "requires go >= 1.999",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := graphConfig(t, tt.files, tt.settings...)
			cfg.Offline = tt.offline
			cfg.Settings = map[string]string{"updates": fmt.Sprint(tt.updates)}
			rep := runCheck(t, cfg)
			if d := cmp.Diff(tt.want, graphFindings(rep)); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
			demandGraphOutcome(t, rep, tt.reason, tt.contains)
		})
	}
}

func demandGraphOutcome(t *testing.T, rep *audit.Report, reason, contains string) {
	t.Helper()
	got := graphOutcome(t, rep)
	if got.ReasonID != reason || !strings.Contains(got.Reason, contains) {
		t.Errorf("outcome %s %s: %q, want %s ...%q...", got.Outcome, got.ReasonID, got.Reason, reason, contains)
	}
	if reason != "" && got.Outcome != audit.Unassessed && got.Outcome != audit.Failed || reason == "" && got.Outcome == audit.Unassessed {
		t.Errorf("outcome %s", got.Outcome)
	}
}

// TestGraphAccepted: a waiver that holds stands for what a proxy refuses to
// say, one that has expired or is about another module does not.
func TestGraphAccepted(t *testing.T) {
	for subject, tt := range map[string]struct {
		days   int
		reason string
	}{
		"example.com/secret@v1.0.0": {30, ""},
		"example.com/secret@v1.0.1": {30, "graph/status-unknown"},
		"example.com/secret*":       {-30, "graph/status-unknown"},
	} {
		cfg := graphConfig(t, graphMain+"require example.com/secret v1.0.0\n-- go.sum --\nSUM example.com/secret@v1.0.0\n")
		cfg.Policy = audit.DefaultPolicy()
		cfg.Policy.Waivers = []audit.Waiver{{Rule: "graph/status-refused", Subject: subject, Reason: "r", Owner: "o", Expires: audit.Date{Time: time.Now().AddDate(0, 0, tt.days)}}}
		demandGraphOutcome(t, runCheck(t, cfg), tt.reason, "")
	}
}

func TestGraphVendor(t *testing.T) {
	for _, tt := range []struct {
		name, files string
		want        []string
	}{
		{"not explicit", graphMain + "require example.com/plain v1.0.0\n-- go.sum --\nSUM example.com/plain@v1.0.0\n-- vendor/modules.txt --\n#\n",
			[]string{"vendor-not-explicit example.com/plain@v1.0.0 go.mod:5"}},
		{"not required", graphMain + "-- vendor/modules.txt --\n# example.com/plain v1.0.0\n## explicit\nexample.com/plain\n",
			[]string{"vendor-not-required example.com/plain@v1.0.0 vendor/modules.txt:1"}},
		{"replacements", graphMain + `require example.com/a v1.0.0
require example.com/b v1.0.0
replace example.com/a => ./a
replace example.com/b => ./b
-- a/go.mod --
module example.com/a
-- b/go.mod --
module example.com/b
-- vendor/modules.txt --
# example.com/a v1.0.0 => ./c
## explicit
# example.com/a => ./c
# example.com/b v1.0.0
## explicit
# example.com/c => ./c
`, []string{
			"replace-inside example.com/a@v1.0.0 go.mod:7", "replace-inside example.com/b@v1.0.0 go.mod:8",
			"vendor-not-replaced example.com/b go.mod:8", "vendor-replaced-needlessly example.com/c vendor/modules.txt:6",
			"vendor-replaced-otherwise example.com/a go.mod:7",
		}},
		{"version", strings.Replace(graphMain, "1.26", "1.13", 1) + "require example.com/plain v1.0.0\n-- go.sum --\nSUM example.com/plain@v1.0.0\n-- vendor/modules.txt --\n# example.com/plain v1.1.0\nexample.com/plain\n",
			[]string{"vendor-version example.com/plain@v1.0.0 go.mod:5"}},
		{"no list", graphMain + "-- vendor/x/x.go --\npackage x\n", []string{"vendor-no-list vendor vendor/modules.txt"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rep := runCheck(t, graphConfig(t, tt.files))
			if d := cmp.Diff(tt.want, graphFindings(rep)); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
			demandGraphOutcome(t, rep, "", "")
		})
	}
}

func TestGraphWorkspace(t *testing.T) {
	const work = "-- go.work --\ngo 1.25\n\nuse ./m\n"
	const m = "-- m/go.mod --\nmodule example.com/m\n\ngo 1.25\n\n"
	for _, tt := range []struct {
		name, files string
		settings    []string
		want        []string
		reason      string
	}{
		{name: "plain", files: work + m},
		{name: "not used", files: work + m + "require example.com/plain v1.0.0\n-- m/go.sum --\nSUM example.com/plain@v1.0.0\n-- plain/go.mod --\nmodule example.com/plain\n",
			want: []string{"work-not-used example.com/plain plain/go.mod"}},
		{name: "replaced twice", files: work + "replace example.com/plain => ./plain\n" + m + `require example.com/plain v1.0.0
replace example.com/plain => ../other
-- plain/go.mod --
module example.com/plain
`, want: []string{"replace-inside example.com/plain@v1.0.0 go.work:4", "work-replace example.com/plain go.work:4"}},
		{name: "replaced alike", files: work + "replace example.com/plain => ./plain\n" + m + `require example.com/plain v1.0.0
replace example.com/plain => ../plain
-- plain/go.mod --
module example.com/plain
`, want: []string{"replace-inside example.com/plain@v1.0.0 go.work:4"}},
		{name: "outside and broken", files: work + "use ../outside\n" + m,
			want: []string{"work-use-broken ../outside go.work:4", "work-use-outside ../outside go.work:4"}, reason: "graph/not-listed"},
		{name: "older", files: strings.Replace(work, "1.25", "1.24", 1) + m,
			want: []string{"work-go-older example.com/m go.work:3"}, reason: "graph/not-listed"},
		{name: "off", files: work + m + graphMain, settings: []string{"GOWORK=off"}, want: []string{"work-off go.work"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rep := runCheck(t, graphConfig(t, tt.files, tt.settings...))
			if d := cmp.Diff(tt.want, graphFindings(rep)); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
			demandGraphOutcome(t, rep, tt.reason, "")
		})
	}
}

func TestGraphRecorded(t *testing.T) {
	const files = graphMain + "require example.com/plain v1.0.0\n-- go.sum --\nSUM example.com/plain@v1.0.0\n"
	const whole = `{"Path": "example.com/main", "Main": true}
{"Path": "example.com/plain", "Version": "v1.0.0", "Origin": {"VCS": "git", "URL": "https://git.example/plain"}}
`
	for _, tt := range []struct{ name, list, reason, contains string }{
		{"whole", whole, "", ""},
		{"cut", whole[:len(whole)-10], "graph/recorded-invalid", "after 1 modules"},
		{"empty", "", "graph/recorded-differs", "example.com/main"},
		{"of another module", strings.Replace(whole, "example.com/main", "example.com/other", 1), "graph/recorded-differs", "example.com/main"},
		{"older", strings.Replace(whole, "v1.0.0", "v0.9.0", 1), "graph/recorded-differs", "example.com/plain@v1.0.0"},
		{"with errors", strings.Replace(whole, `"Origin"`, `"Error": {"Err": "no"}, "Origin"`, 1), "graph/recorded-failed", "example.com/plain@v1.0.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := graphConfig(t, files)
			cfg.Recorded = map[string][]byte{"graph": []byte(tt.list)}
			rep := runCheck(t, cfg)
			demandGraphOutcome(t, rep, tt.reason, tt.contains)
			facts := factsOf[GraphFacts](t, rep, Graph)
			if facts.Source != GraphRecorded || facts.Complete != (tt.reason == "") {
				t.Errorf("source %s, complete %v", facts.Source, facts.Complete)
			}
		})
	}
}

// That a proxy does not say whether a major version exists is no "no".
func TestGraphMajorUnknown(t *testing.T) {
	rep := runCheck(t, graphConfig(t, graphMain+`require (
	example.com/old v2.0.0+incompatible
	example.com/walled v2.0.0+incompatible
)
-- go.sum --
SUM example.com/old@v2.0.0+incompatible example.com/walled@v2.0.0+incompatible
`))
	got := map[string]GraphStatus{}
	for _, m := range factsOf[GraphFacts](t, rep, Graph).Modules {
		if m.Status != nil {
			got[m.Path] = *m.Status
		}
	}
	if old := got["example.com/old"]; old.Major != "example.com/old/v2" || old.MajorUnknown {
		t.Errorf("old: %+v", old)
	}
	if walled := got["example.com/walled"]; walled.Major != "" || !walled.MajorUnknown {
		t.Errorf("walled: %+v", walled)
	}
}

// The files that the environment puts in the place of the target's are judged.
func TestGraphInForce(t *testing.T) {
	alt := strings.Replace(graphMain, "go.mod", "alt.mod", 1) + "require example.com/plain v1.0.0\nreplace example.com/plain => ./plain\n-- plain/go.mod --\nmodule example.com/plain\n"
	rep := runCheck(t, graphConfig(t, graphMain+alt, "GOFLAGS=-modfile=alt.mod"))
	if d := cmp.Diff([]string{"replace-inside example.com/plain@v1.0.0 alt.mod:6"}, graphFindings(rep)); d != "" {
		t.Errorf("-modfile (-want +got):\n%s", d)
	}

	cfg := graphConfig(t, graphMain+"-- work/go.work --\ngo 1.26\n\nuse (\n\t..\n\t../other\n)\n-- other/go.mod --\nmodule example.com/other\n\ngo 1.26\n")
	cfg.Environ = append(cfg.Environ, "GOWORK="+filepath.Join(cfg.Target.Dir, "work", "go.work"))
	facts := factsOf[GraphFacts](t, runCheck(t, cfg), Graph)
	if facts.Workspace == nil || facts.Workspace.File != "work/go.work" || facts.Counts.Main != 2 {
		t.Errorf("GOWORK: %+v, %+v", facts.Workspace, facts.Counts)
	}
}

// A recorded list can be judged far from its module.
func TestGraphRecordedAlone(t *testing.T) {
	cfg := graphConfig(t, "-- notes.txt --\nnothing\n", "GOPRIVATE=example.invalid")
	cfg.Target.ModFile = ""
	cfg.Recorded = map[string][]byte{"graph": []byte(`{"Path": "example.com/main", "Main": true}
{"Path": "example.com/a", "Version": "v1.0.0"}
{"Path": "example.invalid/x", "Version": "v1.0.0"}
`)}
	rep := runCheck(t, cfg)
	want := []string{"private-unasked GONOPROXY=example.invalid", "retracted example.com/a@v1.0.0"}
	if d := cmp.Diff(want, graphFindings(rep)); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
	demandGraphOutcome(t, rep, "", "")
	cfg.Recorded = nil
	if res, _ := runCheck(t, cfg).Check("graph"); res.Outcome != audit.Errored {
		t.Errorf("nothing to judge: %+v", res)
	}
}

func TestGraphFacts(t *testing.T) {
	cfg := graphConfig(t, graphMain+`require example.com/a v1.0.0
require example.com/b v0.0.0-20240102030405-0123456789ab // indirect
require example.invalid/x v1.0.0
replace example.invalid/x => example.com/fork v1.0.1
-- go.sum --
SUM example.com/a@v1.0.0 example.com/b@v0.0.0-20240102030405-0123456789ab example.com/fork@v1.0.1
`, "GOPRIVATE=example.invalid")
	rep := runCheck(t, cfg)
	facts := factsOf[GraphFacts](t, rep, Graph)
	if want := (GraphCounts{Modules: 3, Main: 1, Indirect: 1, Module: 1, Pseudo: 1, Private: 1, Retracted: 2, Deprecated: 1}); facts.Counts != want {
		t.Errorf("counts %+v, want %+v", facts.Counts, want)
	}
	byPath := map[string]GraphModule{}
	for _, m := range facts.Modules {
		byPath[m.Path] = m
	}
	a, b, x := byPath["example.com/a"], byPath["example.com/b"], byPath["example.invalid/x"]
	if a.Route == nil || a.Route.Basis != modproxy.Inferred || a.Route.Steps[0].Kind != modproxy.Proxy || a.Status.Latest != "v1.1.0" || a.Evidence == "" {
		t.Errorf("a: %+v", a)
	}
	if b.Pseudo == nil || b.Pseudo.Revision != "0123456789ab" || b.Pseudo.Time.Year() != 2024 || !b.Indirect {
		t.Errorf("b: %+v", b)
	}
	if x.Private != "example.invalid" || x.Route.Direct() || x.Replaced != ReplacedByModule {
		t.Errorf("x: %+v", x)
	}
	if len(facts.ModFiles) != 1 || len(facts.ModFiles[0].Replace) != 1 || facts.ModFiles[0].Replace[0].Line != 8 {
		t.Errorf("files: %+v", facts.ModFiles)
	}
	if data, _ := json.Marshal(facts); strings.Contains(string(data), cfg.Target.Dir) {
		t.Errorf("a folder of this machine in %s", data)
	}
}

// No go command at all, and one that fails.
func TestGraphGoCommand(t *testing.T) {
	cfg := graphConfig(t, graphMain)
	cfg.Exec = func(cmd *exec.Cmd) ([]byte, error) {
		return nil, &gocmd.Error{Args: cmd.Args, Err: exec.ErrNotFound}
	}
	if got := graphOutcome(t, runCheck(t, cfg)); got.Outcome != audit.Unassessed {
		t.Errorf("no go command: %+v", got)
	}
	cfg.Exec = func(cmd *exec.Cmd) ([]byte, error) {
		if slices.Contains(cmd.Args, "list") {
			return nil, &gocmd.Error{Args: cmd.Args, Stderr: "go: the disk is full", Err: &exec.ExitError{}}
		}
		return gocmd.Run(cmd)
	}
	demandGraphOutcome(t, runCheck(t, cfg), "graph/not-listed", "the disk is full")
}

// A proxy that answers every request with a web page.
func TestGraphWebPage(t *testing.T) {
	cfg := graphConfig(t, graphMain+"require example.com/plain v1.0.0\n-- go.sum --\nSUM example.com/plain@v1.0.0\n",
		"GOPROXY="+serveGraphProxy(t, "<html>log in</html>"))
	rep := runCheck(t, cfg)
	if got := graphOutcome(t, rep); got.Outcome != audit.Unassessed {
		t.Errorf("got %+v", got)
	}
	facts := factsOf[GraphFacts](t, rep, Graph)
	for _, m := range facts.Modules {
		if m.Status != nil && m.Status.State == modproxy.Known {
			t.Errorf("%+v", m)
		}
	}
}

// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/internal/machine"
)

// upgradeModules are what the tests' proxy has: the go line and requirements.
var upgradeModules = map[string]string{
	"example.com/lib@v1.1.0":  "go 1.21",
	"example.com/lib@v1.9.0":  "go 1.25.3\nrequire example.com/dep v1.2.0",
	"example.com/lib@v1.9.5":  "go 1.21",
	"example.com/lib@v1.9.6":  "go 1.21",
	"example.com/lib@v1.9.8":  "go 1.21",
	"example.com/dep@v1.0.0":  "go 1.21",
	"example.com/dep@v1.2.0":  "go 1.21",
	"example.com/dep@v1.2.5":  "go 1.21",
	"example.com/wide@v1.0.0": "go 1.21\nrequire example.com/dep v1.2.0",
	"example.com/wide@v1.1.0": "go 1.21\nrequire example.com/dep v1.2.5",
	"example.com/user@v1.0.0": "go 1.21\nrequire example.com/lib v1.1.0",
	"example.com/user@v1.1.0": "go 1.21\nrequire example.com/lib v1.9.5",
	"example.com/user@v1.2.0": "go 1.21\nrequire example.com/lib v1.9.8",
	"example.com/late@v1.0.0": "go 1.21",
	"example.com/late@v1.1.0": "go 1.99",
	"example.com/gone@v1.0.0": "go 1.21",
	"example.com/fork@v1.1.0": "go 1.21",
	"example.com/fork@v1.2.0": "go 1.21",
	"example.com/bad@v1.0.0":  "go 1.21",
	"example.com/bad@v1.1.0":  "go 1.21",
	"example.com/bad@v1.2.0":  "go 1.21\nretract v1.1.0 // deletes files",
}

// upgradeRanges are what the tests' database has: ID, module, introduced, fixed.
var upgradeRanges = [][4]string{
	{"L-1", "example.com/lib", "0", "1.9.0"},
	{"L-2", "example.com/lib", "1.9.5", "1.9.6"},
	{"L-3", "example.com/lib", "1.9.8", ""},
	{"D-1", "example.com/dep", "1.2.0", "1.3.0"},
	{"U-1", "example.com/user", "0", "1.1.0"},
	{"U-2", "example.com/user", "1.1.0", "1.1.1"},
	{"T-1", "example.com/late", "0", "1.1.0"},
	{"G-1", "example.com/gone", "0", "1.1.0"},
	{"F-1", "example.com/fork", "0", "1.2.0"},
	{"W-1", "example.com/wide", "0", "1.1.0"},
	{"B-1", "example.com/bad", "0", "1.1.0"},
}

func upgradeDB(t *testing.T, left ...string) string {
	return upgradeDBOf(t, slices.DeleteFunc(slices.Clone(upgradeRanges), func(r [4]string) bool { return slices.Contains(left, r[0]) }))
}

func upgradeDBOf(t *testing.T, ranges [][4]string) string {
	t.Helper()
	const at = "2026-01-01T00:00:00Z"
	files, modules, ids := map[string]string{"index/db.json": `{"modified":"` + at + `"}`}, map[string][]string{}, []string{}
	for _, r := range ranges {
		fixed, event := "", ""
		if r[3] != "" {
			fixed, event = fmt.Sprintf(`,"fixed":%q`, r[3]), fmt.Sprintf(`,{"fixed":%q}`, r[3])
		}
		ids = append(ids, fmt.Sprintf(`{"id":%q,"modified":%q}`, r[0], at))
		modules[r[1]] = append(modules[r[1]], fmt.Sprintf(`{"id":%q,"modified":%q%s}`, r[0], at, fixed))
		files["ID/"+r[0]+".json"] = fmt.Sprintf(`{"id":%q,"modified":%q,"published":%[2]q,"affected":[{"package":{"name":%[3]q,"ecosystem":"Go"},
			"ranges":[{"type":"SEMVER","events":[{"introduced":%[4]q}%[5]s]}]}]}`, r[0], at, r[1], r[2], event)
	}
	var list []string
	for path, vulns := range modules {
		list = append(list, fmt.Sprintf(`{"path":%q,"vulns":[%s]}`, path, strings.Join(vulns, ",")))
	}
	files["index/modules.json"], files["index/vulns.json"] = "["+strings.Join(list, ",")+"]", "["+strings.Join(ids, ",")+"]"
	dir := t.TempDir()
	writeTree(t, dir, files)
	return dir
}

func upgradeProxy(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mod, file, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/@v/")
		version := strings.TrimSuffix(file, path.Ext(file))
		text, ok := upgradeModules[mod+"@"+version]
		text = fmt.Sprintf("module %s\n\n%s\n", mod, text)
		switch {
		case file == "list":
			for m := range upgradeModules {
				if p, v, _ := strings.Cut(m, "@"); p == mod {
					fmt.Fprintln(w, v)
				}
			}
		case !ok:
			http.NotFound(w, r)
		case path.Ext(file) == ".info":
			fmt.Fprintf(w, `{"Version":%q,"Time":"2024-01-01T00:00:00Z"}`, version)
		case path.Ext(file) == ".mod":
			io.WriteString(w, text)
		default:
			z := zip.NewWriter(w)
			for name, content := range map[string]string{"go.mod": text, "x.go": "package " + path.Base(mod) + "\n"} {
				f, err := z.Create(mod + "@" + version + "/" + name)
				if err != nil {
					panic(err)
				}
				io.WriteString(f, content)
			}
			z.Close()
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// upgradeTree is a run of Vuln on a module that imports modules, whose files are tidy.
func upgradeTree(t *testing.T, uses, more string, left ...string) audit.Config {
	t.Helper()
	mod, program := "module example.com/m\n\ngo 1.24\n\n"+more+"\n", "package main\n\nimport (\n"
	for use := range strings.FieldsSeq(uses) {
		path, version, _ := strings.Cut(use, "@")
		mod += "require " + path + " " + version + "\n"
		program += "\t_ \"" + path + "\"\n"
	}
	cfg := sbomTree(t, map[string]string{"go.mod": mod, "main.go": program + ")\n\nfunc main() {}\n"})
	cfg.Offline = false
	cfg.Environ = append(cfg.Environ, "GOPROXY="+upgradeProxy(t), "GOSUMDB=off", "GONOPROXY=none", "GOVCS=*:off", "GOVULNDB=")
	cmd := exec.Command("go", "mod", "tidy")
	cmd.Dir, cmd.Env = cfg.Target.Dir, cfg.Environ
	if _, err := gocmd.Run(cmd); err != nil {
		t.Fatal(err)
	}
	cfg.Checks = []*audit.Check{Vuln}
	cfg.Now = func() time.Time { return time.Date(2026, 1, 11, 0, 0, 0, 0, time.UTC) }
	cfg.Settings = map[string]string{SettingVulnDB: upgradeDB(t, left...), SettingVulnLevel: "module"}
	return cfg
}

// upgradesTold writes what is said of upgrades: for each its graph, then of the target.
func upgradesTold(target VulnTarget) string {
	var out []string
	for _, u := range target.Upgrades {
		out = append(out, strings.TrimSpace(strings.TrimPrefix(u.Module, "example.com/")+" "+string(u.Graph)+" "+u.Selected))
	}
	if target.Command != "" {
		out = append(out, target.Command)
	}
	for _, m := range target.Moves {
		out = append(out, m.Path+" "+m.From+"->"+m.To)
	}
	if target.GoLine != nil {
		out = append(out, "go "+target.GoLine.To)
	}
	return strings.Join(append(out, target.Brings...), "; ")
}

// TestVulnUpgrade: whether the go command makes the upgrade, and what else it makes.
func TestVulnUpgrade(t *testing.T) {
	for _, test := range []struct {
		name, uses, more, left string // left: out of the database
		want                   string
		remedy, zh             string // of the first vulnerability
	}{
		{"allowed", "example.com/lib@v1.1.0 example.com/dep@v1.0.0", "", "", "lib allowed v1.9.0; go get example.com/lib@v1.9.0; example.com/dep v1.0.0->v1.2.0; go 1.25.3; D-1 example.com/dep@v1.2.0",
			"go get: example.com/lib@v1.9.0, all upgrades together raise the go line to: 1.25.3", "执行 go get：example.com/lib@v1.9.0、全部升级后 go 指令将提升至：1.25.3"},
		{"raised, and raised again", "example.com/lib@v1.1.0 example.com/user@v1.0.0", "", "U-2", "lib raised v1.9.6; user allowed v1.1.0; go get example.com/lib@v1.9.6 example.com/user@v1.1.0",
			"go get: example.com/lib@v1.9.6, others require a later version than the fixed one: v1.9.0", ""},
		{"raised to what is affected", "example.com/lib@v1.1.0 example.com/user@v1.0.0", "replace example.com/user v1.1.0 => example.com/user v1.2.0", "U-2",
			"lib raised v1.9.8; user allowed v1.1.0; go get example.com/lib@v1.9.8 example.com/user@v1.1.0", "go get: example.com/lib@v1.9.8, others require a later version than the fixed one: v1.9.0, which still is affected by: L-3", ""},
		{"raised, and the next fix is not there", "example.com/user@v1.0.0 example.com/lib@v1.1.0", "exclude example.com/lib v1.9.6", "U-2",
			"lib raised v1.9.5; user allowed v1.1.0; go get example.com/lib@v1.9.5 example.com/user@v1.1.0", "go get: example.com/lib@v1.9.5, others require a later version than the fixed one: v1.9.0, which still is affected by: L-2", ""},
		{"a move that brings nothing new", "example.com/wide@v1.0.0", "", "", "wide allowed v1.1.0; go get example.com/wide@v1.1.0; example.com/dep v1.2.0->v1.2.5", "go get: example.com/wide@v1.1.0", ""},
		{"none published", "example.com/user@v1.0.0 example.com/lib@v1.9.6", "", "", "user unavailable", "upgrade to: example.com/user@v1.1.1, go get cannot have that version: go: ", ""},
		{"some", "example.com/gone@v1.0.0 example.com/late@v1.0.0 example.com/lib@v1.1.0", "", "", "gone unavailable; late newer-go; lib allowed v1.9.0; go get example.com/lib@v1.9.0; example.com/dep ->v1.2.0; go 1.25.3; D-1 example.com/dep@v1.2.0",
			"upgrade to: example.com/gone@v1.1.0, go get cannot have that version: go: ", ""},
		{"newer Go", "example.com/late@v1.0.0", "", "", "late newer-go", "go get: example.com/late@v1.1.0, it needs a later Go than the one in use, at least: 1.99", ""},
		{"excluded", "example.com/lib@v1.1.0", "exclude example.com/lib v1.9.0", "", "lib excluded", "go get: example.com/lib@v1.9.0, the exclude line of this version has to go first", ""},
		{"replaced", "example.com/dep@v1.0.0 example.com/gone@v1.0.0", "replace example.com/dep => example.com/fork v1.1.0", "G-1", "fork replaced",
			"upgrade to: example.com/fork@v1.2.0, go get alone changes nothing, change the replace line: example.com/dep => example.com/fork v1.1.0", ""},
		{"replaced beside another", "example.com/dep@v1.0.0 example.com/lib@v1.1.0", "replace example.com/dep => example.com/fork v1.1.0", "", "fork replaced; lib allowed v1.9.0; go get example.com/lib@v1.9.0; example.com/dep v1.0.0->v1.2.0; go 1.25.3",
			"upgrade to: example.com/fork@v1.2.0, go get alone changes nothing, change the replace line: example.com/dep => example.com/fork v1.1.0", ""},
		{"retracted", "example.com/bad@v1.0.0", "", "", "bad allowed v1.1.0; go get example.com/bad@v1.1.0", "go get: example.com/bad@v1.1.0, its authors retracted that version: deletes files", ""},
		{"no fix", "example.com/lib@v1.9.8", "", "", "lib", "there is no fix yet", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := upgradeTree(t, test.uses, test.more, test.left)
			before := hashTree(t, cfg.Target.Dir)
			rep := runCheck(t, cfg)
			target := factsOf[VulnFacts](t, rep, Vuln).Targets[0]
			if got := upgradesTold(target); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if d := cmp.Diff(before, hashTree(t, cfg.Target.Dir)); d != "" {
				t.Error(d)
			}
			if got := rep.Findings[0].Remedy; !strings.HasPrefix(got, test.remedy) || !strings.HasSuffix(test.remedy, ": ") && got != test.remedy {
				t.Errorf("remedy %s\nwant   %s", got, test.remedy)
			}
			if !strings.Contains(rep.Findings[0].Message, "published: 2026-01-01, age in days: 10") {
				t.Error(rep.Findings[0].Message)
			}
			if test.zh != "" {
				cfg.Lang = audit.Chinese
				if got := runCheck(t, cfg).Findings[0].Remedy; got != test.zh {
					t.Error(got)
				}
			}
		})
	}
}

func hashTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(data)
	}
	return files
}

// TestVulnUpgradeUnknown: what the go command does not say is not allowed.
func TestVulnUpgradeUnknown(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*audit.Config)
		reason string
	}{
		"offline": {func(c *audit.Config) { c.Offline = true }, "not in the module cache"},
		"baseline": {func(c *audit.Config) {
			c.Exec = failing("-modfile=", errors.New("broken"))
		}, "broken"},
		"repeated": {func(c *audit.Config) { c.Exec = failing("-modfile=", errors.New("a\nb\na\nb")) }, "a; b"},
		"long":     {func(c *audit.Config) { c.Exec = failing("-modfile=", errors.New(strings.Repeat("x", 1000))) }, strings.Repeat("x", maxUpgradeReason) + " ..."},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := upgradeTree(t, "example.com/lib@v1.1.0", "")
			test.change(&cfg)
			rep := runCheck(t, cfg)
			u := factsOf[VulnFacts](t, rep, Vuln).Targets[0].Upgrades[0]
			if u.Graph != GraphUnknown || u.Command != "" || !strings.Contains(u.Reason, test.reason) || strings.Count(u.Reason, "; ") > 1 {
				t.Errorf("%+v", u)
			}
			if !strings.Contains(rep.Findings[0].Remedy, "go get: example.com/lib@v1.9.0, whether the build list allows it is not known: ") {
				t.Error(rep.Findings[0].Remedy)
			}
		})
	}
}

// failing runs commands but those with an argument that begins so.
func failing(argument string, err error) func(*exec.Cmd) ([]byte, error) {
	return func(cmd *exec.Cmd) ([]byte, error) {
		if slices.ContainsFunc(cmd.Args, func(a string) bool { return strings.HasPrefix(a, argument) }) {
			return nil, err
		}
		return gocmd.Run(cmd)
	}
}

// upgradeFake is a question about a module whose build list is what its go.mod
// file requires; refuse says why that cannot be, with the go command's words.
func upgradeFake(t *testing.T, refuse func(require map[string]string) error) (*upgradeQuestion, []*VulnUpgrade) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "go.mod"), "module example.com/m\n\ngo 1.24\n")
	db, err := vulns.Open(t.Context(), upgradeDB(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	run := func(cmd *exec.Cmd) ([]byte, error) {
		if cmd.Args[1] == "env" {
			return []byte(`{"GOVERSION":"go1.26.8"}`), nil
		}
		require := map[string]string{}
		for _, arg := range cmd.Args {
			if file, ok := strings.CutPrefix(arg, "-modfile="); ok {
				f, err := modgraph.ReadModFile(file)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range f.Require {
					require[r.Path] = r.Version
				}
			}
		}
		if err := refuse(require); err != nil {
			return nil, err
		}
		out := `{"Path":"example.com/m","Main":true}`
		for path, version := range require {
			out += fmt.Sprintf(`{"Path":%q,"Version":%q}`, path, version)
		}
		return []byte(out), nil
	}
	trial, err := modgraph.NewTrial(t.Context(), modgraph.Options{Dir: dir, Run: run})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { trial.Close() })
	target := &VulnTarget{Kind: "module", assessment: &vulns.Assessment{}}
	for i := range maxUpgradeQuestions + 2 {
		u := vulns.Upgrade{Module: fmt.Sprintf("example.com/m%02d", i), To: "v1.1.0"}
		target.Upgrades = append(target.Upgrades, VulnUpgrade{Upgrade: u, want: u.To})
	}
	var all []*VulnUpgrade
	for i := range target.Upgrades {
		all = append(all, &target.Upgrades[i])
	}
	pass := &audit.Pass{Target: &audit.Target{Dir: dir}}
	return &upgradeQuestion{vulnRun: &vulnRun{Pass: pass, db: db}, t: target, trial: trial}, all
}

// TestVulnUpgradeTogether: what is possible alone and not together has no one
// command, and of very many each alone is not asked about.
func TestVulnUpgradeTogether(t *testing.T) {
	failed := &gocmd.Error{Stderr: "go: it cannot be"}
	q, all := upgradeFake(t, func(require map[string]string) error {
		if len(require) > 1 {
			return failed
		}
		return nil
	})
	change, err := q.all(t.Context(), all)
	if change != nil || err != nil || all[0].Command != "go get example.com/m00@v1.1.0" || all[maxUpgradeQuestions].Graph != GraphUnknown || all[maxUpgradeQuestions].Command != "" {
		t.Errorf("%v %v %+v", change, err, *all[0])
	}
	for _, fails := range []int{1, 2, 7} { // at the first, alone, and at the last, together
		asked := 0
		q, all := upgradeFake(t, func(require map[string]string) error {
			if len(require) == 0 {
				return nil
			}
			if asked++; asked == fails {
				return exec.ErrNotFound
			}
			if asked == 1 || require["example.com/m01"] != "" {
				return failed
			}
			return nil
		})
		ask := all[:3]
		if fails == 1 {
			ask = all[:1]
		}
		if _, err := q.all(t.Context(), ask); !errors.Is(err, exec.ErrNotFound) {
			t.Errorf("%d: %v", fails, err)
		}
	}
}

// TestVulnUpgradeDatabase: a database that ends to answer is an error.
func TestVulnUpgradeDatabase(t *testing.T) {
	q, all := upgradeFake(t, func(map[string]string) error { return nil })
	dir := upgradeDB(t)
	db, err := vulns.Open(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "ID")); err != nil {
		t.Fatal(err)
	}
	q.db = db
	lib := &VulnUpgrade{Upgrade: vulns.Upgrade{Module: "example.com/lib", To: "v1.0.0"}, want: "v1.1.0"}
	for name, err := range map[string]error{
		"upgrades": q.upgrade(t.Context(), q.t, []vulns.Vulnerability{{ID: "L-1", Module: "example.com/lib", Version: "v1.1.0"}}),
		"raised":   second(q.question(t.Context(), []*VulnUpgrade{lib})),
		"moves": func() error {
			q.t.Upgrades[0].Graph = GraphAllowed
			return q.conclude(t.Context(), &modgraph.Change{Moves: []modgraph.Move{{Path: all[0].Module}, {Path: "example.com/lib", To: "v1.1.0"}}})
		}(),
	} {
		if err == nil || !strings.Contains(err.Error(), "vuln/no-database") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestVulnUpgradeVersion(t *testing.T) {
	for _, test := range [][3]string{
		{"example.com/big", "v2.0.1", "v2.0.1+incompatible"}, {"example.com/big/v2", "v2.0.1", "v2.0.1"}, {"example.com/big", "v1.0.1", "v1.0.1"}, {"a b", "v2.0.1", "v2.0.1"},
	} {
		if got := getVersion(test[0], test[1]); got != test[2] {
			t.Errorf("%s: %s", test, got)
		}
	}
}

// TestVulnUpgradeRefused: every refusal of the go command has its word.
func TestVulnUpgradeRefused(t *testing.T) {
	q := &upgradeQuestion{vulnRun: &vulnRun{Pass: &audit.Pass{Target: &audit.Target{Dir: "x"}}}}
	for refusal, want := range map[modgraph.Refusal]UpgradeGraph{
		modgraph.Excluded: GraphExcluded, modgraph.NewerGo: GraphNewerGo, modgraph.Unavailable: GraphUnavailable, modgraph.MainModule: GraphMainModule,
		modgraph.NotAnswered: GraphUnknown, "": GraphUnknown,
	} {
		u := &VulnUpgrade{}
		if err := q.refuse(u, &modgraph.TrialError{Refusal: refusal, Go: "1.99", Err: errors.New("said")}); err != nil || u.Graph != want || u.Reason != "said" || (u.Go != "") != (want == GraphNewerGo) {
			t.Errorf("%s: %+v %v", refusal, u, err)
		}
	}
}

// TestVulnUpgradeWorkspace: each main module has its own go get, in its folder.
func TestVulnUpgradeWorkspace(t *testing.T) {
	cfg := upgradeTree(t, "example.com/lib@v1.1.0", "")
	writeTree(t, cfg.Target.Dir, map[string]string{
		"go.work":     "go 1.24\n\nuse (\n\t.\n\t./b\n)\n",
		"b/go.mod":    "module example.com/b\n\ngo 1.24\n\nrequire example.com/user v1.0.0\n\nrequire example.com/lib v1.1.0 // indirect\n",
		"b/main.go":   "package main\n\nimport _ \"example.com/user\"\n\nfunc main() {}\n",
		"go.work.sum": "",
	})
	cmd := exec.Command("go", "mod", "tidy")
	cmd.Dir, cmd.Env = filepath.Join(cfg.Target.Dir, "b"), cfg.Environ
	if _, err := gocmd.Run(cmd); err != nil {
		t.Fatal(err)
	}
	cfg.Target.WorkFile = filepath.Join(cfg.Target.Dir, "go.work")
	cfg.Settings[SettingVulnDB] = upgradeDB(t, "U-2")
	targets := factsOf[VulnFacts](t, runCheck(t, cfg), Vuln).Targets
	var got []string
	for _, target := range targets {
		got = append(got, target.Name+": "+target.Command)
	}
	want := []string{"example.com/b: go get example.com/user@v1.1.0", "example.com/m: go get example.com/lib@v1.9.0"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestVulnUpgradeMain: no command upgrades the module that is checked out.
func TestVulnUpgradeMain(t *testing.T) {
	machine.Need(t, "git")
	upgrade := [4]string{"M-1", "example.com/m", "0", "1.1.0"}
	cfg := upgradeTree(t, "", "")
	cfg.Settings[SettingVulnDB] = upgradeDBOf(t, append(slices.Clone(upgradeRanges), upgrade))
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "a"}, {"tag", "v1.0.0"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = cfg.Target.Dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	rep := runCheck(t, cfg)
	if got := upgradesTold(factsOf[VulnFacts](t, rep, Vuln).Targets[0]); got != "m main-module" || rep.Findings[0].Remedy != "it is this module itself, check out a later version: v1.1.0" {
		t.Error(got, rep.Findings[0].Remedy)
	}
}

// TestVulnAge: the age is that of the entry, at the time of the audit.
func TestVulnAge(t *testing.T) {
	now := time.Date(2026, 1, 11, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		published time.Time
		days      int // -1: not known
		want      string
	}{
		{time.Time{}, -1, "unknown"},
		{now, 0, "published: 2026-01-11 days: 0"},
		{now.Add(-47 * time.Hour), 1, "published: 2026-01-09 days: 1"},
		{now.Add(time.Second), -1, "published: 2026-01-11 unknown"},
		{time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), -1, "published: 9999-01-01 unknown"},
		{time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), 739625, "published: 0001-01-02 days: 739625"},
	} {
		v := VulnVulnerability{Vulnerability: vulns.Vulnerability{Published: test.published}}
		v.known(now)
		days := -1
		if v.AgeDays != nil {
			days = *v.AgeDays
		}
		if got := strings.Join(v.age(), " "); days != test.days || got != test.want {
			t.Errorf("%s: %d %s", test.published, days, got)
		}
	}
}

// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/format"
	"github.com/goassay/assay/sumdb/sumdbtest"
)

const mit = "MIT License\n\nCopyright (c) 2026 Somebody\n\n" +
	"Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the \"Software\"), " +
	"to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, " +
	"and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:\n\n" +
	"The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.\n\n" +
	"THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, " +
	"FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, " +
	"WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.\n"

// bomModules are the modules of a product: their files, by module version.
var bomModules = map[string]map[string]string{
	"example.com/one@v1.2.3": {
		"go.mod": "module example.com/one\n\ngo 1.24\n\nrequire example.com/Deep/two v1.0.0\n",
		"one.go": "package one\n\nimport _ \"example.com/Deep/two\"\n", "LICENSE": mit,
	},
	"example.com/Deep/two@v1.0.0": {
		"go.mod": "module example.com/Deep/two\n\ngo 1.24\n", "two.go": "// SPDX-License-Identifier: GPL-3.0-only\n\npackage two\n",
	},
	"private.example/secret@v1.0.0": {
		"go.mod": "module private.example/secret\n\ngo 1.24\n", "secret.go": "package secret\n",
	},
}

// bomFixture is a product of published modules, a module cache of its own with
// their zip files, a checksum database that has logged them, and a bill of
// materials with proofs.
type bomFixture struct {
	cfg    audit.Config // of the product
	cache  string       // GOMODCACHE
	log    *sumdbtest.Log
	doc    *sbom.Document // as it is written, without ID
	proofs []byte
}

// newBOMFixture makes the product of some of bomModules. private has no proof.
func newBOMFixture(t *testing.T, modules ...string) *bomFixture {
	t.Helper()
	root := t.TempDir()
	f := &bomFixture{log: sumdbtest.New(t), cache: filepath.Join(root, "cache")}
	proxy := filepath.Join(root, "proxy")
	for mod, files := range bomModules {
		publishModule(t, proxy, mod, files)
	}
	dir := filepath.Join(root, "product")
	gomod, imports := "module example.com/product\n\ngo 1.24\n\n", ""
	for _, mod := range modules {
		path, version, _ := strings.Cut(mod, "@")
		gomod += "require " + path + " " + version + "\n"
		imports += "import _ \"" + path + "\"\n"
	}
	writeTree(t, dir, map[string]string{"go.mod": gomod, "main.go": "package main\n\n" + imports + "\nfunc main() {}\n"})
	f.cfg = audit.Config{
		Target: &audit.Target{Dir: dir, ModFile: filepath.Join(dir, "go.mod"), Module: "example.com/product"},
		Checks: []*audit.Check{SBOM, SumDB},
		Environ: []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + quietHome(t), "GOENV=off", "GOTOOLCHAIN=local", "GOWORK=off", "GOFLAGS=-modcacherw",
			"GOCACHE=" + goCache(t), "GOMODCACHE=" + f.cache, "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "SOURCE_DATE_EPOCH=1700000000",
			"GOPROXY=file://" + filepath.ToSlash(proxy), "GOSUMDB=" + f.log.GOSUMDB(), "GONOSUMDB=private.example",
		},
		Exec:     rememberEnv(gocmd.Run),
		CacheDir: filepath.Join(root, "assay"),
		Settings: map[string]string{SettingDescribe: "true"},
	}
	f.tidy(t)
	evidence, err := audit.CreateEvidenceDir(filepath.Join(root, "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	cfg := f.cfg
	cfg.Evidence = evidence
	rep := runCheck(t, cfg)
	facts := factsOf[SBOMFacts](t, rep, SBOM)
	if len(facts.Documents) != 1 {
		t.Fatalf("%d documents: %+v", len(facts.Documents), rep.Checks)
	}
	data, err := evidence.Get(facts.Documents[0].Evidence)
	if err != nil {
		t.Fatal(err)
	}
	if f.doc, _, err = format.Read(data); err != nil {
		t.Fatal(err)
	}
	f.doc.ID = ""
	sums := factsOf[SumDBFacts](t, rep, SumDB)
	kept := func(digest string) []byte {
		data, err := evidence.Get(digest)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if f.proofs, err = SumDBEvidence(t.Context(), cfg.Target, &sums, time.Unix(1700000000, 0), kept); err != nil {
		t.Logf("no proofs: %v", err)
	}
	return f
}

// tidy writes go.sum, and logs what is in it.
func (f *bomFixture) tidy(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "tidy")
	cmd.Dir, cmd.Env = f.cfg.Target.Dir, append(slices.Clone(f.cfg.Environ), "GOSUMDB=off")
	if _, err := gocmd.Run(cmd); err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(f.cfg.Target.Dir, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[module.Version]string{}
	for line := range strings.Lines(string(sum)) {
		words := strings.Fields(line)
		m := module.Version{Path: words[0], Version: strings.TrimSuffix(words[1], "/go.mod")}
		texts[m] += line
	}
	for _, m := range slices.SortedFunc(maps.Keys(texts), func(a, b module.Version) int { return strings.Compare(a.Path, b.Path) }) {
		if strings.HasPrefix(m.Path, "example.com/") {
			f.log.Add(t, m, texts[m])
		}
	}
}

// write writes the document in a format, after a change, with the proofs beside
// it if they are named, and returns its file name.
func (f *bomFixture) write(t *testing.T, form string, proofs bool, changes ...func(*sbom.Document)) string {
	t.Helper()
	ff, err := format.Parse(form)
	if err != nil {
		t.Fatal(err)
	}
	d := cloneDocument(f.doc)
	dir := t.TempDir()
	if proofs {
		writeFile(t, filepath.Join(dir, "product.proofs"), string(f.proofs))
		d.References = append(d.References, sbom.Reference{
			Type: "evidence", URL: "product.proofs", Comment: "proofs",
			Hashes: []sbom.Hash{{Algorithm: "SHA-256", Value: strings.TrimPrefix(audit.Digest(f.proofs), "sha256:")}},
		})
	}
	for _, change := range changes {
		change(d)
	}
	data, err := format.Write(d, ff)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "product.bom")
	writeFile(t, name, string(data))
	return name
}

// verify verifies documents, by bundles alone unless the log may be asked.
func (f *bomFixture) verify(t *testing.T, log bool, files ...string) *audit.Report {
	t.Helper()
	return runCheck(t, f.verification(log, files...))
}

func (f *bomFixture) verification(log bool, files ...string) audit.Config {
	cfg := f.cfg
	cfg.Target = &audit.Target{Dir: filepath.Dir(files[0]), Documents: files}
	cfg.Settings = map[string]string{SettingBOMVerify: "true"}
	cfg.Checks, cfg.Offline = []*audit.Check{BOM}, true
	if log {
		cfg.Checks, cfg.Offline = []*audit.Check{BOMLogged, SumDB}, false
	}
	return cfg
}

// cloneDocument copies what tests change.
func cloneDocument(d *sbom.Document) *sbom.Document {
	c := *d
	c.Components = nil
	for _, old := range d.Components {
		n := *old
		n.Hashes, n.Properties, n.DependsOn = slices.Clone(n.Hashes), slices.Clone(n.Properties), slices.Clone(n.DependsOn)
		n.References = slices.Clone(n.References)
		for i := range n.References {
			n.References[i].Hashes = slices.Clone(n.References[i].Hashes)
		}
		c.Components = append(c.Components, &n)
	}
	c.References, c.Properties, c.Roots = slices.Clone(d.References), slices.Clone(d.Properties), slices.Clone(d.Roots)
	c.Tools = slices.Clone(d.Tools)
	return &c
}

// rememberEnv runs "go env" of one environment once: hundreds of verifications
// ask the same.
func rememberEnv(run func(*exec.Cmd) ([]byte, error)) func(*exec.Cmd) ([]byte, error) {
	var mu sync.Mutex
	known := map[string][]byte{}
	return func(cmd *exec.Cmd) ([]byte, error) {
		if !slices.Contains(cmd.Args, "env") {
			return run(cmd)
		}
		key := strings.Join(append(slices.Clone(cmd.Args), cmd.Env...), "\x00")
		mu.Lock()
		defer mu.Unlock()
		if out, ok := known[key]; ok {
			return out, nil
		}
		out, err := run(cmd)
		if err == nil {
			known[key] = out
		}
		return out, err
	}
}

func goCache(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("GOCACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return t.TempDir()
	}
	return filepath.Join(dir, "go-build")
}

func writeTree(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		writeFile(t, name, content)
	}
}

// publishModule adds a module to a proxy in a folder.
func publishModule(t *testing.T, proxy, mod string, files map[string]string) {
	t.Helper()
	path, version, _ := strings.Cut(mod, "@")
	dir := t.TempDir()
	writeTree(t, dir, files)
	escaped, err := module.EscapePath(path)
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(proxy, filepath.FromSlash(escaped), "@v")
	writeTree(t, base, map[string]string{version + ".info": `{"Version":"` + version + `"}`, version + ".mod": files["go.mod"]})
	z, err := os.Create(filepath.Join(base, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if err := modzip.CreateFromDir(z, module.Version{Path: path, Version: version}, dir); err != nil {
		t.Fatal(err)
	}
}

// zipFile is the zip file of a module in the module cache.
func (f *bomFixture) zipFile(t *testing.T, path, version string) string {
	t.Helper()
	escaped, err := module.EscapePath(path)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(f.cache, "cache", "download", filepath.FromSlash(escaped), "@v", version+".zip")
}

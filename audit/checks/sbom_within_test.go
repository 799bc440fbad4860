// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/package-url/packageurl-go"

	"github.com/goassay/assay/audit"
	. "github.com/goassay/assay/audit/filetree/filetreetest"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/internal/machine"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/cyclonedx"
	"github.com/goassay/assay/sbom/format"
)

// sbomOf makes the document of executables, and demands that every form of it
// is valid, and every purl.
func sbomOf(t *testing.T, dir string, settings map[string]string, paths ...string) (*audit.Report, *sbom.Document) {
	t.Helper()
	cfg := sbomTree(t, nil)
	cfg.Target = &audit.Target{Dir: dir}
	for _, p := range paths {
		cfg.Target.Binaries = append(cfg.Target.Binaries, filepath.Join(dir, p))
	}
	store, err := audit.CreateEvidenceDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Evidence, cfg.Settings = store, settings
	cfg.Environ = append(cfg.Environ, "SOURCE_DATE_EPOCH=1700000000")
	rep := runCheck(t, cfg)
	facts := sbomFacts(t, rep)
	if len(facts.Documents) != 1 {
		t.Fatalf("%d documents: %s", len(facts.Documents), rep.Checks[0].Reason)
	}
	data, err := store.Get(facts.Documents[0].Evidence)
	if err != nil {
		t.Fatal(err)
	}
	d, err := cyclonedx.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cyclonedx-json@1.4", "cyclonedx-json@1.5", "cyclonedx-json@1.6", "cyclonedx-json@1.7",
		"cyclonedx-xml@1.4", "cyclonedx-xml@1.7", "spdx-json", "spdx-tag", "spdx3-json"} {
		f, err := format.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		again := *d
		again.ID = ""
		if _, err := format.Write(&again, f); err != nil { // which validates
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range d.Components {
		if c.PURL == "" {
			continue
		}
		if p, err := packageurl.FromString(c.PURL); err != nil || p.ToString() != c.PURL || p.Name == "" {
			t.Errorf("%s: purl %q: %v", c.Ref, c.PURL, err)
		}
	}
	return rep, d
}

// tree is the parts of a document's root, each with its purl and its own parts.
func tree(d *sbom.Document) []string {
	var out []string
	var walk func(ref, indent string)
	walk = func(ref, indent string) {
		c := d.Component(ref)
		out = append(out, strings.TrimRight(indent+string(c.Kind)+" "+c.Name+" "+c.PURL, " "))
		for _, p := range c.Parts {
			walk(p, indent+"  ")
		}
	}
	walk(d.Roots[0], "")
	return out
}

func forged(lines ...string) string {
	return string(gobintest.Forge("go1.26.8", append(gobintest.Settings(), lines...)...))
}

// TestSBOMElsewhere: what is in an archive is called by its path in there, also if the
// archive is named from another folder.
func TestSBOMElsewhere(t *testing.T) {
	dir := binaries(t, map[string][]byte{"away/x.tar": Tar(Entry{Name: "bin/prog", Data: forged()}), "here/text": nil})
	t.Chdir(filepath.Join(dir, "here"))
	cfg := sbomTree(t, nil)
	cfg.Target = &audit.Target{Dir: filepath.Join(dir, "here"), Binaries: []string{filepath.FromSlash("../away/x.tar")}}
	store, err := audit.CreateEvidenceDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Evidence = store
	data, err := store.Get(sbomFacts(t, runCheck(t, cfg)).Documents[0].Evidence)
	if err != nil || !strings.Contains(string(data), `"bin/prog"`) || strings.Contains(string(data), "away") {
		t.Errorf("%v\n%s", err, data)
	}
}

func TestSBOMImages(t *testing.T) {
	prog := forged("dep\texample.com/dep\tv1.0.0\t" + sbomHash)
	other := forged()
	amd := Image{Platform: "linux/amd64", Tag: "example.com/team/app:1.2", Layers: [][]byte{Tar(Entry{Name: "usr/bin/prog", Data: prog}, Entry{Name: "bin/other!/odd", Data: other})}}
	arm := Image{Platform: "linux/arm64", Tag: amd.Tag, Layers: [][]byte{Tar(Entry{Name: "usr/bin/prog", Data: prog})}}
	second := Image{Platform: "linux/amd64", Tag: "other:1", Layers: arm.Layers}
	digest := func(im Image) string {
		m, _ := im.Manifest()
		return Digest(m)
	}
	const program = "application example.com/prog pkg:golang/example.com/prog@v1.0.0"
	purl := func(im Image, arch string) string {
		return "pkg:oci/app@" + digest(im) + "?arch=" + arch + "&repository_url=example.com%2Fteam%2Fapp&tag=1.2"
	}
	amdPURL, armPURL := purl(amd, "amd64"), purl(arm, "arm64")
	dir := binaries(t, map[string][]byte{
		"one.tar": Tar(OCI(amd)...), "two.tar": Tar(OCI(amd, arm)...), "save.tar": Tar(DockerSave(amd, second)...), "old.tar": Tar(OldDockerSave(arm)...),
		"tree/a/prog": []byte(prog), "tree/b/prog": []byte(prog), "app.zip": Zip(zip.Deflate, Entry{Name: "x/prog", Data: prog}, Entry{Name: "x/prog", Data: prog}, Entry{Name: "x/prog", Data: other}),
	})
	for name, want := range map[string][]string{
		"one.tar": {"container linux/amd64 " + amdPURL, "  " + program, "  " + program},
		"two.tar": {"application two.tar", "  container linux/arm64 " + armPURL, "    " + program, "  container linux/amd64 " + amdPURL, "    " + program, "    " + program},
		"save.tar": {"application save.tar", "  container example.com/team/app:1.2 " + amdPURL, "    " + program, "    " + program,
			"  container other:1 pkg:oci/other@" + digest(second) + "?arch=amd64&tag=1", "    " + program},
		"old.tar": {"container example.com/team/app:1.2", "  " + program},
		"tree":    {"application executables", "  " + program, "  " + program},
		"app.zip": {"application app.zip", "  " + program, "  " + program, "  " + program},
	} {
		rep, d := sbomOf(t, dir, nil, name)
		got := tree(d)
		if slices.Sort(got[1:]); name != "one.tar" { // images are sorted by digest
			slices.Sort(want[1:])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if res := rep.Checks[0]; res.Outcome != audit.Passed {
			t.Errorf("%s: %s: %s", name, res.Outcome, res.Reason)
		}
		var files []string
		for _, c := range d.Components {
			if f := c.Property(sbom.PropertyFile); f != "" {
				files = append(files, f)
			}
		}
		slices.Sort(files)
		wantFiles := map[string][]string{"one.tar": {"bin/other!/odd", "usr/bin/prog"}, "tree": {"a/prog", "b/prog"}, "app.zip": {"x/prog", "x/prog", "x/prog"},
			"two.tar": {"bin/other!/odd", "usr/bin/prog", "usr/bin/prog"}, "save.tar": {"bin/other!/odd", "usr/bin/prog", "usr/bin/prog"}, "old.tar": {"usr/bin/prog"}}[name]
		if diff := cmp.Diff(wantFiles, files); diff != "" {
			t.Errorf("%s: files (-want +got):\n%s", name, diff)
		}
	}
	// No path of this machine is in a document of a folder elsewhere.
	cfg := sbomTree(t, nil)
	cfg.Target = &audit.Target{Dir: t.TempDir(), Binaries: []string{filepath.Join(dir, "tree")}}
	for _, c := range sbomFacts(t, runCheck(t, cfg)).Executables {
		if !strings.HasSuffix(c.File, "prog") {
			t.Error(c.File)
		}
	}
}

// TestSBOMDebian: a package of Debian, whose program records no modules. They
// are named, their versions are not, and source packages stand beside them.
func TestSBOMDebian(t *testing.T) {
	gopath := t.TempDir()
	for name, text := range map[string]string{
		"example.com/app/main.go":         "package main\n\nimport \"github.com/User/lib/v2/sub\"\n\nfunc main() { sub.Do() }\n",
		"github.com/User/lib/v2/sub/s.go": "package sub\n\n//go:noinline\nfunc Do() { println(1) }\n",
	} {
		name = filepath.Join(gopath, "src", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(gobintest.Build(t, filepath.Join(gopath, "src", "example.com", "app"), "GO111MODULE=off", "GOPATH="+gopath))
	if err != nil {
		t.Fatal(err)
	}
	entry := Entry{Name: "usr/bin/app", Data: string(data)}
	const control = "Package: app\nVersion: 1.0-1\nArchitecture: amd64\nStatic-Built-Using: golang-1.26 (= 1.26.8-1), golang-github-user-lib (= 2.3.4+ds-1)\nBuilt-Using: golang-1.26 (= 1.26.8-1)\n"
	dir := binaries(t, map[string][]byte{
		"app.deb": DebOf(control, ".gz", Gzip(Tar(entry))), "bad.deb": DebOf("nothing", ".gz", Gzip(Tar(entry))), "plain": data,
	})
	for _, name := range []string{"app.deb", "bad.deb", "plain"} {
		for _, level := range []string{"", "packages"} {
			rep, d := sbomOf(t, dir, map[string]string{SettingLevel: level}, name)
			if res := rep.Checks[0]; res.Outcome != audit.Unassessed {
				t.Errorf("%s: %s: %s", name, res.Outcome, res.Reason)
			}
			lib := d.Component("github.com/User/lib/v2")
			if lib == nil || lib.Version != "" || lib.PURL != "pkg:golang/github.com/user/lib/v2" || lib.Property(sbom.PropertyInferred) == "" {
				t.Errorf("%s: %+v", name, lib)
			}
			if level != "" && (lib == nil || len(lib.Parts) != 1) {
				t.Errorf("%s: packages of %+v", name, lib)
			}
			built := map[string]string{}
			for _, c := range d.Components {
				if c.Property(sbom.PropertyBuiltUsing) != "" {
					built[c.PURL] = fmt.Sprint(c.Properties)
				}
			}
			if name != "app.deb" {
				if len(built) != 0 || name == "bad.deb" && !strings.Contains(rep.Checks[0].Reason, "control file") {
					t.Errorf("%s: %v, %s", name, built, rep.Checks[0].Reason)
				}
				continue
			}
			root := d.Component(d.Roots[0])
			if root.PURL != "pkg:deb/debian/app@1.0-1?arch=amd64" || len(root.Parts) != 1 || len(root.DependsOn) != 3 {
				t.Errorf("root %+v", root)
			}
			if len(built) != 2 || !strings.Contains(built["pkg:deb/debian/golang-github-user-lib@2.3.4%2Bds-1?arch=source"], "Static-Built-Using") ||
				!strings.Contains(built["pkg:deb/debian/golang-1.26@1.26.8-1?arch=source"], "{assay:deb:built_using Built-Using}") {
				t.Errorf("built using %v", built)
			}
			for _, c := range sbomFacts(t, rep).Components {
				if c.Version != "" || !strings.HasPrefix(c.PURL, "pkg:golang/") {
					t.Errorf("%+v is no module without a version", c)
				}
			}
		}
	}
}

// TestSBOMHostile: whatever executables, archives and control files say, every
// form is valid, and so is every purl.
func TestSBOMHostile(t *testing.T) {
	machine.Long(t, "writes large documents in every form")
	long := strings.Repeat("a/", 4000) + "a"
	var many []string
	for i := range 3000 {
		many = append(many, fmt.Sprintf("dep\texample.com/m%d\tv1.%d.0\t%s", i, i, sbomHash))
	}
	head := []string{"path\texample.com/prog", "mod\texample.com/prog\tv1.0.0\t"}
	programs := map[string][]string{
		"adhoc":    {"path\tcommand-line-arguments", "dep\texample.com/dep\tv1.0.0\t" + sbomHash},
		"adhocmod": {"path\tcommand-line-arguments", "mod\tcommand-line-arguments\t(devel)\t"},
		"empty":    {"path\t", "mod\t\t\t", "dep\t\t\t", "dep\t\tv1.0.0\th1:x"},
		"spaces":   append(slices.Clone(head), "dep\ta b\tv1 0\th1:x", "dep\texample.com/x\tv1.0.0?a=b#c\th1:", "dep\t/\t/\t/", "dep\t../..\t@\t"),
		"control":  append(slices.Clone(head), "dep\texample.com/\x1b[2J\tv1\x00\x7f\th1:\x01", "dep\texample.com/\xff\xfe\tv1\xff\t", "dep\tpkg:golang/a@b?c#d\tv%20\t"),
		"twice":    append(slices.Clone(head), "dep\texample.com/d\tv1.0.0\th1:a", "dep\texample.com/d\tv1.0.0\th1:b", "dep\texample.com/d\tv1.0.0\t", "dep\texample.com/d\tv1.0.0\th1:a"),
		"self":     append(slices.Clone(head), "dep\texample.com/prog\tv1.0.0\t", "dep\tstdlib\t1.26.8\t", "dep\tfile:self\t\t", "dep\texecutables\t\t"),
		"replaced": append(slices.Clone(head), "dep\texample.com/a\tv1.0.0", "=>\t/home/somebody/a\t\t", "dep\texample.com/b\tv1.0.0", "=>\t\tv1\t", "dep\texample.com/c\tv1", "=>\texample.com/a\tv1.0.0\th1:x"),
		"long":     append(slices.Clone(head), "dep\t"+long+"\tv1.0.0\th1:x", "dep\texample.com/x\t"+long+"\t"),
		"many":     append(slices.Clone(head), many...),
	}
	files := map[string][]byte{}
	var entries []Entry
	for name, lines := range programs {
		data := gobintest.Forge("go1.26.8", append(slices.Clone(lines), "build\tCGO_ENABLED=0", "build\tGOOS=linux")...)
		files["tree/"+name] = data
		if name == "many" {
			delete(files, "tree/"+name)
			files[name] = data
			continue
		}
		entries = append(entries, Entry{Name: "bin!/" + name + "\x1b\x07", Data: string(data)})
	}
	entries = append(entries, entries...)
	files["all.tar"] = Tar(entries...)
	files["image.tar"] = Tar(OCI(Image{Platform: "lin ux/\x1b", Tag: "EVIL //\x00@:", Layers: [][]byte{Tar(entries...)}}, Image{Platform: "?&#/@", Layers: [][]byte{Tar(entries[0])}})...)
	files["all.deb"] = DebOf("Package: x\x00\nVersion: ?\nBuilt-Using: a#b (= 1?c), ok1 (= 1)\n", ".gz", Gzip(Tar(entries...)))
	dir := binaries(t, files)
	for _, name := range []string{"tree", "all.tar", "image.tar", "all.deb", "tree/adhoc", "tree/empty", "many"} {
		for _, level := range []string{"", "packages"} {
			if level != "" && name == "many" {
				continue
			}
			_, d := sbomOf(t, dir, map[string]string{SettingLevel: level}, name)
			for _, c := range d.Components {
				if strings.Contains(c.PURL, "command-line-arguments") || strings.Contains(c.Ref+c.Name, "/home/somebody") {
					t.Errorf("%s: %s %s %s", name, c.Ref, c.Name, c.PURL)
				}
			}
		}
	}
}

func TestSBOMNoExecutables(t *testing.T) {
	cfg := sbomTree(t, nil)
	dir := binaries(t, map[string][]byte{"README": []byte("text")})
	cfg.Target = &audit.Target{Dir: dir, Binaries: []string{dir}}
	if res := runCheck(t, cfg).Checks[0]; res.ReasonID != "sbom/no-executables" {
		t.Errorf("%s: %s", res.Outcome, res.Reason)
	}
}

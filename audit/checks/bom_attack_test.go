// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/internal/machine"
	"github.com/goassay/assay/sbom"
)

// leaf matches the values of a document in each of its encodings.
var leaf = map[string]*regexp.Regexp{
	"json": regexp.MustCompile(`"((?:[^"\\]|\\.)+)"|[:\[, ]([0-9.]+|true|false)`),
	"xml":  regexp.MustCompile(`>([^<>]*[^<>\s][^<>]*)<|="([^"]+)"`),
	"tag":  regexp.MustCompile(`(?m)^(.+)$`),
}

// Each changed value of a written document, and each removed line, is found by
// the document alone.
func TestBOMEveryValue(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	for _, form := range bomForms {
		if testing.Short() && form != "spdx-tag" && form != "cyclonedx-json@1.6" {
			continue
		}
		t.Run(form, func(t *testing.T) {
			data, err := os.ReadFile(f.write(t, form, true))
			if err != nil {
				t.Fatal(err)
			}
			var changed [][]byte
			word, _, _ := strings.Cut(form, "@")
			for _, at := range leaf[word[strings.LastIndexByte(word, '-')+1:]].FindAllSubmatchIndex(data, -1) {
				i := max(at[2], at[len(at)-2]) // of the group that matched
				bad := bytes.Clone(data)
				bad[i] = map[bool]byte{true: '1', false: '0'}[bad[i] == '0']
				changed = append(changed, bad)
			}
			if len(changed) < 150 {
				t.Fatalf("%d values", len(changed))
			}
			lines := bytes.SplitAfter(data, []byte("\n"))
			for i := range lines {
				changed = append(changed, bytes.Join(slices.Delete(slices.Clone(lines), i, i+1), nil))
			}
			for _, bad := range changed {
				b := BOMDocument{Valid: TriUnknown, Unchanged: TriUnknown}
				b.parse(bad)
				if b.Error == "" && b.Unchanged != TriNo && !bytes.Equal(bad, data) {
					t.Errorf("not found: %q", difference(data, bad))
				}
			}
		})
	}
}

// difference is where two documents first differ.
func difference(a, b []byte) []byte {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return b[max(0, i-60):min(len(b), i+60)]
}

// mutation changes a document before its identifier is derived: whoever does
// that cannot be found by the identifier.
type mutation struct {
	name   string
	change func(*sbom.Document)
	found  string // by a finding of a rule, by "open", or "" where nothing can find it
}

func bomMutations() []mutation {
	one := func(d *sbom.Document) *sbom.Component { return d.Component("example.com/one@v1.2.3") }
	set := func(name, value string) func(*sbom.Document) {
		return func(d *sbom.Document) { setProperty(one(d), name, value) }
	}
	return []mutation{
		{"nothing", func(*sbom.Document) {}, ""},
		{"SHA-256", func(d *sbom.Document) { one(d).Hashes[0].Value = strings.Repeat("0", 64) }, "bom/hash-differs"},
		{"SHA-512", func(d *sbom.Document) { one(d).Hashes[1].Value = strings.Repeat("0", 128) }, "bom/hash-differs"},
		{"h1 as SHA-256", func(d *sbom.Document) { one(d).Hashes[0].Value = h1Hex(one(d).Property(sbom.PropertyH1)) }, "bom/hash-mislabelled"},
		{"everything removed", func(d *sbom.Document) {
			root := d.Component(d.Roots[0])
			d.Components, root.DependsOn = []*sbom.Component{root}, nil
		}, "open"},
		{"another algorithm besides", func(d *sbom.Document) {
			one(d).Hashes = append(one(d).Hashes, sbom.Hash{Algorithm: "SHA-384", Value: strings.Repeat("0", 96)})
		}, "open"},
		{"hash of the distribution", func(d *sbom.Document) {
			one(d).References = append(one(d).References, sbom.Reference{Type: "distribution", URL: "https://proxy.example/one.zip", Hashes: []sbom.Hash{{Algorithm: "SHA-256", Value: strings.Repeat("0", 64)}}})
		}, "bom/hash-differs"},
		{"h1", set(sbom.PropertyH1, sbomHash), "bom/hash-differs"},
		{"h1, twice", func(d *sbom.Document) { one(d).Add(sbom.PropertyH1, sbomHash) }, "bom/malformed"},
		{"no h1", set(sbom.PropertyH1, ""), "bom/proof-differs"},
		{"record", set(sbom.PropertyRecord, "7"), "bom/proof-differs"},
		{"log", set(sbom.PropertyLog, "sum.golang.org"), "bom/proof-differs"},
		{"state", set(sbom.PropertyProof, string(NotChecked)), ""}, // it understates, and is verified nevertheless
		{"no hash and no proof", func(d *sbom.Document) {
			one(d).Hashes, one(d).Properties, one(d).References = nil, nil, nil
		}, "open"},
		{"version", func(d *sbom.Document) {
			one(d).Version, one(d).PURL = "v1.2.4", strings.Replace(one(d).PURL, "1.2.3", "1.2.4", 1)
		}, "bom/proof-differs"},
		{"version, not of the purl", func(d *sbom.Document) { one(d).Version = "v1.2.4" }, "bom/malformed"},
		{"purl", func(d *sbom.Document) { one(d).PURL = "pkg:golang/example.com/other@v1.2.3" }, "bom/malformed"},
		{"purl of another kind", func(d *sbom.Document) { one(d).PURL = "pkg:generic/one@v1.2.3" }, "open"},
		{"no purl", func(d *sbom.Document) { one(d).PURL = "" }, "open"},
		{"case of the name", func(d *sbom.Document) { one(d).Name = "example.com/One" }, "bom/proof-differs"},
		{"called local", set(sbom.PropertyLocal, "replace"), ""}, // and verified nevertheless
		{"called local, with no version", func(d *sbom.Document) {
			one(d).Version, one(d).PURL = "", "pkg:golang/example.com/one"
			set(sbom.PropertyLocal, "replace")(d)
		}, "open"},
		{"no version", func(d *sbom.Document) { one(d).Version, one(d).PURL = "", "pkg:golang/example.com/one" }, "open"},
		{"called a main module", set(sbom.PropertyMainModule, "true"), ""}, // and verified nevertheless
		{"called a main module, with another hash", func(d *sbom.Document) {
			set(sbom.PropertyMainModule, "true")(d)
			one(d).Hashes[0].Value = strings.Repeat("0", 64)
		}, "bom/hash-differs"},
		{"called the standard library", func(d *sbom.Document) { one(d).Name, one(d).PURL = "stdlib", "pkg:golang/stdlib@v1.2.3" }, "open"},
		{"called a file", func(d *sbom.Document) {
			set(sbom.PropertyFile, "../../etc/passwd")(d)
		}, "open"},
		{"a component more", func(d *sbom.Document) {
			c := &sbom.Component{Ref: "x", Kind: sbom.KindLibrary, Name: "example.com/evil", Version: "v1.0.0", PURL: "pkg:golang/example.com/evil@v1.0.0"}
			d.Components = append(d.Components, c)
			one(d).DependsOn = append(one(d).DependsOn, "x")
		}, "open"},
		{"a component more, verified", func(d *sbom.Document) {
			c := &sbom.Component{Ref: "x", Kind: sbom.KindLibrary, Name: "example.com/evil", Version: "v1.0.0", PURL: "pkg:golang/example.com/evil@v1.0.0"}
			c.Add(sbom.PropertyH1, sbomHash)
			c.Add(sbom.PropertyProof, string(Verified))
			d.Components = append(d.Components, c)
			one(d).DependsOn = append(one(d).DependsOn, "x")
		}, "bom/proof-differs"},
		{"licence", func(d *sbom.Document) { one(d).License.Concluded = "BSD-3-Clause" }, "bom/license-differs"},
		{"checkpoint", func(d *sbom.Document) {
			d.Properties = slices.DeleteFunc(d.Properties, func(p sbom.Property) bool { return p.Name == sbom.PropertyCheckpoint })
			d.Properties = append(d.Properties, sbom.Property{Name: sbom.PropertyCheckpoint, Value: "sum.golang.org 1 AAAA"})
		}, "bom/checkpoint-differs"},
		{"checkpoint, a second", func(d *sbom.Document) {
			for _, p := range d.Properties {
				if name, _, _ := strings.Cut(p.Value, " "); p.Name == sbom.PropertyCheckpoint {
					d.Properties = append(d.Properties, sbom.Property{Name: p.Name, Value: name + " 99 AAAA"})
				}
			}
		}, "bom/checkpoint-differs"},
		{"hash of the bundle", func(d *sbom.Document) { d.References[len(d.References)-1].Hashes[0].Value = strings.Repeat("0", 64) }, "bom/proofs-invalid"},
		{"bundle in another folder", func(d *sbom.Document) { d.References[len(d.References)-1].URL = "../product.proofs" }, "open"},
		{"bundle at an absolute path", func(d *sbom.Document) { d.References[len(d.References)-1].URL = "/etc/product.proofs" }, "open"},
		{"bundle not there", func(d *sbom.Document) { d.References[len(d.References)-1].URL = "other.proofs" }, "open"},
		{"bundle with another ending", func(d *sbom.Document) { d.References[len(d.References)-1].URL = "product.bom" }, "open"},
		{"no bundle named", func(d *sbom.Document) { d.References = nil }, "open"},
		{"another document named, with a hash", func(d *sbom.Document) {
			d.References = append(d.References, sbom.Reference{Type: "documentation", URL: "https://example.com/d", Hashes: []sbom.Hash{{Algorithm: "SHA-256", Value: strings.Repeat("0", 64)}}})
		}, "open"},
		{"an edge that leaves a component unreachable", func(d *sbom.Document) { one(d).DependsOn = nil }, "bom/unreachable"},

		// These need a signature.
		{"a component removed, with its edges", func(d *sbom.Document) {
			two := "example.com/Deep/two@v1.0.0"
			d.Components = slices.DeleteFunc(d.Components, func(c *sbom.Component) bool { return c.Ref == two })
			for _, c := range d.Components {
				c.DependsOn = slices.DeleteFunc(c.DependsOn, func(r string) bool { return r == two })
			}
		}, ""},
		{"an edge more", func(d *sbom.Document) {
			root := d.Component(d.Roots[0])
			root.DependsOn = append(root.DependsOn, "example.com/Deep/two@v1.0.0")
		}, ""},
		{"supplier", func(d *sbom.Document) { one(d).Supplier = &sbom.Party{Name: "Somebody Else"} }, ""},
		{"name of the product", func(d *sbom.Document) {
			root := d.Component(d.Roots[0])
			root.Name, root.PURL = "example.com/else", ""
		}, ""},
		{"scope", func(d *sbom.Document) { one(d).Scope = sbom.ScopeExcluded }, ""},
		{"proof no more claimed", func(d *sbom.Document) {
			for _, name := range []string{sbom.PropertyProof, sbom.PropertyLog, sbom.PropertyRecord} {
				setProperty(one(d), name, "")
			}
		}, ""},
	}
}

func setProperty(c *sbom.Component, name, value string) {
	c.Properties = slices.DeleteFunc(c.Properties, func(p sbom.Property) bool { return p.Name == name })
	c.Add(name, value)
}

// What is changed by somebody who derives the identifier again is found where
// something other than the document knows better. What is not is listed here and in
// docs/sbom-verify.md.
func TestBOMSmart(t *testing.T) {
	machine.Long(t, "verifies hundreds of documents")
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	for _, form := range []string{"cyclonedx-json", "cyclonedx-xml@1.7", "spdx-json", "spdx-tag", "spdx3-json"} {
		for _, m := range bomMutations() {
			t.Run(form+"/"+m.name, func(t *testing.T) {
				rep := f.verify(t, false, f.write(t, form, true, m.change))
				outcome := outcomeOf(t, rep, BOM)
				rules := rulesOf(rep)
				switch m.found {
				case "":
					if rep.Verdict != audit.VerdictPass || len(rules) > 0 {
						t.Errorf("%s: %v %+v", rep.Verdict, rules, outcome)
					}
				case "open":
					if outcome.ReasonID != "bom/open" || rep.Verdict == audit.VerdictPass {
						t.Errorf("%s: %v %+v", rep.Verdict, rules, outcome)
					}
				default:
					if !slices.Contains(rules, m.found) {
						t.Errorf("%s: %v %+v", rep.Verdict, rules, outcome)
					}
				}
			})
		}
	}
}

// Each changed, cut or exchanged bundle is found, as the document names its hash
// and, where that is changed too, by the proofs themselves.
func TestBOMBundle(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	other := newBOMFixture(t, "example.com/Deep/two@v1.0.0")
	stranger := *f
	stranger.cfg.Environ = append(slices.Clone(f.cfg.Environ), "GOSUMDB="+other.log.GOSUMDB())
	bundles := map[string][]byte{"cut": f.proofs[:len(f.proofs)/2], "empty": nil, "of another project": other.proofs, "no bundle": []byte("hello\n")}
	for i := 0; i < len(f.proofs); i += max(1, len(f.proofs)/40) {
		bad := bytes.Clone(f.proofs)
		bad[i] ^= 1
		bundles["flipped "+string(f.proofs[max(0, i-10):i])] = bad
	}
	for name, bundle := range bundles {
		for _, smart := range []bool{false, true} {
			file := f.write(t, "cyclonedx-json", true, func(d *sbom.Document) {
				if smart {
					d.References[len(d.References)-1].Hashes[0].Value = strings.TrimPrefix(audit.Digest(bundle), "sha256:")
				}
			})
			writeFile(t, filepath.Join(filepath.Dir(file), "product.proofs"), string(bundle))
			rep := f.verify(t, false, file)
			if rules := rulesOf(rep); !slices.Contains(rules, "bom/proofs-invalid") || rep.Verdict != audit.VerdictFail {
				t.Errorf("%q, smart %v: %s %v", name, smart, rep.Verdict, rules)
			}
			if kinds := evidenceKinds(rep); slices.Contains(kinds, "sumdb-bundle") {
				t.Errorf("%q: kept as evidence", name)
			}
		}
	}
	t.Run("named by the caller", func(t *testing.T) {
		cfg := f.verification(false, f.write(t, "cyclonedx-json", false))
		name := filepath.Join(t.TempDir(), "b")
		cfg.Settings[SettingBOMProofs] = name
		if res := outcomeOf(t, runCheck(t, cfg), BOM); res.ReasonID != "bom/open" {
			t.Errorf("not there: %+v", res)
		}
		writeFile(t, name, string(f.proofs))
		if rep := runCheck(t, cfg); rep.Verdict != audit.VerdictPass {
			t.Errorf("%s %+v", rep.Verdict, rep.Findings)
		}
		cfg.Environ = append(slices.Clone(cfg.Environ), "GOSUMDB="+other.log.GOSUMDB())
		if rep := runCheck(t, cfg); !slices.Contains(rulesOf(rep), "bom/proofs-invalid") {
			t.Errorf("a log that nobody trusts: %s %+v", rep.Verdict, rep.Findings)
		}
		writeFile(t, name, string(other.proofs)) // honest, and it has records of another project
		rep := runCheck(t, cfg)
		if want := []string{"bom/checkpoint-differs", "bom/proof-differs"}; !slices.Equal(rulesOf(rep), want) {
			t.Errorf("%v", rulesOf(rep))
		}
	})
	t.Run("links", func(t *testing.T) {
		secret := filepath.Join(t.TempDir(), "secret")
		writeFile(t, secret, "a secret")
		file := f.write(t, "cyclonedx-json", true)
		link := filepath.Join(filepath.Dir(file), "product.proofs")
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(secret, link); err != nil {
			machine.WindowsLacks(t, "symbolic links", err)
		}
		rep := f.verify(t, false, file)
		if res := outcomeOf(t, rep, BOM); res.ReasonID != "bom/open" || slices.Contains(evidenceKinds(rep), "sumdb-bundle") {
			t.Errorf("%+v %v", res, evidenceKinds(rep))
		}
	})
}

func evidenceKinds(rep *audit.Report) []string {
	kinds := map[string]bool{}
	for _, e := range rep.Evidence {
		kinds[e.Kind] = true
	}
	return slices.Sorted(maps.Keys(kinds))
}

// Somebody claims a proof of a hash that only its owner knows, and of one that
// the log does not have.
func TestBOMLog(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3", "private.example/secret@v1.0.0")
	secret := "private.example/secret@v1.0.0"
	claim := func(d *sbom.Document) { setProperty(d.Component(secret), sbom.PropertyProof, string(Verified)) }
	rep := f.verify(t, true, f.write(t, "cyclonedx-json", false))
	if rep.Verdict != audit.VerdictPass {
		t.Errorf("%s %+v %+v", rep.Verdict, rep.Checks, rep.Findings)
	}
	rep = f.verify(t, true, f.write(t, "cyclonedx-json", false, claim))
	if res := outcomeOf(t, rep, BOM); res.ReasonID != "bom/open" || !strings.Contains(res.Reason, secret) {
		t.Errorf("%+v", res)
	}
	for name, change := range map[string]func(c *sbom.Component){
		"hash":   func(c *sbom.Component) { setProperty(c, sbom.PropertyH1, sbomHash) },
		"record": func(c *sbom.Component) { setProperty(c, sbom.PropertyRecord, "99") },
	} {
		rep = f.verify(t, true, f.write(t, "cyclonedx-json", false, func(d *sbom.Document) { change(d.Component("example.com/one@v1.2.3")) }))
		want := []string{"bom/proof-differs"}
		if name == "hash" {
			want = []string{"bom/hash-differs", "bom/proof-differs", "sumdb/document-mismatch"}
		}
		if diff := cmp.Diff(append(want, "sumdb/private"), rulesOf(rep)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	rep = f.verify(t, true, f.write(t, "cyclonedx-json", false, func(d *sbom.Document) {
		setProperty(d.Component("example.com/one@v1.2.3"), sbom.PropertyLog, "sum.golang.org")
	}))
	if res := outcomeOf(t, rep, BOM); res.ReasonID != "bom/open" {
		t.Errorf("another log: %+v", res)
	}
	rep = f.verify(t, true, f.write(t, "cyclonedx-json", false, func(d *sbom.Document) {
		c := d.Component("example.com/one@v1.2.3")
		c.Version, c.PURL = "v1.9.9", "pkg:golang/example.com/one@v1.9.9"
	}))
	if !slices.Contains(rulesOf(rep), "bom/proof-differs") {
		t.Errorf("a version that is not logged: %v", rulesOf(rep))
	}
}

// What cannot be written with assay, written by hand with the identifier derived again.
func TestBOMByHand(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	data, err := os.ReadFile(f.write(t, "cyclonedx-json", true))
	if err != nil {
		t.Fatal(err)
	}
	var b BOMDocument
	b.parse(data)
	anonymous := strings.ReplaceAll(string(data), b.ID, sbom.Unidentified)
	for _, test := range []struct{ name, old, new, found string }{
		{"nothing", "", "", ""},
		{"an edge to nowhere", `"dependsOn": [`, `"dependsOn": [ "nowhere",`, "bom/malformed"},
		{"a member more", `"version": "v1.2.3"`, `"version": "v1.2.3", "more": 1`, "bom/invalid"},
		{"a member in another case", `"version": "v1.2.3"`, `"version": "v1.2.3", "Version": "v1.2.3"`, "bom/invalid"},
		{"a member twice", `"version": "v1.2.3"`, `"version": "v9.9.9", "version": "v1.2.3"`, "bom/unread"},
		{"a reference twice", `"bom-ref": "example.com/Deep/two@v1.0.0"`, `"bom-ref": "example.com/one@v1.2.3"`, "bom/unread"},
	} {
		if !strings.Contains(anonymous, test.old) {
			t.Fatalf("%s: no %s", test.name, test.old)
		}
		changed, _ := sbom.Identify([]byte(strings.Replace(anonymous, test.old, test.new, 1)))
		name := f.write(t, "cyclonedx-json", true)
		writeFile(t, name, string(changed))
		rep := f.verify(t, false, name)
		found := append(rulesOf(rep), outcomeOf(t, rep, BOM).ReasonID)
		if test.found == "" && rep.Verdict != audit.VerdictPass || !slices.Contains(found, test.found) || slices.Contains(found, "bom/altered") {
			t.Errorf("%s: %s %v", test.name, rep.Verdict, found)
		}
	}
}

// Whoever has no bundle is told which documents the log has to be asked about.
func TestBOMNeedsLog(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	junk := filepath.Join(t.TempDir(), "junk")
	writeFile(t, junk, "{}")
	with, without := f.write(t, "spdx-tag", true), f.write(t, "cyclonedx-xml", false)
	bare := f.write(t, "cyclonedx-json", false, func(d *sbom.Document) {
		for _, c := range d.Components {
			setProperty(c, sbom.PropertyH1, "")
		}
	})
	for _, test := range []struct {
		files []string
		want  bool
	}{{nil, false}, {[]string{junk, filepath.Join(junk, "none")}, false}, {[]string{with}, false}, {[]string{with, without}, true}, {[]string{bare}, false}} {
		if got := BOMNeedsLog(test.files); got != test.want {
			t.Errorf("%v: %v", test.files, got)
		}
	}
}

// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sbom"
)

// What a document describes is its maker's word, but for hashes and proofs.
func TestBOMSubjects(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3", "private.example/secret@v1.0.0")
	root := func(d *sbom.Document) *sbom.Component { return d.Component(d.Roots[0]) }
	for _, test := range []struct {
		name     string
		change   func(d *sbom.Document)
		found    string
		subjects int
	}{
		{"a proof of the product", func(d *sbom.Document) {
			root(d).Version, root(d).PURL = "v1.0.0", "pkg:golang/example.com/product@v1.0.0"
			root(d).Add(sbom.PropertyH1, sbomHash)
			root(d).Add(sbom.PropertyProof, string(Verified))
		}, "bom/proof-differs", 1},
		{"a hash of the product", func(d *sbom.Document) {
			root(d).Hashes = []sbom.Hash{{Algorithm: "SHA-256", Value: strings.Repeat("0", 64)}}
		}, "bom/open", 1},
		{"a workspace", func(d *sbom.Document) {
			w := &sbom.Component{Ref: "workspace", Kind: sbom.KindApplication, Name: "w", DependsOn: slices.Clone(d.Roots)}
			d.Components, d.Roots = append(d.Components, w), []string{"workspace"}
		}, "", 2},
		{"a licence where there is none", func(d *sbom.Document) {
			d.Component("private.example/secret@v1.0.0").License.Concluded = "MIT"
		}, "bom/license-differs", 1},
		{"a licence in other words", func(d *sbom.Document) {
			d.Component("example.com/one@v1.2.3").License.Concluded = "(MIT)"
		}, "", 1},
		{"another h1, of which no proof is claimed", func(d *sbom.Document) {
			c := d.Component("example.com/one@v1.2.3")
			c.Properties = slices.DeleteFunc(c.Properties, func(p sbom.Property) bool { return strings.HasPrefix(p.Name, "assay:sumdb:") })
			setProperty(c, sbom.PropertyH1, sbomHash)
		}, "bom/proof-differs", 1},
		{"a cryptographic asset", func(d *sbom.Document) {
			d.Components = append(d.Components, &sbom.Component{Ref: "c", Kind: sbom.KindCrypto, Name: "AES", Crypto: &sbom.Crypto{}})
		}, "", 1},
	} {
		rep := f.verify(t, false, f.write(t, "cyclonedx-json", true, test.change))
		found := rulesOf(rep)
		if id := outcomeOf(t, rep, BOM).ReasonID; id != "" {
			found = append(found, id)
		}
		facts := factsOf[BOMFacts](t, rep, BOM)
		if test.found == "" && len(found) > 0 || test.found != "" && !slices.Contains(found, test.found) || len(facts.Documents[0].Subjects) != test.subjects {
			t.Errorf("%s: %v %v", test.name, found, facts.Documents[0].Subjects)
		}
	}
}

// Each form is judged by what authorities ask; one from elsewhere is shown at its
// absolute path.
func TestBOMCarrier(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	for _, form := range []string{"cyclonedx-xml", "spdx-tag", "spdx3-json"} {
		cfg := f.verification(false, f.write(t, form, true))
		cfg.Settings = map[string]string{SettingBOMProfiles: "bsi-2.1,cisa-2026"}
		rep := runCheck(t, cfg)
		facts := factsOf[BOMFacts](t, rep, BOM)
		if len(facts.Documents[0].Profiles) != 2 || facts.Verified {
			t.Errorf("%s: %+v", form, facts.Documents[0].Profiles)
		}
	}
	cfg := f.verification(false, f.write(t, "cyclonedx-json", false, func(d *sbom.Document) { d.Component("example.com/one@v1.2.3").Version = "v9.0.0" }))
	cfg.Target.Dir = t.TempDir()
	if rep := runCheck(t, cfg); len(rep.Findings) == 0 || !filepath.IsAbs(filepath.FromSlash(rep.Findings[0].Location.File)) {
		t.Errorf("%+v", rep.Findings)
	}
}

// Logs of the policy are trusted besides; and a proof of one record is evidence too.
func TestBOMTrust(t *testing.T) {
	f := newBOMFixture(t, "example.com/one@v1.2.3")
	cfg := f.verification(false, f.write(t, "cyclonedx-json", true))
	cfg.Environ = append(slices.Clone(cfg.Environ), "GOSUMDB=off")
	if rep := runCheck(t, cfg); !slices.Contains(rulesOf(rep), "bom/proofs-invalid") {
		t.Errorf("nobody is trusted: %v", rulesOf(rep))
	}
	cfg.Policy = audit.DefaultPolicy()
	cfg.Policy.SumDB.Logs = []audit.PolicyLog{{GOSUMDB: f.log.Key, Modules: []string{"example.com"}}}
	if rep := runCheck(t, cfg); rep.Verdict != audit.VerdictPass {
		t.Errorf("%s %+v", rep.Verdict, rep.Findings)
	}

	store, err := audit.CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	named := f.cfg
	named.Target = &audit.Target{Dir: t.TempDir(), Modules: []string{"example.com/one@v1.2.3"}}
	named.Checks, named.Evidence = []*audit.Check{SumDB}, store
	facts := factsOf[SumDBFacts](t, runCheck(t, named), SumDB)
	single, err := SumDBEvidence(t.Context(), named.Target, &facts, time.Now(), func(digest string) []byte {
		data, _ := store.Get(digest)
		return data
	})
	if err != nil {
		t.Fatal(err)
	}
	proof := filepath.Join(t.TempDir(), "one.proof")
	writeFile(t, proof, string(single))
	cfg = f.verification(false, f.write(t, "cyclonedx-json", false))
	cfg.Settings[SettingBOMProofs] = proof
	states := map[string]BOMState{}
	for _, m := range factsOf[BOMFacts](t, runCheck(t, cfg), BOM).Documents[0].Modules {
		states[m.Module] = m.Proof
	}
	if states["example.com/one"] != BOMMatches || states["example.com/Deep/two"] != BOMDiffers {
		t.Errorf("%v", states)
	}
}

// Whatever a document says, it is judged, and judged again from its facts.
func FuzzBOMDocument(f *testing.F) {
	f.Add([]byte(foreign))
	f.Add([]byte("SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: SPDXRef-a\n"))
	f.Add([]byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components/></bom>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b := BOMDocument{File: "b", Valid: TriUnknown, Unchanged: TriUnknown}
		b.parse(data)
		if b.doc != nil {
			if err := b.profiles("bsi-2.1,ntia"); err != nil {
				t.Fatal(err)
			}
			v := &bomVerifier{document: &b}
			v.sort()
		}
		facts := &BOMFacts{Documents: []BOMDocument{b}, Verified: true}
		if _, err := facts.judge(); err == nil && len(b.Modules) == 0 {
			t.Error("a document of which nothing was verified passes")
		}
	})
}

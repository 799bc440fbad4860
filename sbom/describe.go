// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/package-url/packageurl-go"
	"golang.org/x/mod/module"

	"github.com/goassay/assay/sbom/license"
)

// Properties that BSI TR-03183-2 v2.1.0 asks for, by its taxonomy of
// properties; see package authority.
const (
	PropertyBSIFilename   = "bsi:component:filename"
	PropertyBSIExecutable = "bsi:component:executable" // executable, non-executable
	PropertyBSIArchive    = "bsi:component:archive"    // archive, no archive
	PropertyBSIStructured = "bsi:component:structured" // structured, unstructured

	// PropertyBSIComponent is the role of a component that is no file by itself
	// (TR-03183-2, 3.2): "logical" for one that groups others, such as a main module
	// that was not built; "embedded" for one that is there as a part of others
	// alone, such as the standard library, and a module of which there is no zip file.
	PropertyBSIComponent = "assay:bsi:component"
)

// Properties of proofs. Of a component, they say what the checksum database
// says of its h1: hash; of the document, to which tree heads the proofs lead.
const (
	PropertyProof      = "assay:sumdb:state"      // verified, mismatch, not-logged or not-checked
	PropertyLog        = "assay:sumdb:log"        // name of the log that answers for it
	PropertyRecord     = "assay:sumdb:record"     // index of its record in the log
	PropertyCheckpoint = "assay:sumdb:checkpoint" // of the document: log, tree size and root hash (base64), with spaces between
)

// PropertyLicensed lists the directories of the packages for which a licence
// was concluded, where those of other packages of the module would add to it.
const PropertyLicensed = "assay:license:packages"

// Concludes returns the licence that the zip file gives for what the component says it is for.
func (or *Origin) Concludes(c *Component) string {
	if dirs := strings.Fields(c.Property(PropertyLicensed)); dirs != nil {
		return or.License.For(dirs)
	}
	return or.License.Concluded
}

// Properties of the standard library: the zip file that its hashes are of.
const (
	PropertyToolchain   = "assay:go:toolchain"    // path@version of the toolchain's module
	PropertyToolchainH1 = "assay:go:toolchain_h1" // its h1: hash
)

// A Proof is what a checksum database says of the hash of a module.
type Proof struct {
	State  string // as PropertyProof
	Log    string
	Record *int64 // nil where it has none
}

// ModuleVersion returns the published module version that a component is, if
// it is one made here or by another tool that names Go modules by purl. Of a
// component that is said to come from a directory, a version is all that says so.
func (c *Component) ModuleVersion() (m module.Version, ok bool) {
	if !strings.HasPrefix(c.PURL, "pkg:golang/") || c.Version == "" {
		return m, false
	}
	m = module.Version{Path: c.fullName(), Version: c.Version}
	p, err := packageurl.FromString(c.PURL)
	if err != nil || p.Version != m.Version || !strings.EqualFold(strings.Trim(p.Namespace+"/"+p.Name, "/"), m.Path) { // the name has its case kept
		return m, false
	}
	return m, module.Check(m.Path, m.Version) == nil
}

// IsStdlib reports whether a component is the standard library of Go, as it is
// named here and by other tools.
func (c *Component) IsStdlib() bool {
	return c.Group == "" && c.Name == stdlib && strings.HasPrefix(c.PURL, "pkg:golang/"+stdlib+"@")
}

// DescribeZip adds to the component of a module what its zip file says, and
// where the proxy serves that ("" where no proxy does). The licences are those
// of the named packages, by their directories in the module; nil is all.
func (c *Component) DescribeZip(m module.Version, or *Origin, packages []string, url string) {
	c.DescribeLicense(&or.License)
	if packages != nil {
		if narrow := or.License.For(packages); narrow != or.License.Concluded {
			c.License.Concluded = narrow
			c.Add(PropertyLicensed, strings.Join(packages, " "))
		}
	}
	c.describeFile(m, or, url)
}

// describeFile adds what the zip file is, without its licences.
func (c *Component) describeFile(m module.Version, or *Origin, url string) {
	c.Hashes = []Hash{{"SHA-256", or.SHA256}, {"SHA-512", or.SHA512}}
	version, err := module.EscapeVersion(m.Version)
	if err != nil {
		return
	}
	c.Add(PropertyBSIFilename, version+".zip")
	c.Add(PropertyBSIExecutable, "non-executable")
	c.Add(PropertyBSIArchive, "archive")
	c.Add(PropertyBSIStructured, "structured")
	if url != "" { // the zip is the source, and it is what is distributed
		c.References = append(c.References,
			Reference{Type: "distribution", URL: url, Hashes: slices.Clone(c.Hashes)},
			Reference{Type: "source-distribution", URL: url, Hashes: slices.Clone(c.Hashes)})
	}
}

// toolchainModule is the module of Go's releases, which the proxies serve
// (https://go.dev/doc/toolchain#download).
const toolchainModule = "golang.org/toolchain"

// ToolchainOf returns the module version with the zip file of which the
// standard library of a toolchain is a part, for a host.
func (c *Component) ToolchainOf(goos, goarch string) module.Version {
	return module.Version{Path: toolchainModule, Version: "v0.0.1-go" + c.Version + "." + goos + "-" + goarch}
}

// DescribeToolchain adds to the component of the standard library what the zip
// file of the toolchain is that it comes with.
func (c *Component) DescribeToolchain(m module.Version, or *Origin, url string) {
	c.describeFile(m, or, url)
	c.Add(PropertyToolchain, m.String())
	c.Add(PropertyToolchainH1, or.H1)
}

// DescribeLicense adds what was found of a component's licences.
func (c *Component) DescribeLicense(found *license.Result) {
	c.License.Declared, c.License.Concluded, c.License.Texts = found.Declared, found.Concluded, found.Texts
	if c.License.Declared == "" && len(found.Parts) > 0 && found.Parts[0].Dir == "." {
		c.License.Declared = found.Parts[0].Expression // the text that they put at the module's root is what its authors say
	}
	for _, f := range found.Files {
		if f.Expression == "" {
			continue
		}
		c.License.Evidence = append(c.License.Evidence, LicenseEvidence{
			Expression: f.Expression, File: f.Path, Confidence: f.Confidence, Hash: Hash{"SHA-256", f.SHA256}, Lines: matchedLines(f),
		})
	}
	c.Copyright = strings.Join(found.Copyrights, "\n")
	c.Add("assay:license:conflict", found.Conflict)
}

// matchedLines returns from where to where texts were found in a file.
func matchedLines(f license.File) string {
	if len(f.Matches) == 0 {
		return ""
	}
	first, last := f.Matches[0].FirstLine, f.Matches[0].LastLine
	for _, m := range f.Matches {
		first, last = min(first, m.FirstLine), max(last, m.LastLine)
	}
	return strconv.Itoa(first) + "-" + strconv.Itoa(last)
}

// DescribeProof adds what the checksum database says.
func (c *Component) DescribeProof(p Proof) {
	c.Add(PropertyProof, p.State)
	c.Add(PropertyLog, p.Log)
	if p.Record != nil {
		c.Add(PropertyRecord, strconv.FormatInt(*p.Record, 10))
	}
}

// DescribeRevision adds what version control says of the component of a main
// module. The remote must be without secrets.
func (c *Component) DescribeRevision(r *Revision, remote string) {
	c.Add(PropertyCommit, r.Commit)
	c.Add(PropertyCommitTime, r.Time.Format("2006-01-02T15:04:05Z"))
	c.Add(PropertyModified, strconv.FormatBool(r.Modified))
	if remote != "" {
		comment := "commit " + r.Commit
		if r.Subdir != "" {
			comment += ", directory " + r.Subdir
		}
		c.References = append(c.References, Reference{Type: "vcs", URL: remote, Comment: comment})
	}
}

// Complete fills in what follows from the rest of a document: where modules
// are developed, who maintains them, and what is no file by itself.
func (d *Document) Complete() {
	for _, c := range d.Components {
		if m, ok := c.ModuleVersion(); ok && c.Property(PropertyLocal) == "" {
			if vcs := Repository(m); vcs.URL != "" && !slices.ContainsFunc(c.References, func(r Reference) bool { return r.Type == "vcs" }) {
				c.References = append(c.References, vcs)
			}
		}
		if c.Supplier != nil && c.Authors == nil && c.PURL != "" {
			c.Authors = []Party{*c.Supplier}
		}
		switch {
		case c.Property(PropertyFile) != "":
			c.Add(PropertyBSIFilename, path.Base(c.Property(PropertyFile)))
			c.Add(PropertyBSIExecutable, "executable")
			c.Add(PropertyBSIArchive, "no archive")
			c.Add(PropertyBSIStructured, "unstructured")
		case c.Property(PropertyBSIFilename) == "" && slices.Contains(d.Roots, c.Ref), c.Property(PropertyMainModule) != "":
			c.Add(PropertyBSIComponent, "logical")
		case c.Property(PropertyBSIFilename) == "":
			c.Add(PropertyBSIComponent, "embedded")
		}
		for _, party := range d.Authors {
			if slices.Contains(d.Roots, c.Ref) && c.Kind != KindContainer && d.Supplier == nil && len(c.Authors) == 0 {
				c.Authors = append(c.Authors, party)
			}
		}
		if slices.Contains(d.Roots, c.Ref) && d.Supplier != nil {
			c.Supplier, c.Authors = d.Supplier, []Party{*d.Supplier}
		}
	}
	d.Sort()
}

// Repository returns where a module version is developed, as far as its path
// says so: on a host of repositories, and for golang.org/x, of which
// https://go.dev/doc/contribute says it. Tag and commit follow from the version
// (https://go.dev/ref/mod#vcs-version).
func Repository(m module.Version) Reference {
	words := strings.Split(m.Path, "/")
	url, n := "", 3
	switch {
	case len(words) >= 3 && slices.Contains(ownerHosts, words[0]):
		url = "https://" + strings.Join(words[:3], "/")
	case len(words) >= 3 && words[0] == "golang.org" && words[1] == "x":
		url = "https://go.googlesource.com/" + words[2]
	default:
		return Reference{}
	}
	dir, _, _ := module.SplitPathVersion(strings.Join(words[n:], "/"))
	if len(words) == n+1 && isMajor(words[n]) {
		dir = ""
	}
	dir = strings.Trim(dir, "/")
	comment := ""
	if rev, err := module.PseudoVersionRev(m.Version); err == nil {
		comment = "commit " + rev
	} else {
		if dir != "" {
			comment = dir + "/"
		}
		comment = "tag " + comment + strings.TrimSuffix(m.Version, "+incompatible")
	}
	return Reference{Type: "vcs", URL: url, Comment: comment}
}

// DescribeFolder adds what is found of licences in the folder of a module of
// which there is no zip file.
func (c *Component) DescribeFolder(dir string) error {
	found, err := license.Scan(os.DirFS(dir), license.Options{})
	if err == nil {
		c.DescribeLicense(found)
	}
	return err
}

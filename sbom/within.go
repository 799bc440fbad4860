// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"regexp"
	"strings"

	"github.com/goassay/assay/audit/filetree"
)

// Properties of container images and Debian packages.
const (
	PropertyPlatform   = "assay:image:platform"  // of an image: such as linux/amd64
	PropertyReference  = "assay:image:reference" // of an image: by which the archive names it
	PropertyBuiltUsing = "assay:deb:built_using" // of a source package: the field that names it. It proves no module's version
	PropertyDebUnread  = "assay:deb:unread"      // of a Debian package: what of its control file could not be read
)

// ImageComponent returns the component of a container image. It has a purl
// where its name and the digest of its manifest are known, which is what the oci
// type of the purl specification is made of.
func ImageComponent(im *filetree.Image) *Component {
	c := &Component{
		Ref: "image:" + im.Digest + im.Manifest, Kind: KindContainer, Name: im.Name, Version: im.Manifest,
		Depends: true, Completeness: Incomplete, // what else is in it is not described
	}
	if im.Manifest != "" {
		c.Ref = "image:" + im.Manifest
	}
	if im.Digest == "" && im.Manifest == "" {
		c.Ref += im.Name
	}
	if digest, ok := strings.CutPrefix(im.Digest, "sha256:"); ok {
		c.Hashes = []Hash{{"SHA-256", digest}}
	}
	c.PURL = imagePURL(im)
	c.Add(PropertyPlatform, im.Platform)
	c.Add(PropertyReference, im.Reference)
	return c
}

var (
	imageName   = regexp.MustCompile(`^[a-z0-9]+([._-]+[a-z0-9]+)*$`)
	imageTag    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	imageDigest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// imagePURL is made as types/oci-definition.json of the purl specification
// says: the last element of the repository is the name, the digest of the
// manifest the version. The repository is named only if it begins with a registry.
func imagePURL(im *filetree.Image) string {
	reference, _, _ := strings.Cut(im.Reference, "@")
	tag := ""
	if i := strings.LastIndexByte(reference, ':'); i > strings.LastIndexByte(reference, '/') {
		reference, tag = reference[:i], reference[i+1:]
	}
	elements := strings.Split(reference, "/")
	for i, e := range elements {
		host := i == 0 && len(elements) > 1 // which may have a port
		if !imageName.MatchString(strings.Replace(e, ":", "", map[bool]int{true: 1}[host])) {
			return ""
		}
	}
	if !imageDigest.MatchString(im.Manifest) {
		return ""
	}
	qualifiers := map[string]string{}
	if len(elements) > 1 && (strings.ContainsAny(elements[0], ".:") || elements[0] == "localhost") {
		qualifiers["repository_url"] = reference
	}
	if imageTag.MatchString(tag) {
		qualifiers["tag"] = tag
	}
	if _, arch, ok := strings.Cut(im.Platform, "/"); ok && imageName.MatchString(before(arch, "/")) {
		qualifiers["arch"] = before(arch, "/")
	}
	return otherPURL("oci", "", elements[len(elements)-1], im.Manifest, qualifiers)
}

// PackageComponents returns the component of a Debian package, and those of the
// source packages that its control file says it was built using. That some
// module's code is from one of them, and of which version, they do not prove.
func PackageComponents(p *filetree.Package) (pkg *Component, sources []*Component) {
	pkg = debComponent(p.Name, p.Version, p.Architecture)
	pkg.Kind, pkg.Completeness = KindApplication, Incomplete
	if p.Err != nil {
		pkg.Add(PropertyDebUnread, p.Err.Error())
	}
	known := make(map[string]*Component)
	for _, b := range p.Built {
		c := debComponent(b.Name, b.Version, "source")
		if k := known[c.Ref]; k != nil {
			k.merge(&Component{Properties: []Property{{PropertyBuiltUsing, b.Field}}})
			continue
		}
		known[c.Ref] = c
		c.Add(PropertyBuiltUsing, b.Field)
		sources = append(sources, c)
	}
	return pkg, sources
}

// debComponent is named as types/deb-definition.json of the purl specification
// says. What distribution a package is of, its control file does not say: the
// names are those of Debian, from which others take them.
func debComponent(name, version, arch string) *Component {
	c := &Component{
		Ref: "deb:" + name + "@" + version + ":" + arch, Kind: KindLibrary, Name: name, Version: version,
		Scope: ScopeRequired, Depends: true, Completeness: Unknown,
	}
	if name == "" {
		c.Name = "Debian package"
		return c
	}
	qualifiers := map[string]string{}
	if arch != "" {
		qualifiers["arch"] = arch
	}
	c.PURL = otherPURL("deb", "debian", name, version, qualifiers)
	return c
}

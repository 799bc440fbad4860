// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cbom

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/fips"
	"github.com/goassay/assay/sbom"
)

// Properties of executables and of what they contain, beside those of package sbom.
const (
	PropertyVerdict     = "assay:fips:verdict"     // of an executable: certified, in-process, uncertified, disabled, broken, no-module, unknown, not-go, unreadable
	PropertyMode        = "assay:fips:mode"        // the FIPS 140 mode in which it starts by default
	PropertyReason      = "assay:fips:reason"      // why it is not certified, or why nothing is known of it
	PropertyCertificate = "assay:fips:certificate" // of the module of a certified executable: standard, number, and the day on which that was so
	PropertyEnvironment = "assay:fips:environment" // to-be-confirmed: whether it runs in an operating environment of the certificate
	PropertyOutside     = "assay:fips:outside"     // true, of a package outside of every FIPS 140 module
)

// nativeModule is the beginning of the paths of the packages of Go's module.
const nativeModule = "crypto/internal/fips140/"

// An Executable is the FIPS 140 state of an executable, as assay's report has it.
type Executable struct {
	Path        string           `json:"path"`
	SHA256      string           `json:"sha256"` // "sha256:" and hexadecimal
	Go          string           `json:"go"`
	Reason      string           `json:"reason"` // why nothing is known of it
	Seen        *Seen            `json:"seen"`   // nil if it could not be looked at
	Module      fips.Module      `json:"module"`
	Mode        fips.Mode        `json:"mode"`
	Certificate fips.Certificate `json:"certificate"`
	Verdict     fips.Verdict     `json:"verdict"`
	Reasons     []string         `json:"reasons"`
	Packages    fips.Packages    `json:"packages"`
}

// Seen is what an executable itself shows.
type Seen struct {
	Module       fips.Kind `json:"module"`
	Versions     []string  `json:"versions"`
	Cryptography []string  `json:"cryptography"`
}

// executable adds an executable with its module and its packages.
func (b *builder) executable(x Executable) string {
	c := &sbom.Component{
		Ref: "file:" + x.Path, Kind: sbom.KindApplication, Name: path.Base(strings.ReplaceAll(x.Path, `\`, "/")),
		Depends: true, Completeness: sbom.Unknown,
	}
	if sum, ok := strings.CutPrefix(x.SHA256, "sha256:"); ok {
		c.Hashes = []sbom.Hash{{Algorithm: "SHA-256", Value: sum}}
	}
	c.Add(sbom.PropertyFile, x.Path)
	c.Add(sbom.PropertyGoVersion, x.Go)
	c.Add(PropertyVerdict, string(x.Verdict))
	if x.Verdict != fips.VerdictNotGo && x.Verdict != fips.VerdictUnreadable {
		c.Add(PropertyMode, string(x.Mode.Effective()))
	}
	c.Add(PropertyReason, x.Reason)
	for _, r := range x.Reasons {
		c.Add(PropertyReason, r)
	}
	if x.Seen != nil && x.Seen.Module != fips.Unknown {
		c.Completeness = sbom.Incomplete // C code shows nothing, and not every package with cryptography is known
		if ref := b.module(x); ref != "" {
			c.DependsOn = append(c.DependsOn, ref)
		}
		for _, p := range x.packages() {
			if ref := b.pkg(x, p); ref != "" {
				c.DependsOn = append(c.DependsOn, ref)
			}
		}
	}
	return b.keep(c)
}

// moduleNames are what the modules call themselves; that of a system is not known.
var moduleNames = map[fips.Kind]string{
	fips.Native: "Go Cryptographic Module", fips.BoringCrypto: "BoringCrypto", fips.System: "cryptographic library of the operating system",
}

// module adds the FIPS 140 module that is linked, or that a toolchain has the program
// load; "" if there is none, or if that is not known.
func (b *builder) module(x Executable) string {
	kind, version := x.Seen.Module, strings.Join(x.Seen.Versions, "+")
	name := moduleNames[kind]
	if name == "" || kind == fips.Native && version == "latest" { // the standard library's own source, and not a module that was validated
		return ""
	}
	if kind != fips.Native {
		version = ""
	}
	c := &sbom.Component{
		Ref: "module:" + string(kind) + "@" + version, Kind: sbom.KindLibrary, Name: name, Version: version,
		Depends: true, Completeness: sbom.Unknown,
	}
	if x.Verdict == fips.VerdictCertified {
		cert := fmt.Sprintf("%s certificate %d, as of %s", x.Certificate.Standard, x.Certificate.Number, x.Certificate.AsOf)
		c.Ref += "#" + digest(cert)
		c.Add(PropertyCertificate, cert)
		c.Add(PropertyEnvironment, "to-be-confirmed")
	}
	return b.keep(c)
}

// A linkedPackage is a package with cryptography that an executable contains.
type linkedPackage struct {
	path    string
	key     string // in packageAlgorithms
	native  bool   // of the native module
	outside bool   // of every module
}

// packages lists those of which it is known what they offer, or that they are
// outside of every module. Where the native module's packages are linked, what programs
// import of the same names calls them.
func (x Executable) packages() []linkedPackage {
	var out []linkedPackage
	native := slices.ContainsFunc(x.Seen.Cryptography, func(p string) bool { return strings.HasPrefix(p, nativeModule) })
	outside := slices.Concat(x.Packages.Standard, x.Packages.Vendored, x.Packages.NonApproved)
	for _, p := range x.Seen.Cryptography {
		key, isNative := strings.CutPrefix(p, nativeModule)
		if isNative {
			if first, rest, ok := strings.Cut(key, "/"); ok && len(first) > 1 && first[0] == 'v' && first[1] >= '0' && first[1] <= '9' {
				key = rest
			}
		} else {
			key = strings.TrimPrefix(p, "crypto/")
		}
		if _, known := moduleAlgorithms[key]; known && (isNative || !native) {
			out = append(out, linkedPackage{path: p, key: key, native: isNative})
		} else if _, known := otherAlgorithms[p]; known && !slices.Contains(outside, p) {
			out = append(out, linkedPackage{path: p, key: p})
		}
	}
	for _, p := range outside {
		out = append(out, linkedPackage{path: p, key: p, outside: true})
	}
	return out
}

// pkg adds a package with the algorithms that it offers. Those of a certified
// executable's native module have its certification: no others have one.
func (b *builder) pkg(x Executable, p linkedPackage) string {
	offers := otherAlgorithms[p.key]
	if offers == nil {
		offers = moduleAlgorithms[p.key]
	}
	var level []string
	if p.native && x.Verdict == fips.VerdictCertified && x.Seen.Module == fips.Native && x.Module.Linked != gobin.No {
		level = certification(x.Certificate)
	}
	c := &sbom.Component{
		Ref: "package:" + p.path, Kind: sbom.KindLibrary, Name: p.path, Depends: true, Completeness: sbom.Complete,
	}
	if strings.HasPrefix(p.path, "crypto/") || strings.HasPrefix(p.path, "vendor/") {
		c.Version = x.Go
		c.Ref += "@" + x.Go
	}
	if level != nil {
		c.Ref += "#" + level[0]
	}
	if p.outside {
		c.Add(PropertyOutside, "true")
	}
	if offers == nil {
		c.Completeness = sbom.Unknown
	} else {
		c.Description = "The package offers it; whether the program uses it is not known."
	}
	for _, a := range offers {
		a.Environment, a.Certified, a.Functions = "software-plain-ram", level, nil
		c.DependsOn = append(c.DependsOn, b.use(a))
	}
	return b.keep(c)
}

// certification is a certificate's level in CycloneDX's words; nil if it has no such word.
func certification(c fips.Certificate) []string {
	if c.State != fips.Certified || c.Level < 1 || c.Level > 4 {
		return nil
	}
	standard, ok := strings.CutPrefix(c.Standard, "FIPS 140-")
	if !ok || standard != "2" && standard != "3" {
		return nil
	}
	return []string{fmt.Sprintf("fips140-%s-l%d", standard, c.Level)}
}

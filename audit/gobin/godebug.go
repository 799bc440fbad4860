// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goassay/assay/internal/lazyregexp"
)

// GODEBUG is the default of GODEBUG that is linked into a program: the string
// runtime.godebugDefault. It is what holds where the environment says nothing,
// whatever the build info says, for a linker flag can set it behind the go
// command's back.
type GODEBUG struct {
	Basis GODEBUGBasis `json:"basis"`

	// Values has the default, as name=value with commas between. By symbol and
	// by code it has one element, which may be empty. By search it has each text
	// that may be the default: none if there is none, or it was not found.
	Values []string `json:"values"`

	// Disputed is set where the symbol table has the default at another address than
	// the code that reads it. The code is believed.
	Disputed bool `json:"disputed,omitempty"`
}

// GODEBUGBasis says how a default was found.
type GODEBUGBasis string

// The bases.
const (
	ByCode   GODEBUGBasis = "code"   // at the address that the runtime's code has
	BySymbol GODEBUGBasis = "symbol" // at the address that the symbol table has
	BySearch GODEBUGBasis = "search" // by what it looks like alone
)

// LinkedGODEBUG finds the default of GODEBUG that is linked into the program.
//
// It looks at the runtime's code that reads the default. For processors whose code
// is not read the symbol is believed, although nothing reads the symbol table when
// the program runs, and who edits it breaks nothing: where the code should be found
// and is not, it is not believed. Then, and where there is none, it
// looks for a pointer and a length, as of a string, in a writable segment, that
// lead to "name=value,..." with a name that Go knows: another variable of the
// program may look so, too.
func (im *Image) LinkedGODEBUG() (GODEBUG, error) {
	if addr, ok := im.defaultByCode(); ok {
		text, err := im.stringAt(addr)
		return GODEBUG{ByCode, []string{text}, im.disputed(addr)}, err
	}
	if im.symbols != nil && !im.understood() {
		addr, err := im.symbols.find("runtime.godebugDefault")
		if err != nil {
			return GODEBUG{}, err
		}
		if addr != 0 {
			text, err := im.stringAt(addr)
			return GODEBUG{Basis: BySymbol, Values: []string{text}}, err
		}
	}
	values, err := im.searchGODEBUG()
	return GODEBUG{Basis: BySearch, Values: values}, err
}

// disputed reports whether there is a symbol of the default, and not at addr.
func (im *Image) disputed(addr uint64) bool {
	if im.symbols == nil {
		return false
	}
	at, err := im.symbols.find("runtime.godebugDefault")
	return err != nil || at != 0 && at != addr
}

// The functions of the runtime that refer to the default.
var (
	defaultReaders   = []string{"runtime.parseRuntimeDebugVars", "runtime.parsedebugvars"} // since Go 1.26, and before
	defaultNotifiers = []string{"runtime.godebugNotify"}
)

// defaultByCode finds the variable by what the code refers to that reads it: the
// function that sets the runtime's own variables at the start, and the one that
// tells package internal/godebug of changes. It is the only string to which both
// refer, both words of it: both refer also to the pointer runtime.godebugEnv, which
// is zero in the file, as an empty string is.
func (im *Image) defaultByCode() (uint64, bool) {
	first, ok := im.referencesOf(defaultReaders...)
	if !ok {
		return 0, false
	}
	second, ok := im.referencesOf(defaultNotifiers...)
	if !ok {
		return 0, false
	}
	var found []uint64
	for addr := range first {
		length := addr + uint64(im.ptr)
		if !second[addr] || !first[length] || !second[length] {
			continue
		}
		if _, err := im.stringAt(addr); err == nil {
			found = append(found, addr)
		}
	}
	if len(found) != 1 {
		return 0, false
	}
	return found[0], true
}

// stringAt reads the variable of type string at addr.
func (im *Image) stringAt(addr uint64) (string, error) {
	if im.changes(addressRange{addr + uint64(im.ptr), addr + 2*uint64(im.ptr)}) || im.isZero(addr) && im.changes(addressRange{addr, addr + 1}) {
		return "", fmt.Errorf("%w: runtime.godebugDefault is changed by the loader", ErrMalformed)
	}
	if im.isZero(addr) {
		return "", nil
	}
	raw := make([]byte, 2*im.ptr)
	if err := im.read(raw, addr); err != nil {
		return "", fmt.Errorf("%w: runtime.godebugDefault is not in the file", ErrMalformed)
	}
	n := im.word(raw[im.ptr:])
	if n == 0 {
		return "", nil
	}
	if n > maxGODEBUG {
		return "", fmt.Errorf("%w: runtime.godebugDefault of %d bytes", ErrMalformed, n)
	}
	text := make([]byte, n)
	to := im.pointer(addr, raw)
	if err := im.read(text, to); err != nil || im.changes(addressRange{to, to + n}) {
		return "", fmt.Errorf("%w: runtime.godebugDefault leads out of the file", ErrMalformed)
	}
	return string(text), nil
}

func (im *Image) searchGODEBUG() ([]string, error) {
	var found []string
	pair := 2 * im.ptr
	err := im.scan(true, pair-1, func(addr uint64, part []byte) bool {
		skip := int(-addr & uint64(im.ptr-1))
		for at := skip; at+pair <= len(part); at += im.ptr {
			n := im.word(part[at+im.ptr:])
			if n < 3 || n > maxGODEBUG {
				continue
			}
			to := im.pointer(addr+uint64(at), part[at:])
			if text, ok := im.godebugAt(to, int(n)); ok && len(found) < maxCandidates && !slices.Contains(found, text) {
				found = append(found, text)
			}
		}
		return true
	})
	slices.Sort(found)
	return found, err
}

// maxCandidates bounds the variables that look like a default.
const maxCandidates = 1000

// maxGODEBUG bounds a default, in bytes. go.mod with "go 1.21" makes one of 600.
const maxGODEBUG = 4 << 10

// godebugAt reads a text of n bytes, if it can be a default. Only what is not
// writable holds the texts of constants.
func (im *Image) godebugAt(addr uint64, n int) (string, bool) {
	r, ok := im.section(addr)
	if !ok || r.Size() < int64(n) {
		return "", false
	}
	head := make([]byte, min(n, 32))
	if _, err := r.ReadAt(head, 0); err != nil || !godebugHead().Match(head) {
		return "", false
	}
	text := make([]byte, n)
	if _, err := r.ReadAt(text, 0); err != nil {
		return "", false
	}
	return string(text), isGODEBUG(string(text))
}

// godebugHead is how a default begins: a name, and the sign or more of the name.
var godebugHead = lazyregexp.New(`^[a-z][a-z0-9]+(=[!-~]*(,.*)?)?$`)

var godebugText = lazyregexp.New(`^[a-z][a-z0-9]+=[-+._a-zA-Z0-9#]*(,[a-z][a-z0-9]+=[-+._a-zA-Z0-9#]*)*$`)

func isGODEBUG(text string) bool {
	if !godebugText().MatchString(text) {
		return false
	}
	for setting := range strings.SplitSeq(text, ",") {
		name, _, _ := strings.Cut(setting, "=")
		if _, known := slices.BinarySearch(godebugNames, name); known {
			return true
		}
	}
	return false
}

// godebugNames are the settings of GODEBUG that Go 1.21 to 1.27 know, sorted:
// internal/godebugs.
var godebugNames = []string{
	"allowmultiplevcs", "asynctimerchan", "containermaxprocs", "cryptocustomrand", "dataindependenttiming",
	"decoratemappings", "embedfollowsymlinks", "execerrdot", "fips140", "fips140ems", "gocachehash", "gocachetest",
	"gocacheverify", "gotestjsonbuildtext", "gotypesalias", "htmlmetacontenturlescape", "http2client", "http2debug",
	"http2server", "httpcookiemaxnum", "httplaxcontentlength", "httpmuxgo121", "httpservecontentkeepheaders",
	"installgoroot", "jstmpllitinterp", "multipartfiles", "multipartmaxheaders", "multipartmaxparts", "multipathtcp",
	"netdns", "netedns0", "panicnil", "randautoseed", "randseednop", "rsa1024min", "tarinsecurepath", "tls10server",
	"tls3des", "tlskyber", "tlsmaxrsasize", "tlsmlkem", "tlsrsakex", "tlssecpmlkem", "tlssha1", "tlsunsafeekm", "tracebacklabels", "updatemaxprocs",
	"urlmaxqueryparams", "urlstrictcolons", "winreadlinkvolume", "winsymlink", "x509keypairleaf", "x509negativeserial",
	"x509rsacrt", "x509sha1", "x509sha256skid", "x509sslcertoverrideplatform", "x509usefallbackroots", "x509usepolicies", "zipinsecurepath",
}

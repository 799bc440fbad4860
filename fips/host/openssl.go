// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/internal/lazyregexp"
)

// OpenSSL is the OpenSSL of the host, as its own program tells in this
// environment. Go programs built with the toolchains of Red Hat and Microsoft load
// its library; others do not.
type OpenSSL struct {
	Installed Answer     `json:"installed"`         // the program, or the library without it
	Product   string     `json:"product,omitempty"` // OpenSSL, or LibreSSL and others that call themselves by its name
	Version   string     `json:"version,omitempty"`
	Providers []Provider `json:"providers"`

	// FIPS tells whether a provider of validated cryptography is active: loaded,
	// and its self-test passed. Whether algorithms are fetched from it and not from
	// another that is active too is up to the default properties (fips_module(7)).
	FIPS Answer `json:"fips"`

	// Module tells whether the file fips.so is in a folder of modules: the
	// provider is installed, which does not make it active. Why names it.
	Module Answer `json:"module"`
}

// A Provider is one that openssl lists.
type Provider struct {
	ID      string `json:"id"` // such as "default" or "fips"
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
	Active  bool   `json:"active"`
}

// FIPS reports whether the provider calls itself one of validated cryptography.
// The ID is of the configuration, and the name of the provider's own. Most have
// FIPS in both; the name of Ubuntu's says Cryptographic Module, and Azure Linux has
// SymCrypt's. OpenSSL's other providers are none, whatever their ID.
func (p Provider) FIPS() bool {
	if otherProvider().MatchString(p.Name) {
		return false
	}
	text := strings.ToLower(p.ID + "\n" + p.Name)
	return strings.Contains(text, "fips") || strings.Contains(text, "symcrypt")
}

var otherProvider = lazyregexp.New(`^OpenSSL (?:Default|Legacy|Base|Null) Provider$`)

// String gives the ID, the name in parentheses, and the version.
func (p Provider) String() string {
	s := p.ID
	if p.Name != "" {
		s += " (" + p.Name + ")"
	}
	return strings.TrimSpace(s + " " + p.Version)
}

// patience is how long openssl may take. What its configuration loads could hang.
const patience = 30 * time.Second

// maxProviders bounds how many providers are read. There are a handful.
const maxProviders = 100

// maxOutput bounds what is read of a command's output, in bytes.
const maxOutput = 1 << 20

func readOpenSSL(ctx context.Context, r root, o Options) *OpenSSL {
	s := &OpenSSL{Providers: []Provider{}}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "openssl", args...)
		cmd.Env = o.Environ
		out, err := o.Run(cmd)
		if err == nil && len(out) > maxOutput {
			err = errTooLarge
		}
		return string(out), err
	}
	out, err := run("version", "-a")
	var dir string
	if errors.Is(err, exec.ErrNotFound) {
		s.without(r)
	} else if s.Installed = yes(""); err != nil {
		s.FIPS = failed("openssl version", err)
	} else {
		s.Product, s.Version, dir = ParseVersion(out)
		s.list(run)
	}
	if d, _ := lookup(o.Environ, "OPENSSL_MODULES"); d != "" {
		dir = d
	}
	s.Module = r.module(dir)
	return s
}

// without looks for the library where there is no program to ask.
func (s *OpenSSL) without(r root) {
	file, err := r.library()
	switch {
	case file != "":
		s.Installed = yes(file)
		s.FIPS = unknown(file + " is there, and no program openssl to ask")
	case err != nil:
		s.Installed = failed("libcrypto.so", err)
		s.FIPS = s.Installed
	default:
		s.Installed, s.FIPS = no(""), no("not installed")
	}
}

// list asks for the providers, which OpenSSL has since 3.0.
func (s *OpenSSL) list(run func(...string) (string, error)) {
	major, _, _ := strings.Cut(s.Version, ".")
	if n, err := strconv.Atoi(major); s.Product != "OpenSSL" || err != nil || n < 3 {
		s.FIPS = unknown(strings.TrimSpace("no providers: " + s.Product + " " + s.Version))
		return
	}
	out, err := run("list", "-providers")
	if err != nil {
		s.FIPS = failed("openssl list -providers", err)
		return
	}
	providers, ok := ParseProviders(out)
	if !ok {
		s.FIPS = unknown("openssl list -providers: not a list of providers")
		return
	}
	s.Providers, s.FIPS = providers, no("")
	if slices.ContainsFunc(providers, func(p Provider) bool { return p.Active && p.FIPS() }) {
		s.FIPS = yes("")
	}
}

var versionForm = lazyregexp.New(`^([A-Za-z]+) ([0-9][0-9A-Za-z.+~-]{0,40})(?:\s|$)`)

// ParseVersion reads the output of openssl version -a: whose program it is, its
// version, and its folder of modules (openssl-version(1)). Each may be "".
func ParseVersion(out string) (product, version, modulesDir string) {
	if m := versionForm().FindStringSubmatch(out); m != nil && len(m[1]) <= 40 {
		product, version = m[1], m[2]
	}
	for l := range strings.Lines(out) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(l), "MODULESDIR: "); ok {
			modulesDir = strings.Trim(v, `"`)
		}
	}
	return product, version, modulesDir
}

// ParseProviders reads the output of openssl list -providers: the ID of each
// provider on a line that is indented by two spaces, and what it says of itself on
// lines indented by four (openssl-list(1)). A provider that does not say that it is
// active is not.
func ParseProviders(out string) ([]Provider, bool) {
	list := []Provider{}
	head := false
	for l := range strings.Lines(out) {
		l = strings.TrimRight(l, "\r\n")
		text := strings.TrimLeft(l, " ")
		switch indent := len(l) - len(text); {
		case text == "":
		case !head:
			if l != "Providers:" {
				return nil, false
			}
			head = true
		case indent == 2 && len(list) < maxProviders:
			list = append(list, Provider{ID: line(text)})
		case indent == 4 && len(list) > 0:
			p := &list[len(list)-1]
			switch key, value, _ := strings.Cut(text, ": "); key {
			case "name":
				p.Name = line(value)
			case "version":
				p.Version = line(value)
			case "status":
				p.Active = value == "active"
			}
		case indent > 4: // of -verbose
		default:
			return nil, false
		}
	}
	return list, head
}

// libraryDirs are where distributions have libraries, Debian's in folders that are
// named after the machine.
var libraryDirs = []string{"/usr/lib64", "/usr/lib", "/usr/local/lib64", "/usr/local/lib", "/lib64", "/lib"}

// folders lists the folders of libraries that there are.
func (r root) folders() (dirs []string, err error) {
	for _, dir := range libraryDirs {
		entries, e := fs.ReadDir(r.fsys, r.name(dir))
		if e != nil {
			if !errors.Is(e, fs.ErrNotExist) {
				err = e
			}
			continue
		}
		dirs = append(dirs, dir)
		for _, entry := range entries {
			if strings.Contains(entry.Name(), "-linux-gnu") {
				dirs = append(dirs, dir+"/"+entry.Name())
			}
		}
	}
	return dirs, err
}

// library finds OpenSSL's library.
func (r root) library() (string, error) {
	dirs, err := r.folders()
	for _, dir := range dirs {
		entries, e := fs.ReadDir(r.fsys, r.name(dir))
		if e != nil {
			err = e
		}
		for _, entry := range entries {
			if strings.HasPrefix(entry.Name(), "libcrypto.so") {
				return line(dir + "/" + entry.Name()), nil
			}
		}
	}
	return "", err
}

// module finds fips.so in a folder of modules or, where that is not known, in the
// usual ones.
func (r root) module(dir string) Answer {
	switch {
	case path.IsAbs(dir):
		return r.fipsIn(dir)
	case dir != "":
		return unknown("the folder of modules is relative")
	}
	dirs, err := r.folders()
	for _, dir := range dirs {
		if a := r.fipsIn(dir + "/ossl-modules"); a.Is != gobin.No {
			return a
		}
	}
	if err != nil {
		return failed("fips.so", err)
	}
	return no("")
}

func (r root) fipsIn(dir string) Answer {
	file := path.Join(dir, "fips.so")
	a := r.has(file)
	if a.Is == gobin.Yes {
		a.Why = line(file)
	}
	return a
}

// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package host reads what of a Linux host decides about FIPS 140: the kernel's
// flag and command line, crypto-policies, OpenSSL's providers, and the environment.
//
// Who heeds what differs. The Go Cryptographic Module asks the setting fips140 of
// GODEBUG alone, and never the kernel (crypto/internal/fips140 and its package
// check, internal/godebug). OpenSSL as Red Hat, SUSE, Ubuntu and Azure Linux patch
// it asks the kernel's flag; upstream's goes by its configuration (fips_module(7),
// fips_config(5)). Programs built with the toolchains of Red Hat and Microsoft ask
// the environment first, and then the kernel's flag. In a container that flag is
// the host's, and all else may be of the image.
//
// What is read here are settings. Neither a flag nor an active provider shows that
// a program uses a validated module.
package host

import (
	"context"
	"io/fs"
	"os/exec"

	"github.com/goassay/assay/audit/gobin"
)

// Options are where a host is read.
type Options struct {
	Root    fs.FS                           // the root of its file system, such as os.DirFS("/")
	OS      string                          // its operating system, as GOOS names it
	Environ []string                        // the environment, as os.Environ gives it
	Run     func(*exec.Cmd) ([]byte, error) // runs a command to its end and returns its standard output
}

// Facts is what was read of a host. Other than on Linux that is the environment
// alone: the rest has no meaning there, and is nil.
type Facts struct {
	OS             string          `json:"os"`
	Kernel         *Kernel         `json:"kernel,omitempty"`
	CryptoPolicies *CryptoPolicies `json:"crypto_policies,omitempty"`
	OpenSSL        *OpenSSL        `json:"openssl,omitempty"`
	Container      *Container      `json:"container,omitempty"`
	Environment    Environment     `json:"environment"`
}

// An Answer is yes, no, or unknown. Why says what it rests on where that is not
// plain, and always why it is unknown.
type Answer struct {
	Is  gobin.Ternary `json:"is"`
	Why string        `json:"why,omitempty"`
}

func (a Answer) known() bool { return a.Is == gobin.Yes || a.Is == gobin.No }

func yes(why string) Answer     { return Answer{gobin.Yes, why} }
func no(why string) Answer      { return Answer{gobin.No, why} }
func unknown(why string) Answer { return Answer{gobin.Unknown, why} }

// failed is the answer where something could not be read, or asked.
func failed(name string, err error) Answer { return unknown(name + ": " + reason(err)) }

// Read reads a host. What cannot be read is unknown in the facts, with the reason.
func Read(ctx context.Context, o Options) Facts {
	f := Facts{OS: o.OS, Environment: readEnvironment(o.Environ)}
	if o.OS != "linux" {
		return f
	}
	r := root{o.Root}
	mounts, err := r.mounts()
	f.Kernel = readKernel(r, mounts, err)
	f.CryptoPolicies = readCryptoPolicies(r, mounts, err)
	f.OpenSSL = readOpenSSL(ctx, r, o)
	f.Container = readContainer(r, o.Environ)
	return f
}

// Unknown lists what could not be determined, with the reason for each; nil if
// all was. Nothing was, but the environment, where the host is not Linux.
func (f Facts) Unknown() []string {
	if f.Kernel == nil {
		return []string{"not Linux: " + f.OS}
	}
	var out []string
	for _, q := range []struct {
		what string
		Answer
	}{
		{"kernel flag", f.Kernel.Enabled},
		{"kernel command line", f.Kernel.Boot},
		{"mounts", f.Kernel.Genuine},
		{"system-fips", f.Kernel.SystemFIPS},
		{"crypto-policies, config", f.CryptoPolicies.Config.Answer},
		{"crypto-policies in force", f.CryptoPolicies.InForce.Answer},
		{"OpenSSL", f.OpenSSL.FIPS},
		{"OpenSSL's fips.so", f.OpenSSL.Module},
		{"container", f.Container.Answer},
	} {
		if !q.known() {
			out = append(out, q.what+": "+q.Why)
		}
	}
	if f.Environment.GODEBUG.State == Conditional {
		out = append(out, "GODEBUG: fips140="+f.Environment.GODEBUG.Value+" holds for some calls only")
	}
	return out
}

// Violations lists what keeps the host from being in FIPS mode throughout,
// "what=state" for each; nil if nothing that is known does. GODEBUG need not set
// the mode: executables may have it as their default.
func (f Facts) Violations() []string {
	var out []string
	add := func(violated bool, what string) {
		if violated {
			out = append(out, what)
		}
	}
	if f.Kernel != nil {
		add(f.Kernel.Enabled.Is == gobin.No, "kernel=off")
		add(f.Kernel.Genuine.Is == gobin.No, "kernel=mounted-over")
		p := f.CryptoPolicies.InForce
		add(p.Is == gobin.Yes && !p.Policy.FIPS(), "crypto-policy="+string(p.Policy))
		add(f.OpenSSL.Installed.Is == gobin.Yes && f.OpenSSL.FIPS.Is == gobin.No, "openssl=no-fips-provider")
	}
	g := f.Environment.GODEBUG
	add(g.State == Off || g.State == Invalid, "godebug="+string(g.State))
	for _, v := range f.Environment.OptOuts() {
		out = append(out, v.Name+"="+v.Value)
	}
	return out
}

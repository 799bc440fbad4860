// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package host

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/internal/lazyregexp"
)

// The files of the kernel.
const (
	flagFile    = "/proc/sys/crypto/fips_enabled"
	nameFile    = "/proc/sys/crypto/fips_name"
	versionFile = "/proc/sys/crypto/fips_version"
	cmdlineFile = "/proc/cmdline"
	mountsFile  = "/proc/self/mountinfo"
)

// Kernel is what the kernel says. See crypto/fips.c of Linux.
type Kernel struct {
	// Enabled is the flag. Only the parameter fips= sets it, when the kernel
	// starts. A kernel without CONFIG_CRYPTO_FIPS has none.
	Enabled Answer `json:"enabled"`

	// Genuine tells whether the file of the flag is the kernel's own. Programs
	// that ask for the flag read what is mounted there.
	Genuine Answer `json:"genuine"`

	// Name and Version are of the kernel's module, since Linux 6.0 and where
	// distributions took that over.
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`

	// Boot tells whether the command line asks for FIPS mode: see [ParseBoot].
	Boot Answer `json:"boot"`

	// BootDevice tells whether the command line has a parameter boot=, which
	// names where /boot is. With /boot on a device of its own, dracut-fips needs
	// it to verify the kernel (fips-mode-setup(8), dracut.cmdline(7)).
	BootDevice bool `json:"boot_device"`

	// SystemFIPS tells whether /etc/system-fips is there, by which Red Hat
	// Enterprise Linux 8 and before mark that the FIPS modules are installed.
	SystemFIPS Answer `json:"system_fips"`
}

// Module is the kernel's module with its version; "" if the kernel does not say.
func (k *Kernel) Module() string { return strings.TrimSpace(k.Name + " " + k.Version) }

func readKernel(r root, mounts []mount, mountsErr error) *Kernel {
	k := &Kernel{Enabled: readFlag(r), Genuine: genuine(mounts), SystemFIPS: r.has("/etc/system-fips")}
	if mountsErr != nil {
		k.Genuine = failed(mountsFile, mountsErr)
	}
	if k.Genuine.Is == gobin.No {
		k.Enabled = unknown(k.Genuine.Why)
	}
	if name, err := r.read(nameFile); err == nil {
		k.Name = line(name)
	}
	if version, err := r.read(versionFile); err == nil {
		k.Version = line(version)
	}
	if cmdline, err := r.read(cmdlineFile); err != nil {
		k.Boot = failed(cmdlineFile, err)
	} else {
		k.Boot, k.BootDevice = ParseBoot(cmdline)
	}
	return k
}

// readFlag reads the flag.
func readFlag(r root) Answer {
	text, err := r.read(flagFile)
	switch text = strings.TrimSpace(text); {
	case errors.Is(err, fs.ErrNotExist):
		if r.has("/proc/sys/kernel").Is == gobin.Yes {
			return no("the kernel has no FIPS mode")
		}
		return unknown("no /proc/sys")
	case err != nil:
		return failed(flagFile, err)
	case text == "1":
		return yes("")
	case text == "0":
		return no("")
	}
	return unknown(flagFile + ": neither 0 nor 1")
}

// ParseBoot tells whether a kernel command line asks for FIPS mode, and whether it
// has a parameter boot=. Parameters are read as next_arg and parse_args of Linux
// read them (lib/cmdline.c, kernel/params.c): a space between double quotes
// separates nothing, and what stands behind "--" is for init. The last fips=
// counts, and any number but 0 asks for it. Of what is not a number, kernels made
// different things, so that the answer is unknown.
func ParseBoot(cmdline string) (asks Answer, boot bool) {
	asks = no("")
	for rest := strings.TrimLeft(cmdline, kernelSpace); rest != ""; {
		var name, value string
		var hasValue bool
		name, value, hasValue, rest = nextParameter(rest)
		switch {
		case name == "--" && !hasValue:
			return asks, boot
		case name == "boot" && hasValue:
			boot = true
		case name == "fips" && hasValue:
			asks = parseFIPS(value)
		}
	}
	return asks, boot
}

// kernelSpace is what isspace of Linux takes for a space in ASCII.
const kernelSpace = " \t\n\v\f\r"

// nextParameter cuts the first parameter off a command line that does not begin
// with a space.
func nextParameter(s string) (name, value string, hasValue bool, rest string) {
	quoted := strings.HasPrefix(s, `"`)
	s = strings.TrimPrefix(s, `"`)
	end, equals := len(s), 0
	for i, inQuote := 0, quoted; i < len(s); i++ {
		if strings.IndexByte(kernelSpace, s[i]) >= 0 && !inQuote {
			end = i
			break
		}
		if s[i] == '=' && equals == 0 {
			equals = i
		}
		if s[i] == '"' {
			inQuote = !inQuote
		}
	}
	name, rest = s[:end], strings.TrimLeft(s[end:], kernelSpace)
	if quoted {
		name = strings.TrimSuffix(name, `"`)
	}
	if equals > 0 && equals < len(name) {
		name, value, hasValue = name[:equals], name[equals+1:], true
		if v, ok := strings.CutPrefix(value, `"`); ok {
			value = strings.TrimSuffix(v, `"`)
		}
	}
	return name, value, hasValue, rest
}

// number is how all kernels read the value of fips=. Go has more ways.
var number = lazyregexp.New(`^-?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$`)

// parseFIPS reads the value of fips=.
func parseFIPS(value string) Answer {
	n, err := strconv.ParseInt(value, 0, 32)
	switch {
	case err != nil || !number().MatchString(value):
		return unknown(cmdlineFile + ": fips= is no number")
	case n == 0:
		return no("fips=0")
	}
	return yes("")
}

// A mount is a line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
type mount struct {
	root  string // what of the file system is mounted
	point string // where
	kind  string // of file system
}

func (r root) mounts() ([]mount, error) {
	text, err := r.read(mountsFile)
	if err != nil {
		return nil, err
	}
	return parseMounts(text)
}

// parseMounts reads a list of mounts.
func parseMounts(text string) ([]mount, error) {
	var out []mount
	for l := range strings.Lines(text) {
		front, back, ok := strings.Cut(strings.TrimSuffix(l, "\n"), " - ")
		fields, kind := strings.Split(front, " "), strings.SplitN(back, " ", 2)[0]
		if !ok || len(fields) < 6 || kind == "" {
			return nil, errors.New("not a list of mounts")
		}
		out = append(out, mount{unescape(fields[3]), unescape(fields[4]), kind})
	}
	if out == nil {
		return nil, errors.New("empty")
	}
	return out, nil
}

// unescape undoes the octal escapes of spaces and the like.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace

// on returns the mount that a file is on, and its path in that file system. Of
// several at one point the last covers the others.
func on(mounts []mount, file string) (m mount, inside string) {
	for _, c := range mounts {
		rest, ok := strings.CutPrefix(file, strings.TrimSuffix(c.point, "/"))
		if ok && (rest == "" || rest[0] == '/') && len(c.point) >= len(m.point) {
			m, inside = c, strings.TrimSuffix(c.root, "/")+rest
		}
	}
	return m, inside
}

// genuine tells whether the file of the flag is that of proc. Parts of proc may be
// mounted over themselves, as container engines do to make them read-only.
func genuine(mounts []mount) Answer {
	m, inside := on(mounts, flagFile)
	switch {
	case m.kind == "":
		return unknown(mountsFile + ": no mount of " + flagFile)
	case m.kind == "proc" && "/proc"+inside == flagFile:
		return yes("")
	}
	return no(flagFile + ": on " + line(m.kind) + ", mounted at " + line(m.point))
}

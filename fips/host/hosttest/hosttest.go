// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package hosttest has hosts for tests: file systems, and what their openssl says.
package hosttest

import (
	"fmt"
	"io/fs"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing/fstest"
)

// A Host is a file system, and the program openssl. Its methods return changed
// copies.
type Host struct {
	files     fstest.MapFS
	version   string // what "openssl version -a" prints; "" if there is no such program
	providers string // what "openssl list -providers" prints
	err       error  // of both
}

// The lists of mounts, as they matter here: mounted are proc and the root.
const mounts = "22 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw\n28 1 253:0 / / rw,relatime shared:1 - xfs /dev/mapper/root rw\n"

// Plain is Debian 12 as it is installed.
func Plain() Host {
	return Host{
		files: fstest.MapFS{
			"proc/sys/kernel/ostype":       {Data: []byte("Linux\n")},
			"proc/sys/crypto/fips_enabled": {Data: []byte("0\n")},
			"proc/sys/crypto/fips_name":    {Data: []byte("Linux Kernel Cryptographic API\n")},
			"proc/sys/crypto/fips_version": {Data: []byte("6.1.0-28-amd64\n")},
			"proc/cmdline":                 {Data: []byte("BOOT_IMAGE=/boot/vmlinuz-6.1.0-28-amd64 root=UUID=b0a9 ro quiet\n")},
			"proc/self/mountinfo":          {Data: []byte(mounts)},
			"proc/self/ns/pid":             {Data: []byte("pid:[4026531836]"), Mode: fs.ModeSymlink | 0o777},
			"proc/1/cgroup":                {Data: []byte("0::/init.scope\n")},
		},
		version: "OpenSSL 3.0.15 3 Sep 2024 (Library: OpenSSL 3.0.15 3 Sep 2024)\nbuilt on: Sun Oct 27 14:16:28 2024 UTC\n" +
			"OPENSSLDIR: \"/usr/lib/ssl\"\nMODULESDIR: \"/usr/lib/x86_64-linux-gnu/ossl-modules\"\n",
		providers: "Providers:\n  default\n    name: OpenSSL Default Provider\n    version: 3.0.15\n    status: active\n",
	}
}

// RHEL9 is Red Hat Enterprise Linux 9 in FIPS mode.
func RHEL9() Host {
	h := Plain().With(map[string]string{
		"/proc/sys/crypto/fips_enabled":         "1\n",
		"/proc/sys/crypto/fips_name":            "Red Hat Enterprise Linux 9 - Kernel Cryptographic API\n",
		"/proc/sys/crypto/fips_version":         "5.14.0-427.el9.x86_64\n",
		"/proc/cmdline":                         "BOOT_IMAGE=(hd0,gpt2)/vmlinuz-5.14.0-427.el9.x86_64 root=/dev/mapper/rhel-root ro crashkernel=1G-4G:192M fips=1 boot=UUID=0f9c\n",
		"/etc/crypto-policies/config":           "# This file should contain a single keyword\n#\nFIPS\n",
		"/etc/crypto-policies/state/current":    "FIPS\n",
		"/usr/lib64/libcrypto.so.3":             "",
		"/usr/lib64/ossl-modules/fips.so":       "",
		"/usr/share/crypto-policies/FIPS/a.txt": "",
	})
	return h.OpenSSL("OpenSSL 3.0.7 1 Nov 2022 (Library: OpenSSL 3.0.7 1 Nov 2022)\nOPENSSLDIR: \"/etc/pki/tls\"\nMODULESDIR: \"/usr/lib64/ossl-modules\"\n",
		"Providers:\n  base\n    name: OpenSSL Base Provider\n    version: 3.0.7\n    status: active\n"+
			"  default\n    name: OpenSSL Default Provider\n    version: 3.0.7\n    status: active\n"+
			"  fips\n    name: Red Hat Enterprise Linux 9 - OpenSSL FIPS Provider\n    version: 3.0.7-395c1a240fbfffd8\n    status: active\n")
}

// Podman is a container of Red Hat's image on that host: podman mounts the policy
// FIPS over what the image has.
func Podman() Host {
	return RHEL9().With(map[string]string{
		"/etc/crypto-policies/state/current": "DEFAULT\n",
		"/run/.containerenv":                 "engine=\"podman-4.9.4\"\n",
		"/proc/1/cgroup":                     "0::/\n",
		"/proc/self/mountinfo": "700 690 0:60 / / rw,relatime - overlay overlay rw\n701 700 0:65 / /proc rw,nosuid - proc proc rw\n" +
			"709 701 0:65 /sys /proc/sys ro,nosuid - proc proc rw\n" +
			"720 700 0:60 /usr/share/crypto-policies/default-fips-config /etc/crypto-policies/config ro - overlay overlay rw\n" +
			"721 700 0:60 /usr/share/crypto-policies/back-ends/FIPS /etc/crypto-policies/back-ends ro - overlay overlay rw\n",
	}).Link("/proc/self/ns/pid", "pid:[4026532513]")
}

// Docker is a container of Debian's image on that host.
func Docker() Host {
	return Plain().With(map[string]string{
		"/proc/sys/crypto/fips_enabled": "1\n",
		"/proc/cmdline":                 "ro fips=1\n",
		"/proc/self/mountinfo":          "700 690 0:60 / / rw,relatime - overlay overlay rw\n701 700 0:65 / /proc rw,nosuid - proc proc rw\n",
		"/proc/1/cgroup":                "12:pids:/docker/4f2a\n",
		"/.dockerenv":                   "",
	}).Link("/proc/self/ns/pid", "pid:[4026532513]")
}

// Root is the root of the host's file system.
func (h Host) Root() fstest.MapFS { return h.files }

// With changes files.
func (h Host) With(files map[string]string) Host {
	h.files = maps.Clone(h.files)
	for name, text := range files {
		h.files[strings.TrimPrefix(name, "/")] = &fstest.MapFile{Data: []byte(text)}
	}
	return h
}

// Without removes files, and folders with all that is in them.
func (h Host) Without(names ...string) Host {
	h.files = maps.Clone(h.files)
	maps.DeleteFunc(h.files, func(file string, _ *fstest.MapFile) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix("/"+file+"/", name+"/") })
	})
	return h
}

// Link makes a symbolic link.
func (h Host) Link(name, to string) Host { return h.Mode(name, to, fs.ModeSymlink|0o777) }

// Mode makes a file with a mode.
func (h Host) Mode(name, text string, mode fs.FileMode) Host {
	h.files = maps.Clone(h.files)
	h.files[strings.TrimPrefix(name, "/")] = &fstest.MapFile{Data: []byte(text), Mode: mode}
	return h
}

// OpenSSL changes what the program prints; with no version it is not there.
func (h Host) OpenSSL(version, providers string) Host {
	h.version, h.providers = version, providers
	return h
}

// Failing lets the program fail.
func (h Host) Failing(err error) Host {
	h.err = err
	return h
}

// Run is the program.
func (h Host) Run(cmd *exec.Cmd) ([]byte, error) {
	switch args := strings.Join(cmd.Args, " "); {
	case h.err != nil:
		return nil, h.err
	case h.version == "":
		return nil, fmt.Errorf("openssl: %w", exec.ErrNotFound)
	case args == "openssl version -a":
		return []byte(h.version), nil
	case args == "openssl list -providers":
		return []byte(h.providers), nil
	default:
		panic(args)
	}
}

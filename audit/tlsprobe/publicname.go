// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	_ "embed"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"
)

// IsPublicName reports whether a host name is one of the public DNS: under a suffix of
// ICANN's, and not under one that is set aside for private use. An address is none.
func IsPublicName(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil || name == "" {
		return false
	}
	for _, suffix := range privateSuffixes {
		if name == suffix || strings.HasSuffix(name, "."+suffix) {
			return false
		}
	}
	suffix, icann := publicsuffix.PublicSuffix(name)
	for !icann && strings.Contains(suffix, ".") { // a private suffix, such as a hoster's, stands under one of ICANN's
		_, parent, _ := strings.Cut(suffix, ".")
		suffix, icann = publicsuffix.PublicSuffix(parent)
	}
	return icann && name != suffix
}

// privateSuffixes are the special-use domain names that are no public names (RFC 6761,
// RFC 6762 with appendix G, RFC 7686, RFC 8375, RFC 9476), those that ICANN keeps for
// private use (.internal, 2024) or never delegates (.corp, .home and .mail, 2018).
var privateSuffixes = []string{
	"alt", "corp", "example", "home", "home.arpa", "internal", "intranet", "invalid", "lan", "local", "localdomain",
	"localhost", "mail", "onion", "private", "test",
}

//go:embed services.txt
var serviceList string

var services = sync.OnceValue(func() []string {
	var out []string
	for line := range strings.Lines(serviceList) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
})

// IsWellKnownService reports whether a host name is that of a service that is known to
// be public, and to have certificates of public authorities only.
func IsWellKnownService(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return slices.ContainsFunc(services(), func(s string) bool { return name == s || strings.HasSuffix(name, "."+s) })
}

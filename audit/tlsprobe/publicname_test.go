// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import "testing"

func TestPublicName(t *testing.T) {
	for name, want := range map[string]bool{
		"www.example.com": true, "wiki.corp-example.com": true, "a.github.io": true, "example.co.uk": true, "EXAMPLE.com.": true,
		"com": false, "co.uk": false, "localhost": false, "db": false, "db.internal": false, "nas.local": false, "x.home.arpa": false, "x.test": false, "x.corp": false,
		"x.lan": false, "192.0.2.1": false, "[2001:db8::1]": false, "": false, "x.svc.cluster.local": false, "x.no-such-tld": false,
	} {
		if IsPublicName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
	for name, want := range map[string]bool{"github.com": true, "api.GitHub.com.": true, "notgithub.com": false, "github.com.evil.example": false, "": false} {
		if IsWellKnownService(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

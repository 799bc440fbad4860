// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"slices"
	"strings"
)

// ownerHosts are the hosts on which the second element of a module's path is
// an account, and only that account can publish what stands beneath.
var ownerHosts = []string{"bitbucket.org", "codeberg.org", "git.sr.ht", "gitee.com", "github.com", "gitlab.com"}

// Supplier returns who supplies a module: whoever controls its path, which is
// all that the module system proves. That is the account on a host of
// repositories, or the owner of the domain. It returns nil for a path without a
// domain, as private main modules may have.
func Supplier(modulePath string) *Party {
	host, rest, _ := strings.Cut(modulePath, "/")
	if !strings.Contains(host, ".") {
		return nil
	}
	if host == "gopkg.in" { // gopkg.in/user/pkg.v1 is github.com/user/pkg; gopkg.in/pkg.v1 is github.com/go-pkg/pkg
		if user, _, ok := strings.Cut(rest, "/"); ok {
			return account("github.com", user)
		}
		if name, _, ok := strings.Cut(rest, ".v"); ok {
			return account("github.com", "go-"+name)
		}
	}
	if user, _, _ := strings.Cut(rest, "/"); user != "" && slices.Contains(ownerHosts, host) {
		return account(host, user)
	}
	return &Party{Name: host, URL: "https://" + host}
}

func account(host, user string) *Party {
	return &Party{Name: user, URL: "https://" + host + "/" + user}
}

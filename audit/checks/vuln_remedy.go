// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goassay/assay/audit/vulns"
)

// fixOf says what to do about a vulnerability: words of the catalogue, with
// something behind.
func (t *VulnTarget) fixOf(v *VulnVulnerability) []string {
	for i := range t.Upgrades {
		u := &t.Upgrades[i]
		if u.Module != v.Module || u.From != v.Version || u.To == "" || !slices.Contains(u.Fixes, v.ID) {
			continue
		}
		switch {
		case v.Module == vulns.Stdlib || v.Module == vulns.Toolchain:
			return []string{"go: " + u.To}
		case t.Kind == "module":
			return u.fix(t)
		}
		return []string{"upgrade: " + u.Module + "@" + u.To}
	}
	if v.Fixed != "" {
		return []string{"partly: " + v.Fixed}
	}
	return []string{"none"}
}

// fix says what to do for an upgrade of a module in the source.
func (u *VulnUpgrade) fix(t *VulnTarget) []string {
	wanted := u.Module + "@" + u.want
	switch u.Graph {
	case GraphReplaced:
		by := strings.TrimSpace(u.Replace.NewPath + " " + u.Replace.NewVersion)
		return []string{"upgrade: " + wanted, "replaced: " + u.Replace.Path + " => " + by}
	case GraphExcluded:
		return []string{"get: " + wanted, "excluded"}
	case GraphNewerGo:
		return []string{"get: " + wanted, "newer-go: " + u.Go}
	case GraphUnavailable:
		return []string{"upgrade: " + wanted, "unavailable: " + u.Reason}
	case GraphMainModule:
		return []string{"main-module: " + u.To}
	case GraphUnknown:
		return []string{"get: " + wanted, "unknown: " + u.Reason}
	}
	out := []string{"get: " + u.Module + "@" + u.Selected}
	if u.Graph == GraphRaised {
		out = append(out, "raised: "+u.To)
	}
	if len(u.Affected) > 0 {
		out = append(out, "affected: "+strings.Join(first(u.Affected, maxNamed), " "))
	}
	if len(u.Retracted) > 0 {
		out = append(out, "retracted: "+strings.Join(u.Retracted, " "))
	}
	if t.GoLine != nil {
		out = append(out, "go-line: "+t.GoLine.To)
	}
	return out
}

// known sets how many days ago an entry was published. It is not known where
// the entry does not say, or names a time that is yet to come.
func (v *VulnVulnerability) known(now time.Time) {
	if age := now.Sub(v.Published); !v.Published.IsZero() && age >= 0 {
		days := int(now.Unix()-v.Published.Unix()) / (24 * 60 * 60)
		v.AgeDays = &days
	}
}

// age says when an entry was published, and that nobody reviewed it: words of the catalogue.
func (v *VulnVulnerability) age() []string {
	var out []string
	if !v.Published.IsZero() {
		out = append(out, "published: "+v.Published.UTC().Format(time.DateOnly))
	}
	if v.AgeDays == nil {
		out = append(out, "unknown")
	} else {
		out = append(out, "days: "+strconv.Itoa(*v.AgeDays))
	}
	if v.Unreviewed {
		out = append(out, "unreviewed")
	}
	return out
}

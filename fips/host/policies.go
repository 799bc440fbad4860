// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package host

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/internal/lazyregexp"
)

// The files of crypto-policies.
const (
	configFile  = "/etc/crypto-policies/config"
	stateFile   = "/etc/crypto-policies/state/current"
	backEndsDir = "/etc/crypto-policies/back-ends"
)

// CryptoPolicies is the system-wide policy of Fedora, Red Hat Enterprise Linux and
// their kin for OpenSSL, GnuTLS, NSS and others, which Go programs read in neither
// mode. See crypto-policies(7) and update-crypto-policies(8).
type CryptoPolicies struct {
	Config PolicyAnswer `json:"config"` // what is asked for
	State  PolicyAnswer `json:"state"`  // what update-crypto-policies applied last

	// Bound tells whether the configurations of the policy FIPS are mounted over
	// those that were applied. So do podman and CRI-O in containers, where the
	// host is in FIPS mode, and the startup of newer releases.
	Bound Answer `json:"bound"`

	// InForce is the policy that programs read. It is no where there is none:
	// most distributions do not have crypto-policies.
	InForce PolicyAnswer `json:"in_force"`
}

// A PolicyAnswer is a policy, none, or unknown.
type PolicyAnswer struct {
	Answer
	Policy Policy `json:"policy,omitempty"`
}

// Policy is a policy with its subpolicies, such as "FIPS:OSPP".
type Policy string

// FIPS reports whether the policy is FIPS, with subpolicies or without.
func (p Policy) FIPS() bool {
	name, _, _ := strings.Cut(string(p), ":")
	return name == "FIPS"
}

func readCryptoPolicies(r root, mounts []mount, mountsErr error) *CryptoPolicies {
	c := &CryptoPolicies{Config: readPolicy(r, configFile), State: readPolicy(r, stateFile)}
	switch m, inside := on(mounts, backEndsDir); {
	case mountsErr != nil:
		c.Bound = failed(mountsFile, mountsErr)
	case m.point == backEndsDir && strings.HasSuffix(inside, "/crypto-policies/back-ends/FIPS"):
		c.Bound = yes("")
	default:
		c.Bound = no("")
	}
	c.InForce = c.inForce()
	return c
}

func (c *CryptoPolicies) inForce() PolicyAnswer {
	switch {
	case c.Bound.Is == gobin.Yes:
		return PolicyAnswer{yes(""), "FIPS"}
	case c.Config.Is == gobin.No && c.State.Is == gobin.No:
		return PolicyAnswer{Answer: no("")}
	case c.State.Is == gobin.No:
		return PolicyAnswer{Answer: unknown("no " + stateFile)}
	case c.State.Is == gobin.Yes && c.Bound.Is == gobin.Unknown && c.Config != c.State:
		return PolicyAnswer{Answer: c.Bound}
	}
	return c.State
}

// Applied reports whether what is asked for is in force, as far as that is known.
func (c *CryptoPolicies) Applied() bool {
	return c.Config.Is != gobin.Yes || c.InForce.Is != gobin.Yes || c.Bound.Is == gobin.Yes || c.Config.Policy == c.InForce.Policy
}

func readPolicy(r root, file string) PolicyAnswer {
	text, err := r.read(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return PolicyAnswer{Answer: no("")}
	case err != nil:
		return PolicyAnswer{Answer: failed(file, err)}
	}
	p, ok := ParsePolicy(text)
	if !ok {
		return PolicyAnswer{Answer: unknown(file + ": no policy")}
	}
	return PolicyAnswer{yes(""), p}
}

// policyForm is how policies and subpolicies are named: after their files.
var policyForm = lazyregexp.New(`^[A-Z0-9][A-Z0-9_.+-]*(?::[A-Z0-9][A-Z0-9_.+-]*)*$`)

// maxPolicy bounds a policy with its subpolicies, in bytes.
const maxPolicy = 1 << 10

// ParsePolicy reads the policy of a configuration or of a state as
// update-crypto-policies does: in capitals, without what stands behind "#" and
// without empty subpolicies. Each further line names more subpolicies, behind a
// colon.
func ParsePolicy(text string) (Policy, bool) {
	var parts []string
	for l := range strings.Lines(text) {
		l, _, _ = strings.Cut(l, "#")
		if l = strings.TrimSpace(l); l == "" {
			continue
		}
		list := strings.Split(strings.ToUpper(l), ":")
		if parts != nil {
			list = list[1:] // the first is the policy's, which stands already
		}
		for i, part := range list {
			if part != "" || parts == nil && i == 0 {
				parts = append(parts, part)
			}
		}
	}
	p := strings.Join(parts, ":")
	return Policy(p), len(p) <= maxPolicy && policyForm().MatchString(p)
}

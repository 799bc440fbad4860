// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// CheckEndpoint reports whether a text is an endpoint, host:port: the host a name or an address.
func CheckEndpoint(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		var addr *net.AddrError
		if errors.As(err, &addr) {
			return errors.New(addr.Err)
		}
		return err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if host == "" || err != nil || n == 0 {
		return errors.New("host and port are wanted, such as example.com:443")
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		if strings.ContainsFunc(addr.Zone(), func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }) {
			return fmt.Errorf("%q is no zone of an address", addr.Zone())
		}
		return nil
	}
	return checkHost(host)
}

// maxHost is how many bytes the name of a host has, without the dot at its end (RFC 1035,
// section 2.3.4: 255 with lengths and root), and maxLabel how many one label.
const maxHost, maxLabel = 253, 63

// checkHost demands a name that can be resolved: letters, digits and hyphens (RFC 1123, section
// 2.1), and underscores, which internal names have. Names in other scripts are written as
// xn--, as they are asked for.
func checkHost(host string) error {
	name := strings.TrimSuffix(host, ".")
	if len(name) > maxHost {
		return fmt.Errorf("the host is longer than %d characters", maxHost)
	}
	for label := range strings.SplitSeq(name, ".") {
		switch {
		case label == "":
			return fmt.Errorf("host %q has an empty label", host)
		case len(label) > maxLabel:
			return fmt.Errorf("a label of the host is longer than %d characters", maxLabel)
		case strings.HasPrefix(label, "-"), strings.HasSuffix(label, "-"):
			return fmt.Errorf("a label of host %q begins or ends with a hyphen", host)
		}
		for _, r := range label {
			switch {
			case r > unicode.MaxASCII && unicode.IsPrint(r):
				return fmt.Errorf("host %q: a name in other letters is written xn--..., as it is asked for", host)
			case r > unicode.MaxASCII, !strings.ContainsRune("-_", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r):
				return fmt.Errorf("host %q has %q in it, which is in no host's name", host, r)
			}
		}
	}
	return nil
}

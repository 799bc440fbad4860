// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// A RangeError is an address range that is not written in CIDR.
type RangeError struct {
	Range string

	// CIDRs equal the range: the fewest there are. It is empty where the
	// range cannot be understood.
	CIDRs []netip.Prefix
}

func (e *RangeError) Error() string {
	if len(e.CIDRs) == 0 {
		return fmt.Sprintf("address range %q is malformed", e.Range)
	}
	return fmt.Sprintf("address range %q is not in CIDR: write %s", e.Range, joinPrefixes(e.CIDRs))
}

func joinPrefixes(list []netip.Prefix) string {
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = p.String()
	}
	return strings.Join(words, ", ")
}

// ParseRange reads an address range in CIDR, the only form that is accepted:
// prefix length in decimal, no bit set behind it, no zone, no IPv4 address
// inside IPv6. Errors are *RangeError; for a range from first to last address
// (also as 192.0.2.1-20), a single address, a netmask, and bits behind the
// prefix, they tell the CIDRs to write.
func ParseRange(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err == nil && p == p.Masked() && !p.Addr().Is4In6() && p.String() == strings.ToLower(s) {
		return p, nil
	}
	return netip.Prefix{}, &RangeError{Range: s, CIDRs: equalCIDRs(s)}
}

// equalCIDRs reads the other ways to write a range that are in use.
func equalCIDRs(s string) []netip.Prefix {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, "-~–～"); i >= 0 {
		last := strings.TrimLeft(s[i:], "-~–～")
		if first, last, ok := parseEnds(strings.TrimSpace(s[:i]), strings.TrimSpace(last)); ok {
			list, _ := RangeToCIDRs(first, last)
			return list
		}
		return nil
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		if a := p.Addr(); a.Is4In6() {
			if p.Bits() < 96 {
				return nil
			}
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		return []netip.Prefix{p.Masked()}
	}
	if addr, mask, ok := strings.Cut(s, "/"); ok {
		return netmask(addr, mask)
	}
	if a, ok := parseAddr(s); ok {
		return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}
	}
	return nil
}

// parseEnds reads the first and the last address of a range. The last one may
// be the last number of an IPv4 address alone.
func parseEnds(first, last string) (a, b netip.Addr, ok bool) {
	a, ok = parseAddr(first)
	if !ok {
		return a, b, false
	}
	if b, ok = parseAddr(last); ok {
		return a, b, true
	}
	n, err := strconv.ParseUint(last, 10, 8)
	if err != nil || !a.Is4() {
		return a, b, false
	}
	four := a.As4()
	four[3] = byte(n)
	return a, netip.AddrFrom4(four), true
}

func parseAddr(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil && a.Zone() == ""
}

// netmask reads 192.0.2.0/255.255.255.0.
func netmask(addr, mask string) []netip.Prefix {
	a, ok1 := parseAddr(addr)
	m, ok2 := parseAddr(mask)
	if !ok1 || !ok2 || !a.Is4() || !m.Is4() {
		return nil
	}
	for bits := 0; bits <= 32; bits++ {
		full := netip.PrefixFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), bits)
		if full.Masked().Addr() == m {
			return []netip.Prefix{netip.PrefixFrom(a, bits).Masked()}
		}
	}
	return nil
}

// Errors of [RangeToCIDRs].
var (
	ErrMixedFamilies = errors.New("one end of the range is IPv4, the other IPv6")
	ErrReversed      = errors.New("the range ends before it begins")
	ErrInvalidAddr   = errors.New("not an address without zone")
)

// RangeToCIDRs returns the fewest prefixes that together hold all addresses
// from first to last and no others, in order: at most 62 for IPv4 and 254 for
// IPv6. Addresses of IPv4 inside IPv6 count as IPv4.
//
// At each address stands the largest prefix that begins there and does not
// reach behind last; no set with fewer prefixes exists, because prefixes are
// either disjoint or nested.
func RangeToCIDRs(first, last netip.Addr) ([]netip.Prefix, error) {
	first, last = first.Unmap(), last.Unmap()
	switch {
	case !first.IsValid() || !last.IsValid() || first.Zone() != "" || last.Zone() != "":
		return nil, ErrInvalidAddr
	case first.BitLen() != last.BitLen():
		return nil, ErrMixedFamilies
	case last.Less(first):
		return nil, ErrReversed
	}
	var list []netip.Prefix
	for {
		p := largest(first, last)
		list = append(list, p)
		end := lastAddr(p)
		if end == last {
			return list, nil
		}
		first = end.Next()
	}
}

// largest returns the largest prefix that begins at first and ends at last or
// before.
func largest(first, last netip.Addr) netip.Prefix {
	for bits := range first.BitLen() {
		p := netip.PrefixFrom(first, bits)
		if p.Masked().Addr() == first && !last.Less(lastAddr(p)) {
			return p
		}
	}
	return netip.PrefixFrom(first, first.BitLen())
}

// lastAddr returns the last address of a prefix.
func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

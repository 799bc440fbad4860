// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
)

// addresses returns the ranges of s: those given for its host, else each
// address that its name resolves to.
func (m *measurer) addresses(ctx context.Context, s *Service) Addresses {
	a := Addresses{State: Known, Ranges: []string{}, Observed: []string{}}
	for host, ranges := range m.Ranges {
		if strings.EqualFold(host, s.Host) {
			a.Ranges, a.Source = append(a.Ranges, ranges...), FromPolicy
		}
	}
	slices.Sort(a.Ranges)
	observed, reason, err := m.resolve(ctx, s.Host)
	if reason != "" {
		a.State, a.Reason, a.Detail = Unknown, reason, detail(err)
		return a
	}
	for _, addr := range observed {
		a.Observed = append(a.Observed, addr.String())
		if a.Source != FromPolicy {
			p := prefixOf(addr)
			a.Ranges = append(a.Ranges, p.String())
		}
	}
	a.Source = cmp.Or(a.Source, FromResolver)
	return a
}

// resolve returns the addresses of a host, sorted, or why they are unknown.
func (m *measurer) resolve(ctx context.Context, host string) ([]netip.Addr, Reason, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap().WithZone("")}, "", nil
	}
	if m.Offline {
		return nil, ReasonOffline, nil
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	list, err := m.LookupNetIP(ctx, "ip", host)
	if err == nil && len(list) == 0 {
		err = errors.New("the name has no address")
	}
	if err != nil {
		return nil, ReasonResolve, err
	}
	for i, a := range list {
		list[i] = a.Unmap().WithZone("")
	}
	slices.SortFunc(list, netip.Addr.Compare)
	list = slices.Compact(list)
	return list[:min(len(list), maxAddresses)], "", nil
}

// maxAddresses bounds the addresses of one name that are recorded.
const maxAddresses = 256

func prefixOf(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

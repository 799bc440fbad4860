// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist

import (
	"encoding/binary"
	"errors"
	"math/big"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRange(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want string // "" for an error
		say  string // the CIDRs of the error
	}{
		{"192.0.2.0/24", "192.0.2.0/24", ""},
		{"192.0.2.7/32", "192.0.2.7/32", ""},
		{"0.0.0.0/0", "0.0.0.0/0", ""},
		{"2001:db8::/32", "2001:db8::/32", ""},
		{"2001:DB8::/32", "2001:db8::/32", ""},
		{"192.0.2.0-192.0.2.255", "", "192.0.2.0/24"},
		{"192.0.2.1-192.0.2.6", "", "192.0.2.1/32, 192.0.2.2/31, 192.0.2.4/31, 192.0.2.6/32"},
		{"192.0.2.1 - 192.0.2.2", "", "192.0.2.1/32, 192.0.2.2/32"},
		{"192.0.2.16-31", "", "192.0.2.16/28"},
		{"192.0.2.16~192.0.2.31", "", "192.0.2.16/28"},
		{"192.0.2.16–192.0.2.31", "", "192.0.2.16/28"},
		{"2001:db8::-2001:db8::ffff", "", "2001:db8::/112"},
		{"192.0.2.9", "", "192.0.2.9/32"},
		{"2001:db8::9", "", "2001:db8::9/128"},
		{"192.0.2.9/24", "", "192.0.2.0/24"},
		{"192.0.2.0/255.255.255.0", "", "192.0.2.0/24"},
		{"192.0.2.0/255.0.255.0", "", ""},
		{" 192.0.2.0/24", "", "192.0.2.0/24"},
		{"::ffff:192.0.2.0/120", "", "192.0.2.0/24"},
		{"::ffff:192.0.2.0/20", "", ""},
		{"192.0.2.9-192.0.2.1", "", ""},
		{"192.0.2.9-2001:db8::1", "", ""},
		{"192.0.2.9-256", "", ""},
		{"fe80::1%eth0-fe80::2", "", ""},
		{"192.0.2.*", "", ""},
		{"192.0.2.0/24-192.0.3.0/24", "", ""},
		{"", "", ""},
		{"-", "", ""},
	} {
		p, err := ParseRange(tt.in)
		if tt.want != "" {
			if err != nil || p.String() != tt.want {
				t.Errorf("ParseRange(%q) = %v, %v, want %s", tt.in, p, err, tt.want)
			}
			continue
		}
		var re *RangeError
		if !errors.As(err, &re) || re.Range != tt.in {
			t.Errorf("ParseRange(%q) = %v, %v, want a RangeError", tt.in, p, err)
		} else if got := joinPrefixes(re.CIDRs); got != tt.say {
			t.Errorf("ParseRange(%q) says %q, want %q", tt.in, got, tt.say)
		}
	}
}

func TestRangeToCIDRs(t *testing.T) {
	for _, tt := range []struct{ first, last, want string }{
		{"0.0.0.0", "255.255.255.255", "0.0.0.0/0"},
		{"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"},
		{"255.255.255.254", "255.255.255.255", "255.255.255.254/31"},
		{"10.0.0.255", "10.0.1.0", "10.0.0.255/32, 10.0.1.0/32"},
		{"::ffff:192.0.2.0", "192.0.2.1", "192.0.2.0/31"},
	} {
		got, err := RangeToCIDRs(netip.MustParseAddr(tt.first), netip.MustParseAddr(tt.last))
		if err != nil || joinPrefixes(got) != tt.want {
			t.Errorf("%s-%s: %s, %v, want %s", tt.first, tt.last, joinPrefixes(got), err, tt.want)
		}
	}
	// The longest lists there are.
	for first, want := range map[string]int{"0.0.0.1": 62, "::1": 254} {
		a := netip.MustParseAddr(first)
		last := lastAddr(netip.PrefixFrom(a, 0)).Prev()
		got, err := RangeToCIDRs(a, last)
		if err != nil || len(got) != want {
			t.Errorf("%s-%s: %d prefixes, %v, want %d", first, last, len(got), err, want)
		}
	}
	four, six := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for _, tt := range []struct {
		first, last netip.Addr
		want        error
	}{
		{four, six, ErrMixedFamilies}, {six, six.Prev(), ErrReversed}, {netip.Addr{}, four, ErrInvalidAddr},
		{six.WithZone("a"), six, ErrInvalidAddr},
	} {
		if _, err := RangeToCIDRs(tt.first, tt.last); !errors.Is(err, tt.want) {
			t.Errorf("%v-%v: %v, want %v", tt.first, tt.last, err, tt.want)
		}
	}
}

// TestRangeToCIDRsFewest compares with a search through all sets of prefixes
// of the smallest space: each range of the last 4 bits of an address.
func TestRangeToCIDRsFewest(t *testing.T) {
	addr := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}) }
	// fewest[i] is the least number of prefixes that cover i..last.
	for last := range 16 {
		var fewest [18]int
		for i := last; i >= 0; i-- {
			fewest[i] = 100
			for size := 1; size <= 16; size *= 2 {
				if i%size == 0 && i+size-1 <= last {
					fewest[i] = min(fewest[i], 1+fewest[i+size])
				}
			}
			if got, err := RangeToCIDRs(addr(i), addr(last)); err != nil || len(got) != fewest[i] {
				t.Errorf("%d-%d: %v, %v, want %d prefixes", i, last, got, err, fewest[i])
			}
		}
	}
}

func FuzzRangeToCIDRs(f *testing.F) {
	f.Add(uint64(0), uint64(1), uint64(0), uint64(77), true)
	f.Add(uint64(1)<<63, uint64(0), ^uint64(0), ^uint64(0), true)
	f.Add(uint64(0), uint64(0xc0000201), uint64(0), uint64(0xc0000299), false)
	f.Fuzz(func(t *testing.T, hi1, lo1, hi2, lo2 uint64, six bool) {
		make := func(hi, lo uint64) netip.Addr {
			if !six {
				return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(lo))))
			}
			return netip.AddrFrom16([16]byte(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, hi), lo)))
		}
		first, last := make(hi1, lo1).Unmap(), make(hi2, lo2).Unmap()
		list, err := RangeToCIDRs(first, last)
		if err != nil {
			if first.BitLen() == last.BitLen() && first.Compare(last) <= 0 {
				t.Fatal(err)
			}
			return
		}
		// Exact: each begins behind the end of the one before.
		next := first
		for i, p := range list {
			if p.Addr() != next || p != p.Masked() {
				t.Fatalf("%v-%v: %v does not begin at %v", first, last, p, next)
			}
			if end := lastAddr(p); i == len(list)-1 {
				if end != last {
					t.Fatalf("%v-%v ends at %v", first, last, end)
				}
			} else {
				next = end.Next()
			}
		}
		// Fewest: no two neighbours make one prefix.
		for i := 1; i < len(list); i++ {
			a, b := list[i-1], list[i]
			if a.Bits() == b.Bits() && netip.PrefixFrom(a.Addr(), a.Bits()-1).Masked().Contains(b.Addr()) {
				t.Fatalf("%v and %v are one", a, b)
			}
		}
		// The sizes add up.
		sum := new(big.Int)
		for _, p := range list {
			sum.Add(sum, new(big.Int).Lsh(big.NewInt(1), uint(p.Addr().BitLen()-p.Bits())))
		}
		want := new(big.Int).Sub(new(big.Int).SetBytes(last.AsSlice()), new(big.Int).SetBytes(first.AsSlice()))
		if want.Add(want, big.NewInt(1)); sum.Cmp(want) != 0 {
			t.Fatalf("%v-%v: %v addresses, want %v", first, last, sum, want)
		}
	})
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"192.0.2.0/24", "192.0.2.1-20", "2001:db8::-2001:db8::5", "192.0.2.0/255.255.0.0", "::ffff:1.2.3.4/120", "1.2.3.4～5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParseRange(s)
		if err == nil {
			if q := netip.MustParsePrefix(s); q != p || p.Masked() != p {
				t.Fatalf("%q: %v", s, p)
			}
			return
		}
		for _, c := range err.(*RangeError).CIDRs {
			if again, err := ParseRange(c.String()); err != nil || cmp.Diff(again.String(), c.String()) != "" {
				t.Fatalf("%q: its remedy %v is refused: %v", s, c, err)
			}
		}
		if strings.Contains(err.Error(), "\n") {
			t.Fatalf("%q: %q", s, err)
		}
	})
}

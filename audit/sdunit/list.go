// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sdunit

import (
	"slices"
	"strconv"
	"strings"
)

// A List is a set of names, of which there are more than are known here: either
// those listed, or all but those.
type List struct {
	AllBut bool     `json:"all_but"`
	Names  []string `json:"names"` // sorted
}

// Everything is the list of all names.
var Everything = List{AllBut: true}

// Has reports whether a name is in the list.
func (l List) Has(name string) bool { return slices.Contains(l.Names, name) != l.AllBut }

// All reports whether the list leaves nothing out.
func (l List) All() bool { return l.AllBut && len(l.Names) == 0 }

// with returns the list with more names in it.
func (l List) with(names []string) List {
	if l.AllBut {
		return List{true, minus(l.Names, names)}
	}
	return List{false, plus(l.Names, names)}
}

// without returns the list without some names.
func (l List) without(names []string) List {
	if l.AllBut {
		return List{true, plus(l.Names, names)}
	}
	return List{false, minus(l.Names, names)}
}

func plus(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// inverted splits off the "~" that inverts a list.
func inverted(value string) (string, bool) { return strings.CutPrefix(value, "~") }

// merge applies an assignment: the first one says what the list is, later ones
// add to it, or take away. After one that was not understood all is unknown.
func merge(s *Setting[List], names []string, invert bool, at Position) {
	switch {
	case s.State == Unknown:
	case s.State == Default && invert:
		s.set(Everything.without(names), at)
	case s.State == Default:
		s.set(List{}.with(names), at)
	case invert:
		s.set(s.Value.without(names), at)
	default:
		s.set(s.Value.with(names), at)
	}
}

// readCapabilities reads CapabilityBoundingSet= or AmbientCapabilities=. An
// empty list is the empty set, and "~" alone the full one, whatever was before:
// systemd.exec(5). A set that is as it was in the beginning counts as not yet
// assigned: config_parse_capability_set in src/core/load-fragment.c.
func readCapabilities(s *Setting[List], byDefault List) directive {
	s.State, s.Value = Default, byDefault
	return directive{func(value string, at Position) {
		rest, invert := inverted(value)
		names, err := words(rest)
		if err != nil {
			s.unread(value, at)
			return
		}
		for i, n := range names {
			names[i] = capability(n)
		}
		switch {
		case len(names) == 0 && invert:
			s.set(Everything, at)
		case len(names) == 0:
			s.set(List{}, at)
		default:
			if s.State == Set && s.Value.AllBut == byDefault.AllBut && len(s.Value.Names) == 0 {
				s.State = Default
			}
			merge(s, names, invert, at)
		}
	}, s}
}

// capability returns the name of a capability, which may be given by number.
func capability(name string) string {
	if n, err := strconv.Atoi(name); err == nil && 0 <= n && n < len(capabilities) {
		return capabilities[n]
	}
	return strings.ToUpper(name)
}

// capabilities are those of Linux, by number: include/uapi/linux/capability.h.
var capabilities = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
	"CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN",
	"CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE",
	"CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
	"CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
}

// readFamilies reads RestrictAddressFamilies=: systemd.exec(5) and
// config_parse_address_families, where "none" forgets what was before, so that
// "~" after it begins with all.
func readFamilies(s *Setting[List]) directive {
	s.State, s.Value = Default, Everything
	none := false
	return directive{func(value string, at Position) {
		if none {
			s.State = Default
		}
		if none = value == "none"; none {
			s.set(List{}, at)
			return
		}
		readRestriction(s, value, at)
	}, s}
}

// readNamespaces reads RestrictNamespaces=, which may be a boolean:
// systemd.exec(5) and config_parse_restrict_namespaces.
func readNamespaces(s *Setting[List]) directive {
	s.State, s.Value = Default, Everything
	return directive{func(value string, at Position) {
		switch b, ok := boolean(value); {
		case ok && b:
			s.set(List{}, at)
		case ok:
			s.set(Everything, at)
		default:
			readRestriction(s, value, at)
		}
	}, s}
}

// readRestriction reads a list of what is allowed, which an empty value resets.
func readRestriction(s *Setting[List], value string, at Position) {
	if value == "" {
		*s = Setting[List]{State: Default, Value: Everything}
		return
	}
	rest, invert := inverted(value)
	names, err := words(rest)
	if err != nil {
		s.unread(value, at)
		return
	}
	merge(s, names, invert, at)
}

// A Filter is a list of system calls and groups of them, in order: what it means
// for one call depends on what the groups hold.
type Filter struct {
	Allow   bool          `json:"allow"` // only what is listed may be called; else all but that
	Entries []FilterEntry `json:"entries"`
}

// A FilterEntry is a system call, or a group of them whose name begins with "@".
type FilterEntry struct {
	Name   string `json:"name"`
	Deny   bool   `json:"deny,omitempty"`
	Action string `json:"action,omitempty"` // what is done to it instead of the default, such as EPERM
}

// readFilter reads SystemCallFilter=: systemd.exec(5) and
// config_parse_syscall_filter. The first assignment says whether the filter
// lists what may be called or what may not.
func readFilter(s *Setting[Filter]) directive {
	s.State = Default
	return directive{func(value string, at Position) {
		if value == "" {
			*s = Setting[Filter]{State: Default}
			return
		}
		rest, invert := inverted(value)
		names, err := words(rest)
		if err != nil {
			s.unread(value, at)
			return
		}
		if s.State == Unknown {
			return
		}
		f := s.Value
		if s.State == Default {
			f = Filter{Allow: !invert}
		}
		f.Entries = slices.Clip(f.Entries)
		for _, n := range names {
			name, action, _ := strings.Cut(n, ":")
			f.Entries = append(f.Entries, FilterEntry{name, invert, action})
		}
		s.set(f, at)
	}, s}
}

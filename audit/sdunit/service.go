// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sdunit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/redact"
)

// A Setting is what a unit says of one thing, or does not say.
type Setting[T any] struct {
	State State     `json:"state"`
	Value T         `json:"value"` // what holds; of no meaning where the state is unknown
	At    *Position `json:"at,omitempty"`

	// Implied is the directive that has this effect, where it is another.
	Implied string `json:"implied,omitempty"`

	// Unread is the value that could not be made sense of.
	Unread string `json:"unread,omitempty"`
}

// State says how much is known of a setting.
type State string

// The states.
const (
	Set     State = "set"     // by the unit
	Default State = "default" // not set: systemd's default, or what the manager is configured to, holds
	Unknown State = "unknown" // set, and to what depends on things the unit does not hold
)

// Is reports whether the setting is known to be v.
func Is[T comparable](s Setting[T], v T) bool { return s.State != Unknown && s.Value == v }

func (s *Setting[T]) set(v T, at Position) { *s = Setting[T]{State: Set, Value: v, At: &at} }

// unknown returns the value that was not understood, if one was not.
func (s *Setting[T]) unknown() (string, bool) { return s.Unread, s.State == Unknown }

func (s *Setting[T]) unread(value string, at Position) {
	*s = Setting[T]{State: Unknown, At: &at, Unread: value}
}

// A Service is what the section [Service] says. The defaults are those of
// systemd.exec(5) for a system service.
type Service struct {
	Programs []Program `json:"programs"` // ExecStart=, in order

	User        Setting[string] `json:"user"`  // default: root
	Group       Setting[string] `json:"group"` // default: the user's
	DynamicUser Setting[bool]   `json:"dynamic_user"`

	NoNewPrivileges       Setting[bool] `json:"no_new_privileges"`
	CapabilityBoundingSet Setting[List] `json:"capability_bounding_set"` // default: all
	AmbientCapabilities   Setting[List] `json:"ambient_capabilities"`    // default: none

	ProtectSystem  Setting[string]   `json:"protect_system"`  // no, yes, full, strict
	ProtectHome    Setting[string]   `json:"protect_home"`    // no, yes, read-only, tmpfs
	ReadOnlyPaths  Setting[[]string] `json:"read_only_paths"` // default: none
	RootDirectory  Setting[string]   `json:"root_directory"`  // default: the host's
	RootImage      Setting[string]   `json:"root_image"`      // default: none
	PrivateTmp     Setting[string]   `json:"private_tmp"`     // no, yes, disconnected
	PrivateDevices Setting[bool]     `json:"private_devices"` // default: no
	UMask          Setting[string]   `json:"umask"`           // octal; default: 0022
	Credentials    Setting[bool]     `json:"credentials"`     // LoadCredential= and the like are there

	ProtectKernelTunables Setting[bool]   `json:"protect_kernel_tunables"`
	ProtectKernelModules  Setting[bool]   `json:"protect_kernel_modules"`
	ProtectKernelLogs     Setting[bool]   `json:"protect_kernel_logs"`
	ProtectControlGroups  Setting[string] `json:"protect_control_groups"` // no, yes, private, strict
	ProtectClock          Setting[bool]   `json:"protect_clock"`

	RestrictAddressFamilies Setting[List]     `json:"restrict_address_families"` // those allowed; default: all
	RestrictNamespaces      Setting[List]     `json:"restrict_namespaces"`       // those allowed; default: all
	RestrictRealtime        Setting[bool]     `json:"restrict_realtime"`
	RestrictSUIDSGID        Setting[bool]     `json:"restrict_suid_sgid"`
	LockPersonality         Setting[bool]     `json:"lock_personality"`
	MemoryDenyWriteExecute  Setting[bool]     `json:"memory_deny_write_execute"`
	SystemCallArchitectures Setting[[]string] `json:"system_call_architectures"` // default: all
	SystemCallFilter        Setting[Filter]   `json:"system_call_filter"`        // default: none
	SystemCallErrorNumber   Setting[string]   `json:"system_call_error_number"`  // default: kill

	Environment Environment `json:"environment"`
}

// Root reports whether a program of the unit, confined as that says, runs as
// root. Of those that are not confined, [Program.Privileged] tells.
func (s *Service) Root() gobin.Ternary {
	switch {
	case slices.ContainsFunc(s.Programs, Program.KeepsUser):
		return gobin.Yes
	case s.User.State == Set:
		return ternary(s.User.Value == "root" || s.User.Value == "0")
	case s.User.State == Unknown || s.DynamicUser.State == Unknown:
		return gobin.Unknown
	}
	return ternary(!s.DynamicUser.Value)
}

func ternary(b bool) gobin.Ternary {
	if b {
		return gobin.Yes
	}
	return gobin.No
}

// interpret makes the service of the assignments, in their order.
func (u *Unit) interpret(list []assignment) error {
	s := &u.Service
	directives := s.directives()
	if !slices.ContainsFunc(list, func(a assignment) bool { return a.section == "Service" }) {
		return ErrNoService
	}
	lower := map[string]string{}
	for name := range directives {
		lower[strings.ToLower(name)] = name
	}
	for _, a := range list {
		d, known := directives[a.name]
		switch {
		case known && a.section == "Service":
			d.read(a.value, a.at)
			fmt.Fprintf(&u.text, "%s:%d: %s=%s\n", a.at.File, a.at.Line, a.name, shown(a.name, a.value))
		case known && !strings.HasPrefix(a.section, "X-"):
			u.ignore(Ignored{a.at, a.section, a.name, WrongSection})
		case a.section == "Service" && lower[strings.ToLower(a.name)] != "":
			u.ignore(Ignored{a.at, a.section, a.name, WrongCase})
		}
	}
	slices.SortStableFunc(u.Ignored, func(a, b Ignored) int {
		return cmp.Or(slices.Index(u.Files, a.At.File)-slices.Index(u.Files, b.At.File), a.At.Line-b.At.Line)
	})
	for _, name := range slices.Sorted(maps.Keys(directives)) {
		if d := directives[name]; d.fact != nil {
			if value, is := d.fact.unknown(); is {
				u.unread = append(u.unread, name+"="+value)
			}
		}
	}
	s.implyDynamicUser()
	s.implyCapabilities()
	s.Environment.conclude()
	return nil
}

// shown returns the value of a directive without what may be a secret in it.
func shown(name, value string) string {
	switch name {
	case "ExecStart":
		item, rest, err := firstWord(value, true)
		switch p := newProgram(item, Position{}); {
		case value == "":
			return ""
		case err != nil:
			return redact.Mark
		case rest != "":
			return p.Prefix + p.Path + " " + redact.Mark
		default:
			return p.Prefix + p.Path
		}
	case "Environment":
		items, err := words(value)
		for i, item := range items {
			variable, v, ok := strings.Cut(item, "=")
			switch {
			case !ok || !variableName().MatchString(variable):
				items[i] = redact.Mark
			case variable != godebug || !godebugForm().MatchString(v):
				items[i] = variable + "=" + redact.Mark
			}
		}
		if err != nil {
			items = append(items, redact.Mark)
		}
		return strings.Join(items, " ")
	case "SetCredentialEncrypted":
		return redact.Mark
	}
	return value
}

// A directive reads assignments of one name.
type directive struct {
	read func(value string, at Position)
	fact interface{ unknown() (string, bool) } // that it sets; nil if that says itself what is unknown
}

// directives returns all directives, and gives the facts their defaults.
func (s *Service) directives() map[string]directive {
	s.Programs = []Program{}
	e := &s.Environment
	e.Variables = []Variable{}
	return map[string]directive{
		"ExecStart": {s.readExecStart, nil},

		"User":                  readName(&s.User, "root"),
		"Group":                 readName(&s.Group, ""),
		"DynamicUser":           readBool(&s.DynamicUser),
		"NoNewPrivileges":       readBool(&s.NoNewPrivileges),
		"CapabilityBoundingSet": readCapabilities(&s.CapabilityBoundingSet, Everything),
		"AmbientCapabilities":   readCapabilities(&s.AmbientCapabilities, List{}),

		"ProtectSystem":           readEnum(&s.ProtectSystem, "full", "strict"),
		"ProtectHome":             readEnum(&s.ProtectHome, "read-only", "tmpfs"),
		"ReadOnlyPaths":           readItems(&s.ReadOnlyPaths),
		"RootDirectory":           readName(&s.RootDirectory, ""),
		"RootImage":               readName(&s.RootImage, ""),
		"PrivateTmp":              readEnum(&s.PrivateTmp, "disconnected"),
		"PrivateDevices":          readBool(&s.PrivateDevices),
		"UMask":                   readUMask(&s.UMask),
		"LoadCredential":          readPresence(&s.Credentials),
		"LoadCredentialEncrypted": readPresence(&s.Credentials),
		"ImportCredential":        readPresence(&s.Credentials),
		"SetCredentialEncrypted":  readPresence(&s.Credentials),

		"ProtectKernelTunables": readBool(&s.ProtectKernelTunables),
		"ProtectKernelModules":  readBool(&s.ProtectKernelModules),
		"ProtectKernelLogs":     readBool(&s.ProtectKernelLogs),
		"ProtectControlGroups":  readEnum(&s.ProtectControlGroups, "private", "strict"),
		"ProtectClock":          readBool(&s.ProtectClock),

		"RestrictAddressFamilies": readFamilies(&s.RestrictAddressFamilies),
		"RestrictNamespaces":      readNamespaces(&s.RestrictNamespaces),
		"RestrictRealtime":        readBool(&s.RestrictRealtime),
		"RestrictSUIDSGID":        readBool(&s.RestrictSUIDSGID),
		"LockPersonality":         readBool(&s.LockPersonality),
		"MemoryDenyWriteExecute":  readBool(&s.MemoryDenyWriteExecute),
		"SystemCallArchitectures": readItems(&s.SystemCallArchitectures),
		"SystemCallFilter":        readFilter(&s.SystemCallFilter),
		"SystemCallErrorNumber":   readErrorNumber(&s.SystemCallErrorNumber),

		"Environment":      {e.read, nil},
		"EnvironmentFile":  {e.readFile, nil},
		"PassEnvironment":  {e.readPass, nil},
		"UnsetEnvironment": {e.readUnset, nil},
		"PAMName":          {e.readPAM, nil},
	}
}

// empty handles an empty value of what is no list. Version 252 ignores it, so
// that what was set before stays; that this is so of each setting in each
// version is nowhere said, and so what was set before is unknown after it.
func empty[T any](s *Setting[T], at Position) {
	if s.State != Default {
		s.unread("", at)
	}
}

func readBool(s *Setting[bool]) directive {
	s.State = Default
	return directive{func(value string, at Position) {
		b, ok := boolean(value)
		switch {
		case value == "":
			empty(s, at)
		case ok:
			s.set(b, at)
		default: // ignored by systemd, or known to a later version
			s.unread(value, at)
		}
	}, s}
}

// readEnum reads a boolean or one of some words.
func readEnum(s *Setting[string], words ...string) directive {
	s.State, s.Value = Default, "no"
	return directive{func(value string, at Position) {
		b, isBool := boolean(value)
		switch {
		case value == "":
			empty(s, at)
		case isBool && b:
			s.set("yes", at)
		case isBool:
			s.set("no", at)
		case slices.Contains(words, value):
			s.set(value, at)
		default:
			s.unread(value, at)
		}
	}, s}
}

// readName reads a name or path; an empty one resets it.
func readName(s *Setting[string], byDefault string) directive {
	initial := Setting[string]{State: Default, Value: byDefault}
	*s = initial
	return directive{func(value string, at Position) {
		name, ok := specifiers(value)
		switch {
		case value == "":
			*s = initial
		case !ok:
			s.unread(value, at)
		default:
			s.set(name, at)
		}
	}, s}
}

// readItems reads a list that an empty value resets.
func readItems(s *Setting[[]string]) directive {
	s.State = Default
	return directive{func(value string, at Position) {
		if value == "" {
			*s = Setting[[]string]{State: Default}
			return
		}
		list, err := words(value)
		if err != nil {
			s.unread(value, at)
			return
		}
		s.set(append(slices.Clip(s.Value), list...), at)
	}, s}
}

// readPresence notes that a directive is there, and not what it says.
func readPresence(s *Setting[bool]) directive {
	s.State = Default
	return directive{func(value string, at Position) {
		if value == "" {
			*s = Setting[bool]{State: Default}
			return
		}
		s.set(true, at)
	}, s}
}

func readUMask(s *Setting[string]) directive {
	s.State, s.Value = Default, "0022"
	return directive{func(value string, at Position) {
		switch {
		case value == "":
			empty(s, at)
		case len(value) > 5 || strings.Trim(value, "01234567") != "":
			s.unread(value, at)
		default:
			s.set(value, at)
		}
	}, s}
}

func readErrorNumber(s *Setting[string]) directive {
	s.State, s.Value = Default, "kill"
	return directive{func(value string, at Position) {
		if value == "" || value == "kill" {
			*s = Setting[string]{State: Default, Value: "kill"}
			return
		}
		s.set(value, at)
	}, s}
}

// implyDynamicUser applies what DynamicUser= implies: systemd.exec(5) and
// unit_patch_contexts in systemd's src/core/unit.c.
func (s *Service) implyDynamicUser() {
	const by = "DynamicUser"
	d := s.DynamicUser
	if d.State == Unknown { // what is weaker than implied may be, or not
		doubt(&s.NoNewPrivileges, false, by)
		doubt(&s.RestrictSUIDSGID, false, by)
		doubt(&s.PrivateTmp, "no", by)
		doubt(&s.ProtectHome, "no", by)
		if s.ProtectSystem.Value != "strict" {
			s.ProtectSystem = Setting[string]{State: Unknown, Implied: by}
		}
		return
	}
	if !d.Value {
		return
	}
	s.NoNewPrivileges = Setting[bool]{State: Set, Value: true, At: d.At, Implied: by}
	s.RestrictSUIDSGID = Setting[bool]{State: Set, Value: true, At: d.At, Implied: by}
	if !slices.Contains([]string{"yes", "disconnected"}, s.PrivateTmp.Value) {
		s.PrivateTmp = Setting[string]{State: Set, Value: "yes", At: d.At, Implied: by}
	}
	if Is(s.ProtectHome, "no") {
		s.ProtectHome = Setting[string]{State: Set, Value: "read-only", At: d.At, Implied: by}
	}
	s.ProtectSystem = Setting[string]{State: Set, Value: "strict", At: d.At, Implied: by}
}

// doubt makes a setting unknown that has its weak value.
func doubt[T comparable](s *Setting[T], weak T, by string) {
	if Is(*s, weak) {
		*s = Setting[T]{State: Unknown, Implied: by}
	}
}

// implyCapabilities takes out of the bounding set what other directives take
// out of it: systemd.exec(5), at each, and unit_patch_contexts.
func (s *Service) implyCapabilities() {
	b := &s.CapabilityBoundingSet
	if b.State == Unknown {
		return
	}
	for _, by := range []struct {
		on    Setting[bool]
		names []string
	}{
		{s.PrivateDevices, []string{"CAP_MKNOD", "CAP_SYS_RAWIO"}},
		{s.ProtectKernelModules, []string{"CAP_SYS_MODULE"}},
		{s.ProtectKernelLogs, []string{"CAP_SYSLOG"}},
		{s.ProtectClock, []string{"CAP_SYS_TIME", "CAP_WAKE_ALARM"}},
	} {
		if Is(by.on, true) {
			b.Value = b.Value.without(by.names)
		}
	}
}

// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"slices"
	"strings"

	"github.com/goassay/assay/audit/sdunit"
)

// needed are system calls that every Go program on Linux makes before main.main
// and that it does not survive without: refused with an error they end in a
// throw or a crash (sysSigaction, sigprocmask and sigaltstack, newosproc). Of
// each it has the groups of systemd that hold it, in every version since 239;
// none is in @default, which a list of allowed calls holds by itself. See
// src/shared/seccomp-util.c there, and package runtime, as of Go 1.26:
//
//   - rt_sigaction: mstart1 of the first thread, initsig
//   - rt_sigprocmask: schedinit, sigsave; minit, minitSignalMask
//   - sigaltstack: minit, minitSignalStack
//   - clone: main starts sysmon in a thread of its own. With cgo it is the C
//     library that makes threads, of late by clone3.
var needed = []struct {
	call   string
	groups []string
	pure   bool // without cgo only
}{
	{"clone", []string{"@process", "@system-service"}, true},
	{"rt_sigaction", []string{"@signal", "@system-service"}, false},
	{"rt_sigprocmask", []string{"@signal", "@system-service"}, false},
	{"sigaltstack", []string{"@signal", "@system-service"}, false},
}

// knownGroups are the other groups, in every version: of the calls above they
// hold what stands there, and nothing else.
var knownGroups = []string{
	"@aio", "@basic-io", "@chown", "@clock", "@cpu-emulation", "@debug", "@default", "@file-system", "@io-event", "@ipc",
	"@keyring", "@memlock", "@module", "@mount", "@network-io", "@obsolete", "@pkey", "@privileged", "@process", "@raw-io",
	"@reboot", "@resources", "@sandbox", "@setuid", "@signal", "@swap", "@sync", "@timer",
}

// deadly returns the calls that a Go program dies of under a filter, as far as
// that is certain.
func deadly(s sdunit.Setting[sdunit.Filter], pure bool) []string {
	if s.State != sdunit.Set {
		return nil
	}
	var calls []string
	for _, n := range needed {
		if (pure || !n.pure) && denies(s.Value, n.call, n.groups) {
			calls = append(calls, n.call)
		}
	}
	return calls
}

// denies reports whether a filter certainly denies a call: the last entry that
// concerns it counts. What a group holds that is not known may allow it, and
// what such a group denies may be another call.
func denies(f sdunit.Filter, call string, groups []string) bool {
	denied := f.Allow
	for _, e := range f.Entries {
		group := strings.HasPrefix(e.Name, "@")
		holds := e.Name == call || slices.Contains(groups, e.Name)
		mayHold := holds || group && !slices.Contains(knownGroups, e.Name)
		switch {
		case holds && e.Deny:
			denied = true
		case mayHold && !e.Deny:
			denied = false
		}
	}
	return denied
}

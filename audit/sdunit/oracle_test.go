// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sdunit

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/internal/machine"
)

// systemd itself reads the same out of a unit: also of
// one in which lines, comments and continuations are mixed at random.
func TestSystemdAgrees(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("systemd is of Linux alone")
	}
	machine.Need(t, "systemd-analyze")
	units := []string{
		"User=app", "DynamicUser=yes", "DynamicUser=yes\nUser=root\nProtectHome=yes", "User=app\nUser=",
		"NoNewPrivileges=yes\n# \\\nPrivateDevices=yes\nLockPersonality=y\\\n# c\n", "CapabilityBoundingSet=~CAP_SYS_ADMIN \\\n ; c\n CAP_SYS_PTRACE",
		"CapabilityBoundingSet=", "CapabilityBoundingSet=CAP_CHOWN\nCapabilityBoundingSet=~", "AmbientCapabilities=CAP_NET_BIND_SERVICE",
		"AmbientCapabilities=CAP_NET_BIND_SERVICE\nAmbientCapabilities=", "PrivateDevices=1\nProtectKernelModules=on\nProtectKernelLogs=true\nProtectClock=yes",
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		units = append(units, randomUnit(rnd))
	}
	dir := t.TempDir()
	for _, text := range units {
		text = "[Service]\nExecStart=/bin/true\n" + text + "\n"
		file := filepath.Join(dir, "a.service")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--json=short", file).Output()
		if err != nil {
			machine.Lacks(t, "systemd-analyze that judges files", err)
		}
		var rows []struct {
			Set   *bool  `json:"set"` // null: does not matter
			Field string `json:"json_field"`
		}
		if err := json.Unmarshal(out, &rows); err != nil {
			t.Fatal(err)
		}
		u, err := Read(os.DirFS(dir), "a.service")
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		known, compared := facts(u), 0
		for _, r := range rows {
			if got, ok := known[r.Field]; ok && r.Set != nil {
				compared++
				if got != *r.Set {
					t.Errorf("%s: %v, systemd says %v\n%q", r.Field, got, *r.Set, text)
				}
			}
		}
		if compared < 20 {
			t.Errorf("only %d rows compared", compared)
		}
	}
}

// facts are the unit's, by the names and in the sense of systemd-analyze.
func facts(u *Unit) map[string]bool {
	none := func(l List, names ...string) bool { return !slices.ContainsFunc(names, l.Has) }
	b, f, n := u.CapabilityBoundingSet.Value, u.RestrictAddressFamilies.Value, u.RestrictNamespaces.Value
	return map[string]bool{
		"UserOrDynamicUser":                          u.Root() == gobin.No,
		"NoNewPrivileges":                            u.NoNewPrivileges.Value,
		"PrivateDevices":                             u.PrivateDevices.Value,
		"ProtectClock":                               u.ProtectClock.Value,
		"ProtectKernelLogs":                          u.ProtectKernelLogs.Value,
		"ProtectKernelModules":                       u.ProtectKernelModules.Value,
		"ProtectKernelTunables":                      u.ProtectKernelTunables.Value,
		"ProtectControlGroups":                       u.ProtectControlGroups.Value != "no",
		"ProtectSystem":                              u.ProtectSystem.Value == "strict",
		"ProtectHome":                                u.ProtectHome.Value == "yes",
		"PrivateTmp":                                 u.PrivateTmp.Value != "no",
		"LockPersonality":                            u.LockPersonality.Value,
		"MemoryDenyWriteExecute":                     u.MemoryDenyWriteExecute.Value,
		"RestrictRealtime":                           u.RestrictRealtime.Value,
		"RestrictSUIDSGID":                           u.RestrictSUIDSGID.Value,
		"RestrictNamespaces_user":                    none(n, "user"),
		"RestrictNamespaces_net":                     none(n, "net"),
		"RestrictNamespaces_mnt":                     none(n, "mnt"),
		"RestrictAddressFamilies_AF_UNIX":            none(f, "AF_UNIX"),
		"RestrictAddressFamilies_AF_NETLINK":         none(f, "AF_NETLINK"),
		"RestrictAddressFamilies_AF_PACKET":          none(f, "AF_PACKET"),
		"RestrictAddressFamilies_AF_INET_INET6":      none(f, "AF_INET"), // if no unit here names the other
		"SystemCallArchitectures":                    slices.Equal(slices.Compact(slices.Clone(u.SystemCallArchitectures.Value)), []string{"native"}),
		"UMask":                                      u.UMask.Value == "0077",
		"AmbientCapabilities":                        len(u.AmbientCapabilities.Value.Names) == 0 && !u.AmbientCapabilities.Value.AllBut,
		"CapabilityBoundingSet_CAP_SYS_ADMIN":        none(b, "CAP_SYS_ADMIN"),
		"CapabilityBoundingSet_CAP_SYS_PTRACE":       none(b, "CAP_SYS_PTRACE"),
		"CapabilityBoundingSet_CAP_SYS_MODULE":       none(b, "CAP_SYS_MODULE"),
		"CapabilityBoundingSet_CAP_SYS_RAWIO":        none(b, "CAP_SYS_RAWIO"),
		"CapabilityBoundingSet_CAP_SYS_TIME":         none(b, "CAP_SYS_TIME"),
		"CapabilityBoundingSet_CAP_SYSLOG":           none(b, "CAP_SYSLOG"),
		"CapabilityBoundingSet_CAP_MKNOD":            none(b, "CAP_MKNOD"),
		"CapabilityBoundingSet_CAP_NET_ADMIN":        none(b, "CAP_NET_ADMIN"),
		"CapabilityBoundingSet_CAP_WAKE_ALARM":       none(b, "CAP_WAKE_ALARM"),
		"CapabilityBoundingSet_CAP_SET_UID_GID_PCAP": none(b, "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"),
	}
}

// randomUnit writes some assignments, each on one line or on several.
func randomUnit(rnd *rand.Rand) string {
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	tilde := func() string { return pick("", "", "~") }
	some := func(list ...string) string {
		var out []string
		for range 1 + rnd.IntN(3) {
			out = append(out, pick(list...))
		}
		return strings.Join(out, " ")
	}
	var b strings.Builder
	for range 6 + rnd.IntN(12) {
		var name, value string
		switch rnd.IntN(8) {
		case 0:
			name, value = "CapabilityBoundingSet", tilde()+pick("", some("CAP_SYS_ADMIN", "cap_sys_ptrace", "CAP_SETUID", "CAP_MKNOD", "12", "CAP_SYSLOG"), some("CAP_SYS_TIME", "CAP_SYS_MODULE", "CAP_SYS_RAWIO"))
		case 1:
			name, value = "RestrictAddressFamilies", pick(tilde()+some("AF_UNIX", "AF_INET", "AF_NETLINK", "AF_PACKET"), "none", "")
		case 2:
			name, value = "RestrictNamespaces", pick(tilde()+some("user", "net", "mnt"), "yes", "no", "")
		case 3:
			name, value = pick("ProtectSystem", "ProtectHome"), pick("yes", "no", "true")
		case 4:
			name, value = "User", pick("root", "0", "daemon", "")
		case 5:
			name, value = "DynamicUser", pick("yes", "no")
		case 6:
			name, value = pick("AmbientCapabilities", "SystemCallArchitectures", "UMask"), ""
			switch name {
			case "AmbientCapabilities":
				value = pick("", "~", tilde()+"CAP_KILL")
			case "SystemCallArchitectures":
				value = pick("", "native", "x86-64")
			default:
				value = pick("0077", "0022", "0")
			}
		default:
			name = pick("NoNewPrivileges", "PrivateDevices", "ProtectClock", "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables",
				"ProtectControlGroups", "PrivateTmp", "LockPersonality", "MemoryDenyWriteExecute", "RestrictRealtime", "RestrictSUIDSGID")
			value = pick("yes", "no", "on", "F", "1")
		}
		value = strings.ReplaceAll(value, " ", pick(" ", "  ", " \\\n", " \\\n# c\n", "\\\n; c \\\n \t"))
		b.WriteString(pick("", "# c\n", "# c \\\n", "\n", " ; \\\n") + pick("", " ", "\\\n") + name + pick("", " ") + "=" + pick("", " ", "\\\n") + value + pick("", " ", "  \\\n") + pick("\n", "\r\n"))
		if strings.HasSuffix(b.String(), "\\\n\n") || strings.HasSuffix(b.String(), "\\\n\r\n") {
			b.WriteString("\n")
		}
	}
	return b.String()
}

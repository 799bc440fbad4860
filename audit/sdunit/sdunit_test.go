// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sdunit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/internal/machine"
)

// read reads a unit from the lines of its section [Service].
func read(t *testing.T, lines ...string) *Unit {
	t.Helper()
	u, err := Read(fstest.MapFS{"a.service": {Data: []byte("[Service]\n" + strings.Join(lines, "\n") + "\n")}}, "a.service")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// The syntax, where systemd.syntax(7) and the parser's own reading differ.
func TestSyntax(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string // "section name=value @line"
		ignored    []string // "line why"
	}{
		{"plain", "[Unit]\nDescription = a b \n\n[Service]\nUser=x\n", []string{"Unit Description=a b @2", "Service User=x @5"}, nil},
		{"comments", "# c\n; c\n[Service]\n  # c\nUser=x # y\n", []string{"Service User=x # y @5"}, nil},
		{"continued", "[Service]\nA=b\\\n  c \\\nd\nB=e\n", []string{"Service A=b   c  d @2", "Service B=e @5"}, nil},
		{"comment that ends in a backslash", "[Service]\n# c \\\nUser=x\n", []string{"Service User=x @3"}, nil},
		{"comment within a continued line", "[Service]\nA=b \\\n# c\n; c \\\n d\n", []string{"Service A=b   d @2"}, nil},
		{"two backslashes", "[Service]\nA=b\\\\\nUser=x\n", []string{`Service A=b\\ @2`, "Service User=x @3"}, nil},
		{"three backslashes", "[Service]\nA=b\\\\\\\nUser=x\n", []string{`Service A=b\\ User=x @2`}, nil},
		{"continued over the end", "[Service]\nA=b\\", []string{"Service A=b @2"}, nil},
		{"continued into nothing", "[Service]\nA=\\\n\nB=c\n", []string{"Service A= @2", "Service B=c @4"}, nil},
		{"only a backslash", "[Service]\n\\\nUser=x\n\\", []string{"Service User=x @2"}, nil},
		{"CR LF", "[Service]\r\nA=b\\\r\nc\r\nUser=x\r\n", []string{"Service A=b c @2", "Service User=x @4"}, nil},
		{"LF CR", "[Service]\n\rUser=x\n\r", []string{"Service User=x @2"}, nil},
		{"CR", "[Service]\rA=b\rUser=x", []string{"Service A=b @2", "Service User=x @3"}, nil},
		{"no end of line", "[Service]\nUser=x", []string{"Service User=x @2"}, nil},
		{"byte order mark", "\ufeff[Service]\nUser=x\n", []string{"Service User=x @2"}, nil},
		{"before the first section", "User=x\nz [Service]\n[Service]\nUser=y\n", []string{"Service User=y @4"}, []string{"1 outside", "2 outside"}},
		{"no equals sign", "[Service]\nNoNewPrivileges yes\nUser=x\n", []string{"Service User=x @3"}, []string{"2 equals"}},
		{"not UTF-8", "[Service]\nA=\xff\nUser=x\n", []string{"Service User=x @3"}, []string{"2 encoding"}},
		{"empty name", "[Service]\n=x\n", []string{"Service =x @2"}, nil},
		{"a long line", "[Service]\nA=" + strings.Repeat("x ", 5000) + "y\nUser=x\n", []string{"Service A=" + strings.Repeat("x ", 5000) + "y @2", "Service User=x @3"}, nil},
		{"sections again", "[Service]\nA=1\n[Install]\nB=2\n[Service]\nC=3\n", []string{"Service A=1 @2", "Install B=2 @4", "Service C=3 @6"}, nil},
		{"empty sections", "[Unit]\n[Service]\n", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u Unit
			list, err := u.parse("a.service", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			var got, ignored []string
			for _, a := range list {
				got = append(got, fmt.Sprintf("%s %s=%s @%d", a.section, a.name, a.value, a.at.Line))
			}
			for _, i := range u.Ignored {
				ignored = append(ignored, fmt.Sprintf("%d %s", i.At.Line, i.Why))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.ignored, ignored); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What systemd does not load, and what the parser reads in another way than
// systemd, is an error.
func TestSyntaxErrors(t *testing.T) {
	for name, text := range map[string]string{
		"section not closed":    "[Service\nUser=x\n",
		"text after a section":  "[Service] x\nUser=y\n",
		"bracket in a section":  "[a]b]\nUser=y\n",
		"no-break space":        "[Service]\nUser=x\u00a0\n",
		"no-break space before": "[Service]\n\u00a0User=x\n",
		"never closed":          "[",
	} {
		var u Unit
		if _, err := u.parse("a.service", []byte(text)); !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWords(t *testing.T) {
	for value, want := range map[string][]string{
		"":                       nil,
		" a  b\tc ":              {"a", "b", "c"},
		`"a b" 'c "d"' e"f g"h`:  {"a b", `c "d"`, "ef gh"},
		`""`:                     {""},
		`a\sb\x41\101\t\u00e9\\`: {"a bAA\té\\"},
		`\U0001F600 "\"" '\''`:   {"😀", `"`, "'"},
		`\a\b\f\n\r\v`:           {"\a\b\f\n\r\v"},
	} {
		if got, err := words(value); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q %v", value, got, err)
		}
	}
	for _, value := range []string{`"a`, `'a`, `\`, `a\q`, `\x4`, `\x00`, `\777`, `\u12`, `\UFFFFFFFF`, `\ud800`, `\xzz`} {
		if got, err := words(value); err == nil {
			t.Errorf("%s: %q", value, got)
		}
	}
	if got, rest, err := firstWord(`a\q\ b`, true); got != `a\q\` || rest != " b" || err != nil {
		t.Errorf("relaxed: %q %q %v", got, rest, err)
	}
}

func TestDefaults(t *testing.T) {
	u := read(t, "Type=simple")
	if got, want := u.Root(), gobin.Yes; got != want {
		t.Errorf("root: %v", got)
	}
	for name, d := range new(Service).directives() {
		if d.fact == nil {
			continue
		}
		if _, unknown := d.fact.unknown(); unknown {
			t.Errorf("%s is unknown where nothing is set", name)
		}
	}
	if !Is(u.User, "root") || !Is(u.NoNewPrivileges, false) || !Is(u.ProtectSystem, "no") || !Is(u.UMask, "0022") ||
		!u.CapabilityBoundingSet.Value.All() || u.AmbientCapabilities.Value.Has("CAP_CHOWN") ||
		!u.RestrictAddressFamilies.Value.All() || !u.RestrictNamespaces.Value.All() || !Is(u.SystemCallErrorNumber, "kill") ||
		u.SystemCallFilter.State != Default || u.Environment.GODEBUG.State != Default {
		t.Errorf("%+v", u.Service)
	}
}

// say renders a setting as "state value".
func say[T any](s Setting[T]) string {
	if s.State == Unknown {
		return "unknown " + s.Unread
	}
	return fmt.Sprintf("%s %v", s.State, s.Value)
}

func TestDirectives(t *testing.T) {
	for _, test := range []struct {
		lines string // with "|" between
		of    func(*Service) string
		want  string
	}{
		{"NoNewPrivileges=yes", func(s *Service) string { return say(s.NoNewPrivileges) }, "set true"},
		{"NoNewPrivileges=TRUE", func(s *Service) string { return say(s.NoNewPrivileges) }, "set true"},
		{"NoNewPrivileges=1|NoNewPrivileges=off", func(s *Service) string { return say(s.NoNewPrivileges) }, "set false"},
		{"NoNewPrivileges=yes|NoNewPrivileges=", func(s *Service) string { return say(s.NoNewPrivileges) }, "unknown "},
		{"NoNewPrivileges=", func(s *Service) string { return say(s.NoNewPrivileges) }, "default false"},
		{"NoNewPrivileges=perhaps", func(s *Service) string { return say(s.NoNewPrivileges) }, "unknown perhaps"},
		{"ProtectSystem=strict", func(s *Service) string { return say(s.ProtectSystem) }, "set strict"},
		{"ProtectSystem=true", func(s *Service) string { return say(s.ProtectSystem) }, "set yes"},
		{"ProtectSystem=0", func(s *Service) string { return say(s.ProtectSystem) }, "set no"},
		{"ProtectSystem=Strict", func(s *Service) string { return say(s.ProtectSystem) }, "unknown Strict"},
		{"ProtectSystem=full|ProtectSystem=", func(s *Service) string { return say(s.ProtectSystem) }, "unknown "},
		{"ProtectHome=tmpfs", func(s *Service) string { return say(s.ProtectHome) }, "set tmpfs"},
		{"PrivateTmp=disconnected", func(s *Service) string { return say(s.PrivateTmp) }, "set disconnected"},
		{"ProtectControlGroups=strict", func(s *Service) string { return say(s.ProtectControlGroups) }, "set strict"},
		{"User=app", func(s *Service) string { return say(s.User) }, "set app"},
		{"User=app|User=", func(s *Service) string { return say(s.User) }, "default root"},
		{"User=%i", func(s *Service) string { return say(s.User) }, "unknown %i"},
		{"User=a%%b", func(s *Service) string { return say(s.User) }, "set a%b"},
		{"Group=app", func(s *Service) string { return say(s.Group) }, "set app"},
		{"UMask=077", func(s *Service) string { return say(s.UMask) }, "set 077"},
		{"UMask=u=rwx", func(s *Service) string { return say(s.UMask) }, "unknown u=rwx"},
		{"UMask=077|UMask=", func(s *Service) string { return say(s.UMask) }, "unknown "},
		{"ReadOnlyPaths=/etc -/a|ReadOnlyPaths=/", func(s *Service) string { return say(s.ReadOnlyPaths) }, "set [/etc -/a /]"},
		{"ReadOnlyPaths=/etc|ReadOnlyPaths=", func(s *Service) string { return say(s.ReadOnlyPaths) }, "default []"},
		{`ReadOnlyPaths="/etc`, func(s *Service) string { return say(s.ReadOnlyPaths) }, `unknown "/etc`},
		{"LoadCredential=a:/b", func(s *Service) string { return say(s.Credentials) }, "set true"},
		{"LoadCredential=a:/b|LoadCredential=", func(s *Service) string { return say(s.Credentials) }, "default false"},
		{"SystemCallErrorNumber=EPERM", func(s *Service) string { return say(s.SystemCallErrorNumber) }, "set EPERM"},
		{"SystemCallErrorNumber=EPERM|SystemCallErrorNumber=kill", func(s *Service) string { return say(s.SystemCallErrorNumber) }, "default kill"},
		{"SystemCallArchitectures=native", func(s *Service) string { return say(s.SystemCallArchitectures) }, "set [native]"},

		// The examples of systemd.exec(5) are the first two.
		{"CapabilityBoundingSet=CAP_A CAP_B|CapabilityBoundingSet=CAP_B CAP_C", bounding, "set {false [CAP_A CAP_B CAP_C]}"},
		{"CapabilityBoundingSet=CAP_A CAP_B|CapabilityBoundingSet=~CAP_B CAP_C", bounding, "set {false [CAP_A]}"},
		{"CapabilityBoundingSet=~CAP_A|CapabilityBoundingSet=~CAP_B", bounding, "set {true [CAP_A CAP_B]}"},
		{"CapabilityBoundingSet=~CAP_A CAP_B|CapabilityBoundingSet=CAP_B", bounding, "set {true [CAP_A]}"},
		{"CapabilityBoundingSet=", bounding, "set {false []}"},
		{"CapabilityBoundingSet=|CapabilityBoundingSet=~CAP_A", bounding, "set {false []}"},
		{"CapabilityBoundingSet=CAP_A|CapabilityBoundingSet=~", bounding, "set {true []}"},
		{"CapabilityBoundingSet=cap_sys_admin 0", bounding, "set {false [CAP_CHOWN CAP_SYS_ADMIN]}"},
		{`CapabilityBoundingSet=~"CAP_A|CapabilityBoundingSet=CAP_B`, bounding, `unknown ~"CAP_A`},
		{`CapabilityBoundingSet="CAP_A|CapabilityBoundingSet=`, bounding, "set {false []}"},
		{"PrivateDevices=yes|ProtectKernelModules=1|ProtectKernelLogs=yes|ProtectClock=on", bounding,
			"default {true [CAP_MKNOD CAP_SYSLOG CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_TIME CAP_WAKE_ALARM]}"},
		{"PrivateDevices=no|CapabilityBoundingSet=CAP_MKNOD", bounding, "set {false [CAP_MKNOD]}"},
		{"PrivateDevices=yes|CapabilityBoundingSet=CAP_MKNOD CAP_KILL", bounding, "set {false [CAP_KILL]}"},
		{"AmbientCapabilities=CAP_NET_BIND_SERVICE", ambient, "set {false [CAP_NET_BIND_SERVICE]}"},
		{"AmbientCapabilities=~CAP_KILL", ambient, "set {true [CAP_KILL]}"},
		{"CapabilityBoundingSet=~|CapabilityBoundingSet=CAP_A", bounding, "set {false [CAP_A]}"},
		{"AmbientCapabilities=|AmbientCapabilities=~CAP_KILL", ambient, "set {true [CAP_KILL]}"},
		{"AmbientCapabilities=~CAP_KILL|AmbientCapabilities=", ambient, "set {false []}"},

		{"RestrictAddressFamilies=AF_INET AF_UNIX", families, "set {false [AF_INET AF_UNIX]}"},
		{"RestrictAddressFamilies=AF_INET AF_UNIX|RestrictAddressFamilies=~AF_UNIX", families, "set {false [AF_INET]}"},
		{"RestrictAddressFamilies=~AF_PACKET", families, "set {true [AF_PACKET]}"},
		{"RestrictAddressFamilies=~AF_PACKET|RestrictAddressFamilies=AF_PACKET", families, "set {true []}"},
		{"RestrictAddressFamilies=AF_INET|RestrictAddressFamilies=", families, "default {true []}"},
		{"RestrictAddressFamilies=none", families, "set {false []}"},
		{"RestrictAddressFamilies=none|RestrictAddressFamilies=~AF_PACKET", families, "set {true [AF_PACKET]}"},
		{"RestrictAddressFamilies=none|RestrictAddressFamilies=AF_INET|RestrictAddressFamilies=~AF_INET", families, "set {false []}"},
		{"RestrictAddressFamilies='AF_INET|RestrictAddressFamilies=AF_UNIX", families, "unknown 'AF_INET"},

		{"RestrictNamespaces=yes", namespaces, "set {false []}"},
		{"RestrictNamespaces=no", namespaces, "set {true []}"},
		{"RestrictNamespaces=cgroup ipc|RestrictNamespaces=cgroup net", namespaces, "set {false [cgroup ipc net]}"},
		{"RestrictNamespaces=cgroup ipc|RestrictNamespaces=~cgroup net", namespaces, "set {false [ipc]}"},
		{"RestrictNamespaces=~user", namespaces, "set {true [user]}"},

		{"SystemCallFilter=@system-service|SystemCallFilter=~@privileged @resources:EPERM", filter, "set {true [{@system-service false } {@privileged true } {@resources true EPERM}]}"},
		{"SystemCallFilter=~@mount|SystemCallFilter=mount", filter, "set {false [{@mount true } {mount false }]}"},
		{"SystemCallFilter=~@mount|SystemCallFilter=", filter, "default {false []}"},
		{"SystemCallFilter='@mount|SystemCallFilter=mount", filter, "unknown '@mount"},

		// DynamicUser=
		{"DynamicUser=yes", func(s *Service) string {
			return say(s.NoNewPrivileges) + ", " + say(s.RestrictSUIDSGID) + ", " + say(s.PrivateTmp) + ", " + say(s.ProtectHome) + ", " + say(s.ProtectSystem)
		}, "set true, set true, set yes, set read-only, set strict"},
		{"DynamicUser=yes|NoNewPrivileges=no|PrivateTmp=disconnected|ProtectHome=yes|ProtectSystem=no", func(s *Service) string {
			return say(s.NoNewPrivileges) + ", " + say(s.PrivateTmp) + ", " + say(s.ProtectHome) + ", " + say(s.ProtectSystem)
		}, "set true, set disconnected, set yes, set strict"},
		{"DynamicUser=what|RestrictSUIDSGID=yes", func(s *Service) string {
			return say(s.NoNewPrivileges) + ", " + say(s.RestrictSUIDSGID) + ", " + say(s.PrivateTmp) + ", " + say(s.ProtectHome) + ", " + say(s.ProtectSystem)
		}, "unknown , set true, unknown , unknown , unknown "},
		{"DynamicUser=what|ProtectSystem=strict", func(s *Service) string { return say(s.ProtectSystem) }, "set strict"},
	} {
		u := read(t, strings.Split(test.lines, "|")...)
		if got := test.of(&u.Service); got != test.want {
			t.Errorf("%s: %s, want %s", test.lines, got, test.want)
		}
	}
}

func bounding(s *Service) string   { return say(s.CapabilityBoundingSet) }
func ambient(s *Service) string    { return say(s.AmbientCapabilities) }
func families(s *Service) string   { return say(s.RestrictAddressFamilies) }
func namespaces(s *Service) string { return say(s.RestrictNamespaces) }
func filter(s *Service) string     { return say(s.SystemCallFilter) }

func TestList(t *testing.T) {
	if l := (List{Names: []string{"a"}}); !l.Has("a") || l.Has("b") || l.All() {
		t.Errorf("%v", l)
	}
	if l := (List{true, []string{"a"}}); l.Has("a") || !l.Has("b") || l.All() {
		t.Errorf("%v", l)
	}
}

func TestRoot(t *testing.T) {
	for lines, want := range map[string]gobin.Ternary{
		"Type=simple":                          gobin.Yes,
		"User=root":                            gobin.Yes,
		"User=0":                               gobin.Yes,
		"User=app":                             gobin.No,
		"User=%i":                              gobin.Unknown,
		"DynamicUser=yes":                      gobin.No,
		"DynamicUser=yes|User=root":            gobin.Yes,
		"DynamicUser=what":                     gobin.Unknown,
		"User=app|ExecStart=/a":                gobin.No,
		"User=app|ExecStart=+/a":               gobin.No,
		"User=app|ExecStart=-!/a":              gobin.Yes,
		"User=app|ExecStart=!!/a":              gobin.No,
		"User=app|ExecStart=+!/a":              gobin.No,
		"User=app|ExecStart=!/a|ExecStart=":    gobin.No,
		"User=app|ExecStart=/a|ExecStart=@-/b": gobin.No,
	} {
		if got := read(t, strings.Split(lines, "|")...).Root(); got != want {
			t.Errorf("%s: %v, want %v", lines, got, want)
		}
	}
}

func TestExecStart(t *testing.T) {
	for _, test := range []struct {
		value string
		want  []string // "state prefix path"
	}{
		{"/usr/bin/app --flag", []string{"set  /usr/bin/app"}},
		{"-@/usr/bin/app name arg", []string{"set -@ /usr/bin/app"}},
		{"+:/usr/bin/app", []string{"set +: /usr/bin/app"}},
		{"|/usr/bin/app", []string{"set | /usr/bin/app"}},
		{`"/usr/bin/my app" a`, []string{"set  /usr/bin/my app"}},
		{`"-/usr/bin/app"`, []string{"set - /usr/bin/app"}},
		{`/usr/bin/my\x20app`, []string{"set  /usr/bin/my app"}},
		{"app", []string{"set  app"}},
		{"bin/app", []string{"unknown  bin/app"}},
		{"/opt/%i/app", []string{"unknown  /opt/%i/app"}},
		{"/opt/100%%/app", []string{"set  /opt/100%/app"}},
		{"-", []string{"unknown - "}},
		{"/a ; /b c ; -/d", []string{"set  /a", "set  /b", "set - /d"}},
		{`/a \; /b`, []string{"set  /a"}},
		{`/a ";" /b`, []string{"set  /a"}},
		{"/a ;", []string{"set  /a"}},
		{`/a\nb`, []string{"unknown  "}},
		{"; /a", []string{"set  /a"}},
		{`/a --match '^\d+\.$'`, []string{"set  /a"}},
		{`/a "b`, []string{"set  /a", "unknown  "}},
		{`"/a`, []string{"unknown  "}},
	} {
		var got []string
		for _, p := range read(t, "ExecStart="+test.value).Programs {
			got = append(got, fmt.Sprintf("%s %s %s", p.State, p.Prefix, p.Path))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.value, got, test.want)
		}
	}
	for path, want := range map[string]bool{"/bin/sh": true, "env": true, "|/usr/bin/app": true, "/usr/bin/app": false, "/opt/sh/app": false} {
		if got := newProgram(path, Position{}).Starter(); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestGODEBUG(t *testing.T) {
	for lines, want := range map[string]string{
		"Type=simple":                                                            "default map[] []",
		"Environment=A=b":                                                        "default map[] []",
		"Environment=GODEBUG=fips140=off":                                        "set map[fips140:off] []",
		"Environment='GODEBUG=a=1,b=2' A=c":                                      "set map[a:1 b:2] []",
		"Environment=A=b GODEBUG=a=1,a=2":                                        "set map[a:2] []",
		"Environment=GODEBUG=":                                                   "set map[] []",
		"Environment=GODEBUG=a=1|Environment=GODEBUG=b=1":                        "set map[b:1] []",
		"Environment=GODEBUG=a=1|Environment=":                                   "default map[] []",
		"Environment=GODEBUG=%i":                                                 "unknown map[] [Environment=GODEBUG]",
		"Environment=GODEBUG=password":                                           "unknown map[] [Environment=GODEBUG]",
		"Environment=GODEBUG=a=" + strings.Repeat("1", 33):                       "unknown map[] [Environment=GODEBUG]",
		"Environment=GODEBUG=" + strings.Repeat("a=1,", 2000):                    "unknown map[] [Environment=GODEBUG]",
		"Environment=GODEBUG=%i|Environment=GODEBUG=a=1":                         "set map[a:1] []",
		`Environment=A=b "GODEBUG=a=1`:                                           "unknown map[] [Environment=]",
		"Environment=GODEBUG=a=1|EnvironmentFile=-/etc/default/app":              "unknown map[a:1] [EnvironmentFile=-/etc/default/app]",
		"EnvironmentFile=/a|EnvironmentFile=/b":                                  "unknown map[] [EnvironmentFile=/a EnvironmentFile=/b]",
		"EnvironmentFile=/a|EnvironmentFile=":                                    "default map[] []",
		"PassEnvironment=A GODEBUG":                                              "unknown map[] [PassEnvironment=GODEBUG]",
		"PassEnvironment=GODEBUG|PassEnvironment=":                               "default map[] []",
		"PassEnvironment=GODEBUG|Environment=GODEBUG=a=1":                        "set map[a:1] []",
		"PAMName=login|Environment=GODEBUG=a=1":                                  "unknown map[a:1] [PAMName=]",
		"EnvironmentFile=/a|PAMName=x|UnsetEnvironment=GODEBUG":                  "default map[] []",
		"Environment=GODEBUG=a=1|UnsetEnvironment=GODEBUG=a=1":                   "unknown map[a:1] [UnsetEnvironment=GODEBUG=]",
		"Environment=GODEBUG=a=1|UnsetEnvironment=%i=x":                          "unknown map[a:1] [UnsetEnvironment=%i]",
		"UnsetEnvironment=%i":                                                    "default map[] []",
		"UnsetEnvironment=GODEBUG=a=1|Environment=GODEBUG=a=1|UnsetEnvironment=": "set map[a:1] []",
		"PassEnvironment=%i":                                                     "unknown map[] [PassEnvironment=%i]",
		"PassEnvironment=A %%i":                                                  "default map[] []",
		"PassEnvironment=GO%i|Environment=GODEBUG=a=1":                           "set map[a:1] []",
		"PassEnvironment=%i|UnsetEnvironment=GODEBUG":                            "default map[] []",
		"Environment=%I":                                                         "unknown map[] [Environment=]",
		"Environment=A=1 %i=fips140=off":                                         "unknown map[] [Environment=]",
		"Environment=GODEBUG=a=1|UnsetEnvironment=B|UnsetEnvironment=":           "set map[a:1] []",
		"Environment=1GODEBUG=a=1 GODEBUG":                                       "default map[] []",
	} {
		g := read(t, strings.Split(lines, "|")...).Environment.GODEBUG
		if got := fmt.Sprintf("%s %v %v", g.State, g.Settings, g.Unknown); got != want {
			t.Errorf("%.80s: %s, want %s", lines, got, want)
		}
	}
}

// No value of a variable, and no argument, is in the facts or the evidence.
func TestSecrets(t *testing.T) {
	u := read(t,
		"ExecStart=/a --token hunter2 ; /b hunter2",
		"Environment=DB_PASSWORD=hunter2 API_TOKEN_FILE=hunter2/file TOKEN=/run/hunter2 SECRET=%d/hunter2 KEY= LEVEL=hunter2",
		"Environment=URL=https://u:hunter2@example.com/ GODEBUG=hunter2 hunter2 A\\nB=c",
		`Environment="hunter2`,
		`ExecStart="hunter2`,
		"SetCredentialEncrypted=a: hunter2",
	)
	var secrets, names []string
	for _, v := range u.Environment.Variables {
		names = append(names, v.Name)
		if v.Secret {
			secrets = append(secrets, v.Name)
		}
	}
	if want := []string{"DB_PASSWORD", "URL"}; !slices.Equal(secrets, want) {
		t.Errorf("%v, want %v of %v", secrets, want, names)
	}
	if all := fmt.Sprintf("%+v", u.Service) + string(u.Text()); strings.Contains(all, "hunter2") {
		t.Errorf("a secret in:\n%s", all)
	}
	if want := "a.service:2: ExecStart=/a xxxxx\n"; !strings.HasPrefix(string(u.Text()), want) {
		t.Errorf("%s", u.Text())
	}
}

func TestText(t *testing.T) {
	u := read(t, "Type=notify", "ExecStart=", "ExecStart=+/a", "Environment=GODEBUG=fips140=off A=b", "ProtectSystem=full")
	want := "a.service:3: ExecStart=\na.service:4: ExecStart=+/a\na.service:5: Environment=GODEBUG=fips140=off A=xxxxx\na.service:6: ProtectSystem=full\n"
	if got := string(u.Text()); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestUnread(t *testing.T) {
	u := read(t, "User=%i", "ProtectHome=maybe", "DynamicUser=sometimes")
	if want := []string{"DynamicUser=sometimes", "ProtectHome=maybe", "User=%i"}; !slices.Equal(u.Unread(), want) {
		t.Errorf("%q, want %q", u.Unread(), want)
	}
}

func TestIgnored(t *testing.T) {
	text := "NoNewPrivileges=yes\n[Unit]\nProtectSystem=strict\nDescription=a\n[Servce]\nUser=app\n[X-Mine]\nUser=b\n[Service]\nnonewprivileges=yes\nUnheard=of\n"
	u, err := Read(fstest.MapFS{"a.service": {Data: []byte(text + strings.Repeat("x\n", 2*maxIgnored))}}, "a.service")
	if err != nil {
		t.Fatal(err)
	}
	if len(u.Ignored) != maxIgnored {
		t.Errorf("%d", len(u.Ignored))
	}
	u, err = Read(fstest.MapFS{"a.service": {Data: []byte(text)}}, "a.service")
	if err != nil {
		t.Fatal(err)
	}
	want := []Ignored{
		{Position{"a.service", 1}, "", "", NoSection},
		{Position{"a.service", 3}, "Unit", "ProtectSystem", WrongSection},
		{Position{"a.service", 6}, "Servce", "User", WrongSection},
		{Position{"a.service", 10}, "Service", "nonewprivileges", WrongCase},
	}
	if diff := cmp.Diff(want, u.Ignored); diff != "" {
		t.Error(diff)
	}
	if u.User.State != Default || !Is(u.NoNewPrivileges, false) || !Is(u.ProtectSystem, "no") {
		t.Errorf("%+v", u.Service)
	}
}

func TestDropIns(t *testing.T) {
	fsys := fstest.MapFS{
		"a.service":                {Data: []byte("[Service]\nUser=one\nCapabilityBoundingSet=CAP_CHOWN\nExecStart=/a\nNoNewPrivileges=yes\n")},
		"a.service.d/20.conf":      {Data: []byte("[Service]\nUser=three\nExecStart=\nExecStart=/c\n")},
		"a.service.d/10.conf":      {Data: []byte("[Service]\nUser=two\nCapabilityBoundingSet=CAP_KILL\n")},
		"a.service.d/30.conf~":     {Data: []byte("[Service]\nUser=four\n")},
		"a.service.d/.40.conf":     {Data: []byte("[Service]\nUser=five\n")},
		"a.service.d/50.conf":      {},
		"a.service.d/60.conf":      {Mode: fs.ModeDevice | fs.ModeCharDevice},
		"a.service.d/70.conf/file": {Data: []byte("x")},
	}
	if _, err := Read(fsys, "a.service"); !errors.Is(err, ErrNotRegular) {
		t.Errorf("a directory: %v", err)
	}
	delete(fsys, "a.service.d/70.conf/file")
	u, err := Read(fsys, "a.service")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a.service", "a.service.d/10.conf", "a.service.d/20.conf"}; !slices.Equal(u.Files, want) {
		t.Errorf("%q", u.Files)
	}
	if !Is(u.User, "three") || u.User.At.File != "a.service.d/20.conf" || len(u.Programs) != 1 || u.Programs[0].Path != "/c" ||
		!slices.Equal(u.CapabilityBoundingSet.Value.Names, []string{"CAP_CHOWN", "CAP_KILL"}) || !Is(u.NoNewPrivileges, true) {
		t.Errorf("%+v", u.Service)
	}
}

// As systemd-analyze of version 252 takes them: of two of one name the first.
func TestDropInDirs(t *testing.T) {
	for name, want := range map[string]string{
		"a.service":           "a.service.d service.d",
		"foo-bar-baz.service": "foo-bar-baz.service.d foo-bar-.service.d foo-.service.d service.d",
		"foo-bar@x.service":   "foo-bar@x.service.d foo-bar@.service.d foo-.service.d foo-@x.service.d foo-@.service.d service.d",
		"foo@.service":        "foo@.service.d service.d",
		"-.service":           "-.service.d service.d",
		"a.conf":              "a.conf.d",
	} {
		if got := strings.Join(dropInDirs(name), " "); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	u, err := Read(fstest.MapFS{
		"foo-bar.service":            {Data: []byte("[Service]\nExecStart=/a\n")},
		"foo-bar.service.d/10.conf":  {Data: []byte("[Service]\nUser=two\n")},
		"foo-.service.d/10.conf":     {Data: []byte("[Service]\nUser=three\n")},
		"foo-.service.d/05.conf":     {Data: []byte("[Service]\nUser=four\n")},
		"service.d/20.conf":          {Data: []byte("[Service]\nEnvironment=GODEBUG=fips140=off\n")},
		"foo-other.service.d/a.conf": {Data: []byte("[Service]\nUser=five\n")},
	}, "foo-bar.service")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"foo-bar.service", "foo-.service.d/05.conf", "foo-bar.service.d/10.conf", "service.d/20.conf"}; !slices.Equal(u.Files, want) {
		t.Errorf("%q", u.Files)
	}
	if !Is(u.User, "two") || u.Environment.GODEBUG.Settings["fips140"] != "off" {
		t.Errorf("%+v", u.Service)
	}
}

func TestReadErrors(t *testing.T) {
	many := fstest.MapFS{"a.service": {Data: []byte("[Service]\n")}}
	for i := range MaxDropIns + 1 {
		many[fmt.Sprintf("a.service.d/%d.conf", i)] = &fstest.MapFile{Data: []byte("[Service]\n")}
	}
	for name, test := range map[string]struct {
		fsys fs.FS
		want error
	}{
		"missing":           {fstest.MapFS{}, fs.ErrNotExist},
		"empty":             {fstest.MapFS{"a.service": {}}, ErrMasked},
		"device":            {fstest.MapFS{"a.service": {Mode: fs.ModeDevice}}, ErrMasked},
		"pipe":              {fstest.MapFS{"a.service": {Mode: fs.ModeNamedPipe}}, ErrNotRegular},
		"directory":         {fstest.MapFS{"a.service/x": {}}, ErrNotRegular},
		"too large":         {fstest.MapFS{"a.service": {Data: make([]byte, MaxSize+1)}}, ErrTooLarge},
		"zero byte":         {fstest.MapFS{"a.service": {Data: []byte("[Service]\x00\n")}}, ErrSyntax},
		"no service":        {fstest.MapFS{"a.service": {Data: []byte("[Timer]\nOnBootSec=1\n")}}, ErrNoService},
		"syntax":            {fstest.MapFS{"a.service": {Data: []byte("[Service\n")}}, ErrSyntax},
		"syntax of drop-in": {fstest.MapFS{"a.service": {Data: []byte("[Service]\nUser=x\n")}, "a.service.d/a.conf": {Data: []byte("[Service\n")}}, ErrSyntax},
		"too many drop-ins": {many, ErrTooLarge},
		"no directory":      {fstest.MapFS{"a.service": {Data: []byte("[Service]\nUser=x\n")}, "a.service.d": {Data: []byte("x")}}, errors.ErrUnsupported},
	} {
		if _, err := Read(test.fsys, "a.service"); err == nil || !errors.Is(err, test.want) && test.want != errors.ErrUnsupported {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// On a real file system a unit is masked by a link to /dev/null.
func TestMasked(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(os.DevNull, filepath.Join(dir, "a.service")); err != nil {
		machine.WindowsLacks(t, "symbolic links", err)
	}
	if _, err := Read(os.DirFS(dir), "a.service"); !errors.Is(err, ErrMasked) {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"[Service]\nExecStart=/a \"b c\" ; -/d\nEnvironment='GODEBUG=a=1' A=\\x41\nCapabilityBoundingSet=~CAP_A \\\n# c\nCAP_B\n",
		"\ufeff[Unit]\r\nA=b\\\\\r\n[Service]\rUser=%i\nSystemCallFilter=~@mount:EPERM\nRestrictNamespaces=~user\nUMask=0\n",
	} {
		f.Add(s, "[Service]\nUser=\n")
	}
	f.Fuzz(func(t *testing.T, main, dropIn string) {
		u, err := Read(fstest.MapFS{"a.service": {Data: []byte(main)}, "a.service.d/a.conf": {Data: []byte(dropIn)}}, "a.service")
		if err != nil {
			return
		}
		for _, line := range strings.Split(strings.TrimSpace(string(u.Text())), "\n") {
			if line != "" && !strings.HasPrefix(line, "a.service") {
				t.Errorf("evidence %q", line)
			}
		}
		u.Root()
	})
}

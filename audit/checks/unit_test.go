// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/audit/sdunit"
	"github.com/goassay/assay/internal/machine"
)

// hardened sets what the rules ask for.
const hardened = `[Service]
User=app
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
`

// auditUnit judges the unit app.service, one of several files of a directory,
// for the executables that are named; "root" among the settings is a directory
// relative to it.
func auditUnit(t *testing.T, files map[string][]byte, settings map[string]string, paths ...string) *audit.Report {
	t.Helper()
	dir := binaries(t, files)
	target := &audit.Target{Dir: dir, Units: []string{filepath.Join(dir, "app.service")}}
	for _, p := range paths {
		target.Binaries = append(target.Binaries, filepath.Join(dir, p))
	}
	if root := settings["root"]; root != "" {
		settings = map[string]string{"root": filepath.Join(dir, root)}
	}
	return runCheck(t, audit.Config{Target: target, Checks: []*audit.Check{Unit}, Settings: settings})
}

func TestUnit(t *testing.T) {
	const exec = "ExecStart=/usr/bin/app\n"
	for _, test := range []struct {
		name, text string
		outcome    string
		want       []string
	}{
		{"hardened", hardened + exec, "pass", nil},
		{"bare", "[Service]\n" + exec, "pass", []string{
			"unit/address-families", "unit/capabilities capabilities=CAP_BPF;CAP_CHOWN;CAP_DAC_OVERRIDE;CAP_DAC_READ_SEARCH;CAP_FOWNER;CAP_MAC_ADMIN;CAP_MKNOD;CAP_SETFCAP;CAP_SETGID;CAP_SETPCAP;CAP_SETUID;CAP_SYS_ADMIN;CAP_SYS_MODULE;CAP_SYS_PTRACE;CAP_SYS_RAWIO",
			"unit/file-system-writable", "unit/home-visible",
			"unit/isolation directives=LockPersonality;PrivateTmp;RestrictNamespaces;RestrictRealtime;RestrictSUIDSGID;SystemCallArchitectures",
			"unit/kernel directives=PrivateDevices;ProtectControlGroups;ProtectKernelLogs;ProtectKernelModules;ProtectKernelTunables",
			"unit/no-new-privileges", "unit/runs-as-root", "unit/system-calls"}},
		{"dynamic user", "[Service]\nDynamicUser=yes\n" + exec, "pass", []string{
			"unit/address-families", "unit/isolation directives=LockPersonality;RestrictNamespaces;RestrictRealtime;SystemCallArchitectures", "unit/system-calls"}},
		{"root with few capabilities", hardened + "User=root\nCapabilityBoundingSet=CAP_NET_ADMIN CAP_SYS_PTRACE\nPrivateDevices=yes\nProtectControlGroups=yes\nProtectKernelLogs=yes\nProtectKernelModules=yes\n" + exec, "pass",
			[]string{"unit/capabilities capabilities=CAP_SYS_PTRACE", "unit/kernel directives=ProtectKernelTunables", "unit/runs-as-root"}},
		{"root without capabilities", hardened + "User=0\nCapabilityBoundingSet=\nPrivateDevices=1\nProtectControlGroups=strict\nProtectKernelLogs=yes\nProtectKernelModules=yes\nProtectKernelTunables=yes\n" + exec, "pass", []string{"unit/runs-as-root"}},
		{"port 80", hardened + "AmbientCapabilities=CAP_NET_BIND_SERVICE\n" + exec, "pass", nil},
		{"ambient", hardened + "AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_DAC_OVERRIDE\n" + exec, "pass", []string{"unit/ambient-capabilities capabilities=CAP_DAC_OVERRIDE"}},
		{"full privileges", hardened + "ExecStart=+/usr/bin/app\n", "pass", []string{"unit/full-privileges program=/usr/bin/app"}},
		{"user kept", hardened + "CapabilityBoundingSet=CAP_KILL\nPrivateDevices=1\nProtectControlGroups=1\nProtectKernelLogs=1\nProtectKernelModules=1\nProtectKernelTunables=1\nExecStart=!/usr/bin/app\n", "pass",
			[]string{"unit/runs-as-root"}},
		{"own root directory", hardened + "RootDirectory=/srv/app\nProtectHome=no\nProtectSystem=no\n" + exec, "pass", nil},
		{"all read-only", hardened + "ReadOnlyPaths=/\nProtectSystem=no\n" + exec, "pass", nil},
		{"umask", hardened + "UMask=0002\n" + exec, "pass", []string{"unit/umask umask=0002"}},
		{"strict umask", hardened + "UMask=0077\n" + exec, "pass", nil},
		{"ignored lines", "NoNewPrivileges=yes\n[Unit]\nProtectHome=yes\n" + hardened + exec + "nonewprivileges=yes\nnothing\n", "pass",
			[]string{"unit/ignored-lines lines=app.service:1;app.service:3 [Unit] ProtectHome;app.service:19 nonewprivileges;app.service:20"}},
		{"unrestricted lists", hardened + "RestrictAddressFamilies=\nRestrictNamespaces=no\nSystemCallFilter=\nSystemCallArchitectures=\n" + exec, "pass",
			[]string{"unit/address-families", "unit/isolation directives=RestrictNamespaces;SystemCallArchitectures", "unit/system-calls"}},
		{"secrets", hardened + "Environment=DB_PASSWORD=x KEY_FILE=/run/key LEVEL=debug\nEnvironment=API_TOKEN=y\n" + exec, "pass", []string{"unit/secret-in-environment variables=DB_PASSWORD;API_TOKEN"}},

		{"weak", hardened + "Environment=GODEBUG=tls10server=1,x509sha1=1,panicnil=1\n" + exec, "pass", []string{"unit/godebug-weak settings=tls10server=1;x509sha1=1"}},
		{"FIPS off", hardened + "Environment=GODEBUG=fips140=off#1\n" + exec, "fail", []string{"unit/fips-off programs=/usr/bin/app (unknown)"}},
		{"FIPS off for nothing", hardened + "Environment=GODEBUG=fips140=off\n", "fail", []string{"unit/fips-off programs=ExecStart= (unknown)"}},
		{"FIPS on", hardened + "Environment=GODEBUG=fips140=on\n" + exec, "pass", []string{"unit/fips-changed programs=/usr/bin/app (unknown) mode=on"}},
		{"FIPS only", hardened + "Environment=GODEBUG=fips140=only\n" + exec, "pass", []string{"unit/fips-changed programs=/usr/bin/app (unknown) mode=only"}},
		{"FIPS taken back", hardened + "Environment=GODEBUG=fips140=\n" + exec, "fail", []string{"unit/fips-off programs=/usr/bin/app (unknown)"}},
		{"FIPS not mentioned", hardened + "Environment=GODEBUG=gctrace=1\n" + exec, "pass", nil},
		{"FIPS off, and perhaps not", hardened + "Environment=GODEBUG=fips140=off\nEnvironmentFile=/etc/default/app\n" + exec, "fail unit/undetermined", []string{"unit/fips-off programs=/usr/bin/app (unknown)"}},

		{"environment file", hardened + "EnvironmentFile=-/etc/default/app\n" + exec, "not-assessed unit/undetermined", nil},
		{"specifier", hardened + "User=%i\n" + exec, "not-assessed unit/undetermined", nil},
		{"unknown values", hardened + "ProtectSystem=very\nRestrictNamespaces='x\nReadOnlyPaths='x\nAmbientCapabilities='x\nRestrictAddressFamilies='x\n" + exec, "not-assessed unit/undetermined", nil},
		{"program by specifier", hardened + "ExecStart=/opt/%i/app\n", "not-assessed unit/undetermined", nil},
		{"shell", hardened + "ExecStart=/bin/sh -c 'exec app'\n", "not-assessed unit/undetermined", nil},
		{"no service", "[Timer]\nOnBootSec=1\n", "not-assessed unit/undetermined", nil},
		{"masked", "", "not-assessed unit/undetermined", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			rep := auditUnit(t, map[string][]byte{"app.service": []byte(test.text)}, nil)
			if got := outcome(rep); got != test.outcome {
				t.Errorf("outcome %q (%s), want %q", got, rep.Checks[0].Reason, test.outcome)
			}
			if diff := cmp.Diff(append([]string{}, test.want...), found(rep, "capabilities", "directives", "program", "programs", "mode", "umask", "lines", "settings", "variables")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a reason names.
func TestUnitUndetermined(t *testing.T) {
	text := hardened + "User=%i\nEnvironmentFile=/etc/default/app\nExecStart=/bin/sh -c x\nExecStart=/opt/%i/app\n"
	rep := auditUnit(t, map[string][]byte{"app.service": []byte(text)}, nil)
	want := "of the units (4), for it could not be read, or depends on the machine or on programs that are not at hand: app.service: User=%i, app.service: ExecStart=/bin/sh ..., app.service: ExecStart=/opt/%i/app, app.service: GODEBUG (EnvironmentFile=/etc/default/app)"
	if rep.Checks[0].Reason != want {
		t.Errorf("%s\nwant\n%s", rep.Checks[0].Reason, want)
	}
}

// A finding is at the line that decides, in the drop-in that has it, and rests
// on the lines that were read.
func TestUnitPlaces(t *testing.T) {
	rep := auditUnit(t, map[string][]byte{
		"app.service":              []byte(hardened + "ExecStart=/usr/bin/app\n"),
		"app.service.d/debug.conf": []byte("# for a while\n[Service]\nEnvironment=GODEBUG=fips140=off TOKEN=/x\n"),
	}, nil)
	if len(rep.Findings) != 1 {
		t.Fatal(found(rep))
	}
	f := rep.Findings[0]
	if want := (&audit.Location{File: "app.service.d/debug.conf", Line: 3}); cmp.Diff(want, f.Location) != "" || f.Subject.Name != "app.service" || len(f.Evidence) != 1 {
		t.Errorf("%+v %+v", f, f.Location)
	}
	facts := factsOf[UnitFacts](t, rep, Unit)
	u := facts.Units[0]
	if want := []string{"app.service", "app.service.d/debug.conf"}; !slices.Equal(u.Unit.Files, want) || u.Evidence != f.Evidence[0] || u.Starts[0].By != NotAsked {
		t.Errorf("%+v", u)
	}
	if data := string(rep.Facts["unit"]); strings.Contains(data, `"/x"`) {
		t.Error("the value of a variable is in the facts")
	}
}

// The program that a unit starts, among executables.
func TestUnitProgram(t *testing.T) {
	const fipsOff = "Environment=GODEBUG=fips140=off\n"
	pure := gobintest.Forge("go1.26.8", gobintest.Settings("DefaultGODEBUG=fips140=on")...)
	cgo := gobintest.Forge("go1.26.8", gobintest.Settings("CGO_ENABLED=1")...)
	jit := gobintest.Forge("go1.26.8", append([]string{"dep\tgithub.com/tetratelabs/wazero\tv1.9.0"}, gobintest.Settings()...)...)
	version := gobintest.Forge("go1.26.8")
	notGo := slices.Clone(pure)
	copy(notGo[strings.Index(string(notGo), "\xff Go buildinf:"):], "\xff no buildinf:")
	noMDWE := "MemoryDenyWriteExecute=no\n"
	for _, test := range []struct {
		name    string
		unit    string
		files   map[string][]byte
		root    string
		paths   []string
		outcome string
		by      Match
		want    []string
	}{
		{"by name", "ExecStart=/usr/bin/app\n" + noMDWE, map[string][]byte{"bin/app": pure, "bin/tool": cgo}, "", []string{"bin"}, "pass", ByName, []string{"unit/write-execute programs=bin/app"}},
		{"cgo", "ExecStart=/usr/bin/app\n" + noMDWE, map[string][]byte{"bin/app": cgo}, "", []string{"bin"}, "pass", ByName, nil},
		{"a compiler", "ExecStart=/usr/bin/app\n" + noMDWE, map[string][]byte{"bin/app": jit}, "", []string{"bin"}, "pass", ByName, nil},
		{"not all are known", "Type=oneshot\nExecStart=/usr/bin/app\nExecStart=/usr/bin/other\n" + noMDWE, map[string][]byte{"bin/app": pure}, "", []string{"bin"}, "not-assessed unit/undetermined", ByName, nil},
		{"two of the name", "ExecStart=/usr/bin/app\n", map[string][]byte{"a/app": pure, "b/app": cgo}, "", []string{"a", "b"}, "not-assessed unit/undetermined", Unrelated, nil},
		{"none of the name", "ExecStart=/usr/bin/app\n", map[string][]byte{"a/tool": pure}, "", []string{"a"}, "not-assessed unit/undetermined", Unrelated, nil},
		{"only its version is known", "ExecStart=/usr/bin/app\n", map[string][]byte{"app": version}, "", []string{"app"}, "not-assessed unit/undetermined", ByName, nil},

		{"below the root", "ExecStart=/usr/bin/app\n" + noMDWE, map[string][]byte{"root/usr/bin/app": pure}, "root", nil, "pass", ByRoot, []string{"unit/write-execute programs=root/usr/bin/app"}},
		{"searched", "ExecStart=app\n", map[string][]byte{"root/usr/sbin/app": pure}, "root", nil, "pass", ByRoot, nil},
		{"missing", "ExecStart=/usr/bin/app\n", map[string][]byte{"root/usr/sbin/app": pure}, "root", nil, "pass", Missing, []string{"unit/program-missing program=/usr/bin/app"}},
		{"searched and missing", "ExecStart=app\n", map[string][]byte{"root/opt/app": pure}, "root", nil, "pass", Missing, []string{"unit/program-missing program=app"}},
		{"the root itself", "ExecStart=/\n", map[string][]byte{"root/usr/bin/app": pure}, "root", nil, "not-assessed unit/undetermined", Unrelated, nil},
		{"a directory", "ExecStart=/usr/bin\n", map[string][]byte{"root/usr/bin/app": pure}, "root", nil, "not-assessed unit/undetermined", Unrelated, nil},
		{"no root", "ExecStart=/usr/bin/app\n", nil, "nowhere", nil, "not-assessed unit/undetermined", Unrelated, nil},
		{"not Go", "ExecStart=/usr/bin/app\n", map[string][]byte{"root/usr/bin/app": notGo}, "root", nil, "not-assessed unit/undetermined", ByRoot, nil},
		{"a script", "ExecStart=/usr/bin/app\n", map[string][]byte{"root/usr/bin/app": []byte("#!/bin/sh\n")}, "root", nil, "not-assessed unit/undetermined", ByRoot, nil},
		{"damaged", "ExecStart=/usr/bin/app\n", map[string][]byte{"root/usr/bin/app": pure[:100]}, "root", nil, "not-assessed unit/undetermined", ByRoot, nil},
		{"a file on the way", "ExecStart=/usr/bin/app/x\n", map[string][]byte{"root/usr/bin/app": pure}, "root", nil, "not-assessed unit/undetermined", Unrelated, nil},

		{"weak for an old release alone", "ExecStart=/usr/bin/app\nEnvironment=GODEBUG=x509sha1=1\n", map[string][]byte{"app": pure}, "", []string{"app"}, "pass", ByName, nil},
		{"FIPS off", "ExecStart=/usr/bin/app\n" + fipsOff, map[string][]byte{"app": pure}, "", []string{"app"}, "fail", ByName, []string{"unit/fips-off programs=app (unknown)"}},
		{"FIPS off behind a shell", "ExecStart=/bin/sh x\n" + fipsOff, map[string][]byte{"sh": pure}, "", []string{"sh"}, "fail unit/undetermined", ByName, []string{"unit/fips-off programs=/bin/sh (unknown)"}},
		{"FIPS off of what is not Go", "ExecStart=/usr/bin/app\n" + fipsOff, map[string][]byte{"app": notGo}, "", []string{"app"}, "fail unit/undetermined", ByName, []string{"unit/fips-off programs=/usr/bin/app (unknown)"}},

		{"calls", "ExecStart=/usr/bin/app\nSystemCallFilter=\nSystemCallFilter=@basic-io\n", map[string][]byte{"app": pure}, "", []string{"app"}, "pass", ByName,
			[]string{"unit/system-calls-kill program=app calls=clone;rt_sigaction;rt_sigprocmask;sigaltstack"}},
		{"calls with cgo", "ExecStart=/usr/bin/app\nSystemCallFilter=~@process @signal\n", map[string][]byte{"app": cgo}, "", []string{"app"}, "pass", ByName,
			[]string{"unit/system-calls-kill program=app calls=rt_sigaction;rt_sigprocmask;sigaltstack"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string][]byte{"app.service": []byte(hardened + test.unit)}
			for name, data := range test.files {
				files[name] = data
			}
			rep := auditUnit(t, files, map[string]string{"root": test.root}, test.paths...)
			if got := outcome(rep); got != test.outcome {
				t.Errorf("outcome %q (%s), want %q", got, rep.Checks[0].Reason, test.outcome)
			}
			if diff := cmp.Diff(append([]string{}, test.want...), found(rep, "program", "programs", "calls", "settings")); diff != "" {
				t.Error(diff)
			}
			if got := factsOf[UnitFacts](t, rep, Unit).Units[0].Starts[0].By; got != test.by {
				t.Errorf("found by %q, want %q", got, test.by)
			}
		})
	}
}

// By its path, where the executable lies where the unit says.
func TestUnitProgramByPath(t *testing.T) {
	dir := binaries(t, map[string][]byte{"a/app": gobintest.Forge("go1.26.8", gobintest.Settings()...), "b/app": gobintest.Forge("go1.26.8", gobintest.Settings()...)})
	unit := filepath.Join(dir, "app.service")
	if err := os.WriteFile(unit, []byte(hardened+"ExecStart="+filepath.ToSlash(filepath.Join(dir, "b", "app"))+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{dir, t.TempDir()} { // the target's directory: names are relative, or not
		rep := runCheck(t, audit.Config{Target: &audit.Target{Dir: at, Binaries: []string{dir}, Units: []string{unit}}, Checks: []*audit.Check{Unit}})
		s := factsOf[UnitFacts](t, rep, Unit).Units[0].Starts[0]
		if outcome(rep) != "pass" || s.By != ByPath || !strings.HasSuffix(filepath.ToSlash(s.File), "b/app") {
			t.Errorf("%s: %+v", outcome(rep), s)
		}
	}
}

// A link out of the root directory is not followed: what is there says nothing
// of the other machine. One within it is.
func TestUnitProgramByLink(t *testing.T) {
	app := gobintest.Forge("go1.26.8", gobintest.Settings()...)
	dir := binaries(t, map[string][]byte{"root/usr/lib/app": app, "outside/app": app, "app.service": []byte(hardened + "ExecStart=/usr/app\n")})
	for to, want := range map[string]Match{"lib/app": ByRoot, "../../outside/app": Unrelated, filepath.Join(dir, "outside", "app"): Unrelated} {
		link := filepath.Join(dir, "root", "usr", "app")
		os.Remove(link)
		if err := os.Symlink(to, link); err != nil {
			machine.WindowsLacks(t, "symbolic links", err)
		}
		target := &audit.Target{Dir: dir, Units: []string{filepath.Join(dir, "app.service")}}
		rep := runCheck(t, audit.Config{Target: target, Checks: []*audit.Check{Unit}, Settings: map[string]string{"root": filepath.Join(dir, "root")}})
		if got := factsOf[UnitFacts](t, rep, Unit).Units[0].Starts[0].By; got != want {
			t.Errorf("%s: %q, want %q", to, got, want)
		}
	}
}

// The mode that is linked decides whether a unit changes it: real programs.
func TestUnitLinkedMode(t *testing.T) {
	module := gobintest.Module(t, gobintest.GoMod)
	on, unset := gobintest.Build(t, module, "GOFIPS140=v1.0.0"), gobintest.Build(t, module)
	for _, test := range []struct{ program, mode, want string }{
		{on, "off", "unit/fips-off programs=prog (on)"},
		{on, "", "unit/fips-off programs=prog (on)"},
		{on, "on", ""},
		{on, "only", "unit/fips-changed programs=prog (on) mode=only"},
		{unset, "off", ""},
		{unset, "", ""},
		{unset, "on", "unit/fips-changed programs=prog (unset) mode=on"},
	} {
		data, err := os.ReadFile(test.program)
		if err != nil {
			t.Fatal(err)
		}
		rep := auditUnit(t, map[string][]byte{"prog": data, "app.service": []byte(hardened + "ExecStart=prog\nEnvironment=GODEBUG=fips140=" + test.mode + "\n")}, nil, "prog")
		if got := strings.Join(found(rep, "programs", "mode"), " "); got != test.want || rep.Checks[0].ReasonID != "" {
			t.Errorf("%s: %q (%s), want %q", test.mode, got, rep.Checks[0].Reason, test.want)
		}
	}
}

// Whether C code is linked is told by the functions, not by CGO_ENABLED=1.
func TestLinksC(t *testing.T) {
	program := gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), "CGO_ENABLED=1")
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	rep := auditUnit(t, map[string][]byte{"app": data, "app.service": []byte(hardened + "ExecStart=app\nMemoryDenyWriteExecute=no\nSystemCallFilter=~clone\n")}, nil, "app")
	if got, want := strings.Join(found(rep, "calls"), " "), "unit/system-calls-kill calls=clone unit/write-execute"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDenies(t *testing.T) {
	for lines, want := range map[string]string{
		"@system-service":                         "",
		"@system-service|~@privileged @resources": "",
		"@known":                               "",
		"@system-service|~@process":            "clone",
		"@system-service|~clone":               "clone",
		"@system-service|~@process|clone":      "",
		"@basic-io @signal":                    "clone",
		"@basic-io @signal @process":           "",
		"@basic-io @signal @invented":          "", // may hold it
		"~@invented":                           "", // may not
		"~@clock":                              "",
		"~@signal:EPERM":                       "rt_sigaction rt_sigprocmask sigaltstack",
		"~@signal|rt_sigaction rt_sigprocmask": "sigaltstack",
		"~'":                                   "", // not known
	} {
		text := "[Service]\n"
		for _, l := range strings.Split(lines, "|") {
			text += "SystemCallFilter=" + l + "\n"
		}
		dir := binaries(t, map[string][]byte{"a.service": []byte(text)})
		u, err := sdunit.Read(os.DirFS(dir), "a.service")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(deadly(u.SystemCallFilter, true), " "); got != want {
			t.Errorf("%s: %q, want %q", lines, got, want)
		}
	}
}

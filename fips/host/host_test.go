// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/fips/host/hosttest"
	"github.com/goassay/assay/internal/machine"
)

func read(t *testing.T, h hosttest.Host, environ ...string) Facts {
	t.Helper()
	return Read(t.Context(), Options{Root: h.Root(), OS: "linux", Environ: environ, Run: h.Run})
}

// summary is what was read, in a line.
func summary(f Facts) string {
	k, c, s := f.Kernel, f.CryptoPolicies, f.OpenSSL
	policy := string(c.InForce.Policy)
	if policy == "" {
		policy = string(c.InForce.Is)
	}
	return fmt.Sprintf("kernel %s genuine %s boot %s policy %s openssl %s fips %s fips.so %s container %s",
		k.Enabled.Is, k.Genuine.Is, k.Boot.Is, policy, s.Installed.Is, s.FIPS.Is, s.Module.Is, f.Container.Is)
}

// forbidding is a file system some of whose files cannot be reached.
type forbidding struct {
	fs.FS
	names []string
}

func (f forbidding) err(op, name string) error {
	if slices.Contains(f.names, "/"+name) {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrPermission}
	}
	return nil
}

func (f forbidding) Open(name string) (fs.File, error) {
	if err := f.err("open", name); err != nil {
		return nil, err
	}
	return f.FS.Open(name)
}

func (f forbidding) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(f.FS, name) }

func (f forbidding) ReadLink(name string) (string, error) {
	if err := f.err("readlink", name); err != nil {
		return "", err
	}
	return fs.ReadLink(f.FS, name)
}

func TestRead(t *testing.T) {
	const openssl3 = "OpenSSL 3.0.15 3 Sep 2024\n"
	for _, c := range []struct {
		name       string
		host       hosttest.Host
		want       string
		unknown    []string
		violations []string
	}{
		{"Debian", hosttest.Plain(),
			"kernel no genuine yes boot no policy no openssl yes fips no fips.so no container no",
			nil, []string{"kernel=off", "openssl=no-fips-provider"}},
		{"Red Hat Enterprise Linux 9 in FIPS mode", hosttest.RHEL9(),
			"kernel yes genuine yes boot yes policy FIPS openssl yes fips yes fips.so yes container no", nil, nil},
		{"its container", hosttest.Podman(),
			"kernel yes genuine yes boot yes policy FIPS openssl yes fips yes fips.so yes container yes", nil, nil},
		{"another container there", hosttest.Docker(),
			"kernel yes genuine yes boot yes policy no openssl yes fips no fips.so no container yes",
			nil, []string{"openssl=no-fips-provider"}},

		{"a kernel without FIPS mode", hosttest.Plain().Without("/proc/sys/crypto"),
			"kernel no genuine yes boot no policy no openssl yes fips no fips.so no container no",
			nil, []string{"kernel=off", "openssl=no-fips-provider"}},
		{"no proc", hosttest.RHEL9().Without("/proc"),
			"kernel unknown genuine unknown boot unknown policy FIPS openssl yes fips yes fips.so yes container unknown",
			[]string{
				"kernel flag: no /proc/sys",
				"kernel command line: /proc/cmdline: file does not exist",
				"mounts: /proc/self/mountinfo: file does not exist",
				"container: /proc/self/ns/pid: file does not exist",
			}, nil},
		{"the flag mounted over", hosttest.Plain().With(map[string]string{
			"/proc/sys/crypto/fips_enabled": "1\n",
			"/proc/self/mountinfo":          "22 28 0:21 / /proc rw - proc proc rw\n40 22 0:30 /fake\\0401 /proc/sys/crypto/fips_enabled ro - tmpfs tmpfs rw\n28 1 253:0 / / rw - xfs /dev/vda rw\n"}),
			"kernel unknown genuine no boot no policy no openssl yes fips no fips.so no container no",
			[]string{"kernel flag: /proc/sys/crypto/fips_enabled: on tmpfs, mounted at /proc/sys/crypto/fips_enabled"},
			[]string{"kernel=mounted-over", "openssl=no-fips-provider"}},
		{"another file of proc mounted over it", hosttest.Plain().With(map[string]string{
			"/proc/self/mountinfo": "22 28 0:21 / /proc rw - proc proc rw\n40 22 0:21 /sys/kernel/panic /proc/sys/crypto/fips_enabled ro - proc proc rw\n"}),
			"kernel unknown genuine no boot no policy no openssl yes fips no fips.so no container no",
			[]string{"kernel flag: /proc/sys/crypto/fips_enabled: on proc, mounted at /proc/sys/crypto/fips_enabled"},
			[]string{"kernel=mounted-over", "openssl=no-fips-provider"}},
		{"no mounts of it", hosttest.Plain().With(map[string]string{"/proc/self/mountinfo": "22 28 0:21 / /mnt rw - xfs /dev/vda rw\n"}),
			"kernel no genuine unknown boot no policy no openssl yes fips no fips.so no container no",
			[]string{"mounts: /proc/self/mountinfo: no mount of /proc/sys/crypto/fips_enabled"},
			[]string{"kernel=off", "openssl=no-fips-provider"}},

		{"a policy with subpolicies", hosttest.RHEL9().With(map[string]string{configFile: "fips:ospp\n", stateFile: "FIPS:OSPP\n"}),
			"kernel yes genuine yes boot yes policy FIPS:OSPP openssl yes fips yes fips.so yes container no", nil, nil},
		{"a policy that is not FIPS", hosttest.RHEL9().With(map[string]string{configFile: "DEFAULT:SHA1\n", stateFile: "DEFAULT:SHA1\n"}),
			"kernel yes genuine yes boot yes policy DEFAULT:SHA1 openssl yes fips yes fips.so yes container no",
			nil, []string{"crypto-policy=DEFAULT:SHA1"}},
		{"a policy that only begins like FIPS", hosttest.RHEL9().With(map[string]string{configFile: "FIPSY\n", stateFile: "FIPSY\n"}),
			"kernel yes genuine yes boot yes policy FIPSY openssl yes fips yes fips.so yes container no",
			nil, []string{"crypto-policy=FIPSY"}},
		{"a policy that was never applied", hosttest.RHEL9().Without(stateFile),
			"kernel yes genuine yes boot yes policy unknown openssl yes fips yes fips.so yes container no",
			[]string{"crypto-policies in force: no /etc/crypto-policies/state/current"}, nil},
		{"policies that differ, and the mounts unknown", hosttest.RHEL9().With(map[string]string{stateFile: "DEFAULT\n", mountsFile: "\n"}),
			"kernel yes genuine unknown boot yes policy unknown openssl yes fips yes fips.so yes container no",
			[]string{"mounts: /proc/self/mountinfo: not a list of mounts", "crypto-policies in force: /proc/self/mountinfo: not a list of mounts"}, nil},

		{"empty files", hosttest.RHEL9().With(map[string]string{flagFile: "", cmdlineFile: "", mountsFile: "", configFile: "", stateFile: "# nothing\n"}),
			"kernel unknown genuine unknown boot no policy unknown openssl yes fips yes fips.so yes container no",
			[]string{
				"kernel flag: /proc/sys/crypto/fips_enabled: neither 0 nor 1",
				"mounts: /proc/self/mountinfo: empty",
				"crypto-policies, config: /etc/crypto-policies/config: no policy",
				"crypto-policies in force: /etc/crypto-policies/state/current: no policy",
			}, nil},
		{"files that are no text", hosttest.RHEL9().With(map[string]string{flagFile: "1\x00", cmdlineFile: "fips=1 \xff", configFile: "\x7fELF\x02", stateFile: "FIPS\x00"}),
			"kernel unknown genuine yes boot unknown policy unknown openssl yes fips yes fips.so yes container no",
			[]string{
				"kernel flag: /proc/sys/crypto/fips_enabled: not text",
				"kernel command line: /proc/cmdline: not text",
				"crypto-policies, config: /etc/crypto-policies/config: no policy",
				"crypto-policies in force: /etc/crypto-policies/state/current: not text",
			}, nil},
		{"a huge file, a pipe and a folder", hosttest.RHEL9().Without(stateFile).
			With(map[string]string{cmdlineFile: strings.Repeat("x", maxFile+1), stateFile + "/a": ""}).Mode(configFile, "FIPS", fs.ModeNamedPipe),
			"kernel yes genuine yes boot unknown policy unknown openssl yes fips yes fips.so yes container no",
			[]string{
				"kernel command line: /proc/cmdline: too large",
				"crypto-policies, config: /etc/crypto-policies/config: not a regular file",
				"crypto-policies in force: /etc/crypto-policies/state/current: not a regular file",
			}, nil},
		{"a command line that kernels read in several ways", hosttest.RHEL9().With(map[string]string{cmdlineFile: "fips=yes"}),
			"kernel yes genuine yes boot unknown policy FIPS openssl yes fips yes fips.so yes container no",
			[]string{"kernel command line: /proc/cmdline: fips= is no number"}, nil},

		{"no openssl", hosttest.Plain().OpenSSL("", ""),
			"kernel no genuine yes boot no policy no openssl no fips no fips.so no container no", nil, []string{"kernel=off"}},
		{"the library alone", hosttest.RHEL9().OpenSSL("", ""),
			"kernel yes genuine yes boot yes policy FIPS openssl yes fips unknown fips.so yes container no",
			[]string{"OpenSSL: /usr/lib64/libcrypto.so.3 is there, and no program openssl to ask"}, nil},
		{"the library alone, of Debian", hosttest.Plain().OpenSSL("", "").With(map[string]string{"/usr/lib/aarch64-linux-gnu/libcrypto.so.3": ""}),
			"kernel no genuine yes boot no policy no openssl yes fips unknown fips.so no container no",
			[]string{"OpenSSL: /usr/lib/aarch64-linux-gnu/libcrypto.so.3 is there, and no program openssl to ask"}, []string{"kernel=off"}},
		{"openssl fails", hosttest.Plain().Failing(errors.New("openssl version: \x1b[31mlibcrypto.so.3: cannot open\nmore")),
			"kernel no genuine yes boot no policy no openssl yes fips unknown fips.so no container no",
			[]string{"OpenSSL: openssl version: openssl version: ?[31mlibcrypto.so.3: cannot open"}, []string{"kernel=off"}},
		{"an old OpenSSL", hosttest.Plain().OpenSSL("OpenSSL 1.1.1k  FIPS 25 Mar 2021\n", ""),
			"kernel no genuine yes boot no policy no openssl yes fips unknown fips.so no container no",
			[]string{"OpenSSL: no providers: OpenSSL 1.1.1k"}, []string{"kernel=off"}},
		{"LibreSSL", hosttest.Plain().OpenSSL("LibreSSL 3.9.2\n", ""),
			"kernel no genuine yes boot no policy no openssl yes fips unknown fips.so no container no",
			[]string{"OpenSSL: no providers: LibreSSL 3.9.2"}, []string{"kernel=off"}},
		{"no list", hosttest.Plain().OpenSSL(openssl3, "list: unknown option -providers\n"),
			"kernel no genuine yes boot no policy no openssl yes fips unknown fips.so no container no",
			[]string{"OpenSSL: openssl list -providers: not a list of providers"}, []string{"kernel=off"}},
		{"endless output", hosttest.Plain().OpenSSL(openssl3, strings.Repeat("Providers:\n", maxOutput)),
			"kernel no genuine yes boot no policy no openssl yes fips unknown fips.so no container no",
			[]string{"OpenSSL: openssl list -providers: too large"}, []string{"kernel=off"}},
		{"an inactive provider", hosttest.RHEL9().OpenSSL(openssl3, "Providers:\n  fips\n    name: OpenSSL FIPS Provider\n    status: inactive\n"),
			"kernel yes genuine yes boot yes policy FIPS openssl yes fips no fips.so yes container no",
			nil, []string{"openssl=no-fips-provider"}},
		{"fips.so where nobody said", hosttest.Plain().OpenSSL(openssl3, "Providers:\n").With(map[string]string{"/usr/lib/x86_64-linux-gnu/ossl-modules/fips.so": ""}),
			"kernel no genuine yes boot no policy no openssl yes fips no fips.so yes container no",
			nil, []string{"kernel=off", "openssl=no-fips-provider"}},

		{"a control group", hosttest.Plain().With(map[string]string{"/proc/1/cgroup": "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-2.scope\n"}),
			"kernel no genuine yes boot no policy no openssl yes fips no fips.so no container yes",
			nil, []string{"kernel=off", "openssl=no-fips-provider"}},
		{"a PID namespace", hosttest.Plain().Link("/proc/self/ns/pid", "pid:[4026532513]"),
			"kernel no genuine yes boot no policy no openssl yes fips no fips.so no container yes",
			nil, []string{"kernel=off", "openssl=no-fips-provider"}},
		{"no namespace", hosttest.Plain().Link("/proc/self/ns/pid", "elsewhere"),
			"kernel no genuine yes boot no policy no openssl yes fips no fips.so no container unknown",
			[]string{"container: /proc/self/ns/pid: not a namespace"}, []string{"kernel=off", "openssl=no-fips-provider"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := read(t, c.host)
			if got := summary(f); got != c.want {
				t.Errorf("got\n\t%s, want\n\t%s", got, c.want)
			}
			if got := f.Unknown(); !slices.Equal(got, c.unknown) {
				t.Errorf("unknown: got\n\t%q, want\n\t%q", got, c.unknown)
			}
			if got := f.Violations(); !slices.Equal(got, c.violations) {
				t.Errorf("violations: got\n\t%q, want\n\t%q", got, c.violations)
			}
		})
	}
}

// What cannot be reached is unknown, and not absent.
func TestReadForbidden(t *testing.T) {
	names := []string{flagFile, cmdlineFile, mountsFile, configFile, stateFile, "/etc/system-fips", "/proc/self/ns/pid",
		"/usr/lib64", "/usr/lib64/ossl-modules/fips.so"}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			h := hosttest.RHEL9().OpenSSL("", "")
			if name == "/usr/lib64/ossl-modules/fips.so" {
				h = hosttest.RHEL9()
			}
			f := Read(t.Context(), Options{Root: forbidding{h.Root(), []string{name}}, OS: "linux", Run: h.Run})
			if got := strings.Join(f.Unknown(), "\n"); !strings.Contains(got, "permission denied") {
				t.Errorf("%s", got)
			}
		})
	}
	h := hosttest.RHEL9().OpenSSL("", "").Without("/usr/lib64/libcrypto.so.3").With(map[string]string{"/usr/lib/arm-linux-gnueabihf/x": ""})
	f := Read(t.Context(), Options{Root: forbidding{h.Root(), []string{"/usr/lib/arm-linux-gnueabihf"}}, OS: "linux", Run: h.Run})
	if f.OpenSSL.Installed.Is != gobin.Unknown {
		t.Errorf("%+v", f.OpenSSL)
	}
}

// A file that opens and then fails is unknown.
func TestReadFails(t *testing.T) {
	h := hosttest.Plain()
	for name, fsys := range map[string]fs.FS{"open": opening{h.Root(), nil}, "read": opening{h.Root(), failing{}}} {
		f := Read(t.Context(), Options{Root: fsys, OS: "linux", Run: h.Run})
		if f.Kernel.Enabled != unknown(flagFile+": input/output error") {
			t.Errorf("%s: %+v", name, f.Kernel.Enabled)
		}
	}
}

// opening is a file system whose files are there, and cannot be opened or read.
type opening struct {
	files fs.StatFS
	file  fs.File
}

func (o opening) Stat(name string) (fs.FileInfo, error) { return o.files.Stat(name) }

func (o opening) Open(name string) (fs.File, error) {
	if o.file == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("input/output error")}
	}
	return o.file, nil
}

type failing struct{ fs.File }

func (failing) Read([]byte) (int, error) { return 0, errors.New("input/output error") }
func (failing) Close() error             { return nil }

func TestKernel(t *testing.T) {
	k := read(t, hosttest.RHEL9()).Kernel
	if k.Module() != "Red Hat Enterprise Linux 9 - Kernel Cryptographic API 5.14.0-427.el9.x86_64" || !k.BootDevice {
		t.Errorf("%+v", k)
	}
	k = read(t, hosttest.Plain().Without(nameFile, versionFile).With(map[string]string{"/etc/system-fips": ""})).Kernel
	if k.Module() != "" || k.BootDevice || k.SystemFIPS.Is != gobin.Yes {
		t.Errorf("%+v", k)
	}
}

func TestOpenSSL(t *testing.T) {
	h := hosttest.RHEL9().With(map[string]string{"/opt/fips.so": ""})
	s := read(t, h, "OPENSSL_MODULES=/opt").OpenSSL
	if s.Product != "OpenSSL" || s.Version != "3.0.7" || len(s.Providers) != 3 || s.Module != yes("/opt/fips.so") {
		t.Errorf("%+v", s)
	}
	if got, want := s.Providers[2].String(), "fips (Red Hat Enterprise Linux 9 - OpenSSL FIPS Provider) 3.0.7-395c1a240fbfffd8"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s = read(t, h, "OPENSSL_MODULES=../opt").OpenSSL // from where, depends on the program
	if s.Module != unknown("the folder of modules is relative") {
		t.Errorf("%+v", s.Module)
	}
	// The program is asked with the environment that is judged.
	Read(t.Context(), Options{Root: h.Root(), OS: "linux", Environ: []string{"A=b"}, Run: func(cmd *exec.Cmd) ([]byte, error) {
		if !slices.Equal(cmd.Env, []string{"A=b"}) {
			t.Errorf("%q: %q", cmd.Args, cmd.Env)
		}
		return h.Run(cmd)
	}})
}

func TestCryptoPoliciesApplied(t *testing.T) {
	for name, c := range map[string]struct {
		host hosttest.Host
		want bool
	}{
		"same":       {hosttest.RHEL9(), true},
		"none":       {hosttest.Plain(), true},
		"mounted":    {hosttest.Podman(), true},
		"subpolicy":  {hosttest.RHEL9().With(map[string]string{configFile: "FIPS:OSPP"}), false},
		"not in use": {hosttest.RHEL9().Without(configFile), true},
		"unknown":    {hosttest.RHEL9().Without(stateFile), true},
	} {
		if got := read(t, c.host).CryptoPolicies.Applied(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestContainer(t *testing.T) {
	c := read(t, hosttest.Podman(), "KUBERNETES_SERVICE_HOST=10.0.0.1", "container=podman").Container
	want := []string{"/run/.containerenv", "$KUBERNETES_SERVICE_HOST", "$container", "/proc/self/ns/pid"}
	if c.Is != gobin.Yes || !slices.Equal(c.Signs, want) {
		t.Errorf("%+v", c)
	}
	c = read(t, hosttest.Docker().With(map[string]string{"/run/systemd/container": "docker\n"}), "container=").Container
	want = []string{"/.dockerenv", "/run/systemd/container", "/proc/1/cgroup: docker", "/proc/self/ns/pid"}
	if c.Is != gobin.Yes || !slices.Equal(c.Signs, want) {
		t.Errorf("%+v", c)
	}
}

// A mode that holds for some calls is not known to be on, and not known to be off.
func TestConditional(t *testing.T) {
	f := read(t, hosttest.RHEL9(), "GODEBUG=fips140=on#y")
	if got := f.Unknown(); !slices.Equal(got, []string{"GODEBUG: fips140=on holds for some calls only"}) || f.Violations() != nil {
		t.Errorf("%q %q", got, f.Violations())
	}
}

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"\n a\tb\xff\x00 \nc":        "a?b??",
		strings.Repeat("x", 201):     strings.Repeat("x", 200) + "...",
		strings.Repeat("\u4e2d", 99): strings.Repeat("\u4e2d", 66) + "??...",
	} {
		if got := line(text); got != want {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

// Elsewhere than on Linux nothing but the environment is read, and that is no pass.
func TestNotLinux(t *testing.T) {
	f := Read(t.Context(), Options{OS: "darwin", Environ: []string{"GODEBUG=fips140=off"}})
	if f.Kernel != nil || f.OpenSSL != nil || f.Container != nil || f.CryptoPolicies != nil {
		t.Errorf("%+v", f)
	}
	if got := f.Unknown(); !slices.Equal(got, []string{"not Linux: darwin"}) {
		t.Errorf("%q", got)
	}
	if got := f.Violations(); !slices.Equal(got, []string{"godebug=off"}) {
		t.Errorf("%q", got)
	}
}

// The facts hold no value of the environment but those that are meant.
func TestNoSecrets(t *testing.T) {
	f := read(t, hosttest.RHEL9(), "GODEBUG=http2debug=hunter2,fips140=on", "OPENSSL_CONF=/home/hunter2/c", "GOLANG_FIPS=hunter2", "TOKEN=hunter2")
	data, err := json.Marshal(f)
	if err != nil || strings.Contains(string(data), "hunter2") {
		t.Errorf("%v %s", err, data)
	}
}

// execute runs a command.
func execute(cmd *exec.Cmd) ([]byte, error) { return cmd.Output() }

// The real program prints what is read here.
func TestRealOpenSSL(t *testing.T) {
	machine.Need(t, "openssl")
	s := readOpenSSL(t.Context(), root{os.DirFS("/")}, Options{Environ: []string{"OPENSSL_CONF=/dev/null"}, Run: execute})
	if s.Product != "OpenSSL" || !strings.HasPrefix(s.Version, "3.") || s.FIPS.Is != gobin.No || len(s.Providers) != 1 || s.Module.Is == gobin.Unknown {
		t.Fatalf("%+v", s)
	}
	if want := (Provider{"default", "OpenSSL Default Provider", s.Version, true}); s.Providers[0] != want {
		t.Errorf("%+v", s.Providers[0])
	}
}

// The configuration gives a provider its ID, and the provider itself its name: the
// legacy provider under the ID fips is none of validated cryptography.
func TestRealProvider(t *testing.T) {
	machine.Need(t, "openssl")
	out, err := exec.Command("openssl", "version", "-a").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, _, modules := ParseVersion(string(out))
	legacy, err := os.ReadFile(filepath.Join(modules, "legacy.so"))
	if err != nil {
		machine.Lacks(t, "legacy provider", err) // newer releases of Debian have it in a package of its own
	}
	dir := t.TempDir()
	write(t, dir, "fips.so", string(legacy))
	write(t, dir, "openssl.cnf", "openssl_conf = o\n[o]\nproviders = p\n[p]\ndefault = a\nfips = a\n[a]\nactivate = 1\n")
	o := Options{Environ: []string{"OPENSSL_CONF=" + filepath.Join(dir, "openssl.cnf"), "OPENSSL_MODULES=" + dir}, Run: execute}
	s := readOpenSSL(t.Context(), root{os.DirFS("/")}, o)
	if len(s.Providers) != 2 || s.FIPS.Is != gobin.No || s.Module != yes(filepath.Join(dir, "fips.so")) {
		t.Fatalf("%+v", s)
	}
	if want := (Provider{"fips", "OpenSSL Legacy Provider", s.Version, true}); s.Providers[1] != want {
		t.Errorf("%+v", s.Providers[1])
	}

	// One that cannot be loaded.
	if err := os.Remove(filepath.Join(dir, "fips.so")); err != nil {
		t.Fatal(err)
	}
	if s = readOpenSSL(t.Context(), root{os.DirFS("/")}, o); s.FIPS.Is == gobin.Yes || s.Module.Is != gobin.No {
		t.Errorf("%+v", s)
	}
}

// This machine can be read, whatever it is.
func TestRealHost(t *testing.T) {
	f := Read(t.Context(), Options{Root: os.DirFS("/"), OS: "linux", Environ: os.Environ(), Run: execute})
	t.Logf("%s\nunknown: %q", summary(f), f.Unknown())
}

// A pipe of the real file system is not opened: it would never end.
func TestRealPipe(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no named pipes in directories")
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "etc/crypto-policies"), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfifo", filepath.Join(dir, configFile)).CombinedOutput(); err != nil {
		t.Fatalf("no pipe: %v %s", err, out)
	}
	f := Read(t.Context(), Options{Root: os.DirFS(dir), OS: "linux", Run: hosttest.Plain().Run})
	if got := f.CryptoPolicies.Config.Answer; got != unknown(configFile+": not a regular file") {
		t.Errorf("%+v", got)
	}
}

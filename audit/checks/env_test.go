// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/internal/machine"
)

// An envSetup is what a test configures; all else is a plain machine.
type envSetup struct {
	user    string   // the user's file
	goroot  string   // $GOROOT/go.env; "" for the release's
	process []string // the process environment
	git     string   // git's global configuration
}

// config writes the setup to files and returns a run of checks on it.
func (s envSetup) config(t *testing.T, checks ...*audit.Check) audit.Config {
	t.Helper()
	dir := t.TempDir()
	write := func(name, data string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	goEnv := s.goroot
	if goEnv == "" {
		goEnv = releasedGoEnv(t)
	}
	return audit.Config{
		Target: &audit.Target{Dir: t.TempDir()},
		Checks: checks,
		Environ: append([]string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + quietHome(t), "GOCACHE=" + filepath.Join(dir, "cache"),
			"GOROOT=" + gorootCopy(t, goEnv), "GOENV=" + write("user.env", s.user),
			"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + write("gitconfig", s.git),
		}, s.process...),
	}
}

// realGoroot is the GOROOT that runs the tests.
var realGoroot = sync.OnceValue(func() string {
	out, err := gocmd.Run(exec.Command("go", "env", "GOROOT"))
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(out))
})

var toolchainLine = regexp.MustCompile(`(?m)^GOTOOLCHAIN=.*$`)

// releasedGoEnv returns the go.env of the release: that of the GOROOT that
// runs the tests, where at most GOTOOLCHAIN is edited.
func releasedGoEnv(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(realGoroot(), "go.env"))
	if err != nil {
		t.Fatal(err)
	}
	return toolchainLine.ReplaceAllString(string(data), "GOTOOLCHAIN=auto")
}

// gorootCopy makes a GOROOT of symbolic links to the real one, with a go.env
// of its own; without one for "-".
func gorootCopy(t *testing.T, goEnv string) string {
	t.Helper()
	goroot, dir := realGoroot(), t.TempDir()
	entries, err := os.ReadDir(goroot)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() == "go.env" {
			continue
		}
		if err := os.Symlink(filepath.Join(goroot, entry.Name()), filepath.Join(dir, entry.Name())); err != nil {
			machine.WindowsLacks(t, "symbolic links", err)
		}
	}
	if goEnv != "-" {
		if err := os.WriteFile(filepath.Join(dir, "go.env"), []byte(goEnv), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// findings lists the findings of a report: rule, subject.
func findings(rep *audit.Report) []string {
	var list []string
	for _, f := range rep.Findings {
		list = append(list, f.Rule+" "+f.Subject.Name)
	}
	slices.Sort(list)
	return list
}

const (
	publicSumDB   = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
	corpProxy     = "https://goproxy.corp.example"
	corpProxyOnly = "GOPROXY=" + corpProxy
)

// newKey makes a key for a checksum database of that name.
func newKey(name string) string {
	_, key, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		panic(err)
	}
	return key
}

// envTests has, for each setup, all findings. What they have in common is a
// plain machine, which has none.
var envTests = []struct {
	name  string
	setup envSetup
	want  []string
}{
	{"plain machine", envSetup{}, nil},
	{"ordinary company", envSetup{user: corpProxyOnly + "\nGOPRIVATE=corp.example,*.corp.example\nGONOPROXY=none\n"}, nil},
	{"harmless", envSetup{process: []string{"GOFLAGS=-buildvcs=false -trimpath", "GOTOOLCHAIN=local", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt", "GODEBUG=gctrace=1,tls10server=1,tls10server=0,tarinsecurepath=0,zipinsecurepath=0,x509usepolicies=0", "GOMAXPROCS=2", "GOSUMDB=sum.golang.google.cn"}},
		[]string{"env/goflags-buildvcs GOFLAGS -buildvcs", "env/gotoolchain-local GOTOOLCHAIN", "env/tls-roots-system SSL_CERT_FILE"}},

	{"sumdb off", envSetup{process: []string{"GOSUMDB=off"}}, []string{"env/sumdb-off GOSUMDB"}},
	{"known database by its key", envSetup{process: []string{"GOSUMDB=" + publicSumDB}}, nil},
	{"known database with another key", envSetup{process: []string{"GOSUMDB=" + newKey("sum.golang.org")}}, []string{"env/sumdb-key GOSUMDB"}},
	{"another database", envSetup{process: []string{"GOSUMDB=" + newKey("sumdb.corp.example") + " https://sumdb.corp.example/x"}}, []string{"env/sumdb-other GOSUMDB", "env/sumdb-url GOSUMDB"}},
	{"unknown database", envSetup{process: []string{"GOSUMDB=sumdb.corp.example"}}, []string{"env/sumdb-invalid GOSUMDB"}},
	{"GONOSUMCHECK", envSetup{process: []string{"GONOSUMCHECK=1"}}, []string{"env/gonosumcheck GONOSUMCHECK"}},
	{"modules off", envSetup{process: []string{"GO111MODULE=off"}}, []string{"env/modules-off GO111MODULE"}},
	{"modules auto", envSetup{process: []string{"GO111MODULE=auto"}}, nil},

	{"direct", envSetup{process: []string{"GOPROXY=direct"}}, []string{"env/proxy-direct GOPROXY"}},
	{"off", envSetup{process: []string{"GOPROXY=off"}}, []string{"env/proxy-off GOPROXY"}},
	{"invalid proxy", envSetup{process: []string{"GOPROXY=none"}}, []string{"env/proxy-invalid GOPROXY"}},
	{"proxy alone", envSetup{process: []string{corpProxyOnly}}, nil},
	{"proxy, off", envSetup{process: []string{corpProxyOnly + ",off"}}, nil},
	{"proxy, direct", envSetup{process: []string{corpProxyOnly + ",direct"}}, []string{"env/proxy-bypass GOPROXY " + corpProxy}},
	{"proxy | direct, dead", envSetup{process: []string{corpProxyOnly + "|direct,https://other.example"}}, []string{"env/proxy-dead GOPROXY https://other.example", "env/proxy-fallthrough GOPROXY " + corpProxy}},
	{"credentials, http", envSetup{process: []string{"GOPROXY=http://me:s3cr3t@goproxy.corp.example"}}, []string{"env/proxy-credentials GOPROXY http://xxxxx@goproxy.corp.example", "env/proxy-http GOPROXY http://xxxxx@goproxy.corp.example"}},
	{"loopback", envSetup{process: []string{"GOPROXY=http://localhost:3000,http://127.0.0.1:1"}}, nil},

	{"GOPRIVATE all", envSetup{process: []string{"GOPRIVATE=*"}}, []string{"env/noproxy-public GOPRIVATE *", "env/nosumdb-all GOPRIVATE *"}},
	{"GONOSUMDB all", envSetup{process: []string{"GONOSUMDB=*.*"}}, []string{"env/nosumdb-all GONOSUMDB *.*"}},
	{"GOPRIVATE all, overridden", envSetup{process: []string{"GOPRIVATE=*", "GONOSUMDB=corp.example", "GONOPROXY=corp.example", corpProxyOnly}}, []string{"env/nosumdb-narrower GONOSUMDB"}},
	{"GONOPROXY public", envSetup{process: []string{"GONOPROXY=github.com"}}, []string{"env/noproxy-public GONOPROXY github.com"}},
	{"overrides", envSetup{process: []string{"GOPRIVATE=corp.example", "GONOPROXY=other.example", "GONOSUMDB=another.example"}},
		[]string{"env/noproxy-narrower GONOPROXY", "env/noproxy-wider GONOPROXY", "env/nosumdb-narrower GONOSUMDB", "env/nosumdb-wider GONOSUMDB"}},
	{"patterns", envSetup{process: []string{"GOPRIVATE=[,a b,https://c.example,d.example:1,E.example,f.example/...,g@example,github.com,*.com,h.example*,*.i.example,j.example/"}}, []string{
		"env/pattern-apex GOPRIVATE *.i.example", "env/pattern-ellipsis GOPRIVATE f.example/...", "env/pattern-invalid GOPRIVATE g@example",
		"env/pattern-malformed GOPRIVATE [", "env/pattern-open GOPRIVATE h.example*", "env/pattern-port GOPRIVATE d.example:1",
		"env/pattern-public-host GOPRIVATE github.com", "env/pattern-scheme GOPRIVATE https://c.example", "env/pattern-space GOPRIVATE a b",
		"env/pattern-top-level GOPRIVATE *.com", "env/pattern-trailing-slash GOPRIVATE j.example/", "env/pattern-upper-case GOPRIVATE E.example",
	}},
	{"GOINSECURE", envSetup{process: []string{"GOINSECURE=*, corp.example"}}, []string{"env/goinsecure GOINSECURE", "env/pattern-space GOINSECURE  corp.example"}},

	{"flags", envSetup{process: []string{"GOFLAGS=-insecure -mod=vendor --mod=mod -modfile=x.mod -overlay=o.json -toolexec=t"}}, []string{
		"env/goflags-insecure GOFLAGS -insecure", "env/goflags-mod-mod GOFLAGS -mod", "env/goflags-modfile GOFLAGS -modfile",
		"env/goflags-overlay GOFLAGS -overlay", "env/goflags-toolexec GOFLAGS -toolexec",
	}},
	{"vendor", envSetup{process: []string{"GOFLAGS=-mod=vendor -overlay="}}, []string{"env/goflags-mod-vendor GOFLAGS -mod"}},
	{"invalid flags", envSetup{process: []string{"GOFLAGS=mod=mod"}}, []string{"env/goflags-invalid GOFLAGS"}},
	{"cgo", envSetup{user: "CGO_LDFLAGS_ALLOW=.*\n"}, []string{"env/cgo-allow CGO_LDFLAGS_ALLOW"}},
	{"GODEBUG", envSetup{process: []string{"GODEBUG=gctrace=1,tls10server=1#2,tlssha1=0,execerrdot=0"}}, []string{"env/godebug GODEBUG"}},

	{"GOVCS", envSetup{process: []string{"GOVCS=private:all,*:all"}}, []string{"env/govcs-open GOVCS *"}},
	{"GOVCS for private modules", envSetup{process: []string{"GOPRIVATE=corp.example", "GOVCS=corp.example/x:svn,public:git"}}, nil},
	{"invalid GOVCS", envSetup{process: []string{"GOVCS=git"}}, []string{"env/govcs-invalid GOVCS"}},
	{"programs", envSetup{process: []string{"GOAUTH=netrc;/opt/auth --x", "GOCACHEPROG=/opt/cache"}}, []string{"env/goauth-command GOAUTH", "env/gocacheprog GOCACHEPROG"}},
	{"GOAUTH of its own", envSetup{process: []string{"GOAUTH=git /home/me;netrc"}}, nil},
	{"toolchain from PATH", envSetup{process: []string{"GOTOOLCHAIN=path"}}, []string{"env/gotoolchain-path GOTOOLCHAIN"}},
	{"older toolchain", envSetup{user: "GOTOOLCHAIN=go1.21.0+auto\n"}, []string{"env/gotoolchain-older GOTOOLCHAIN"}},
	{"newer toolchain", envSetup{user: "GOTOOLCHAIN=go1.999.0\n"}, nil},

	{"shadowed", envSetup{user: "GOPRIVATE=corp.example\nGOFLAGS=-v\n", process: []string{"GOPRIVATE=other.example", "GOFLAGS="}}, []string{"env/empty-ineffective GOFLAGS", "env/shadowed GOPRIVATE"}},
	{"shadowed by the same", envSetup{user: "GOPRIVATE=corp.example\n", process: []string{"GOPRIVATE=corp.example"}}, nil},
	{"typos", envSetup{user: "GOPRVATE=corp.example\nFOO=1\nGODEBUG=x=1\nexport GOPROXY=off\nGOINSECURE=\"\"\n", process: []string{"GOPROXI=off"}}, []string{
		"env/process-typo GOPROXI", "env/user-ignored GOENV line 4", "env/user-ineffective GOENV GODEBUG",
		"env/goinsecure GOINSECURE", "env/pattern-invalid GOINSECURE \"\"",
		"env/user-literal GOENV GOINSECURE", "env/user-typo GOENV GOPRVATE", "env/user-unknown GOENV FOO",
	}},
	{"carriage return", envSetup{user: "GOPRIVATE=corp.example\r\n"}, []string{"env/pattern-space GOPRIVATE corp.example\r", "env/user-literal GOENV GOPRIVATE"}},
	{"unreadable", envSetup{process: []string{"GOENV=/"}}, []string{"env/user-unreadable GOENV"}},

	{"go.env edited", envSetup{goroot: "GOPROXY=" + corpProxy + "\nGOSUMDB=sum.golang.org\nGOTOOLCHAIN=local\n"},
		[]string{"env/goenv-edited $GOROOT/go.env GOPROXY", "env/goenv-toolchain $GOROOT/go.env GOTOOLCHAIN", "env/gotoolchain-local GOTOOLCHAIN"}},
	{"go.env missing", envSetup{goroot: "-"}, []string{"env/goenv-missing $GOROOT/go.env", "env/proxy-invalid GOPROXY", "env/sumdb-invalid GOSUMDB"}},

	{"roots", envSetup{process: []string{"SSL_CERT_FILE=/home/me/ca.pem", "SSL_CERT_DIR=/etc/ssl/certs:/srv/certs"}}, []string{"env/tls-roots SSL_CERT_DIR", "env/tls-roots SSL_CERT_FILE"}},
	{"network proxy", envSetup{process: []string{"https_proxy=http://u:s3cr3t@proxy.example:3128", "NO_PROXY=localhost"}}, []string{"env/http-proxy https_proxy", "env/http-proxy-credentials https_proxy"}},
	{"git environment", envSetup{process: []string{"GIT_SSL_NO_VERIFY=", "GIT_ALLOW_PROTOCOL=https:http:ext", "GIT_SSH_COMMAND=ssh -o StrictHostKeyChecking=no"}},
		[]string{"env/git-allow-protocol GIT_ALLOW_PROTOCOL", "env/git-ssh-unchecked GIT_SSH_COMMAND", "env/git-ssl-no-verify GIT_SSL_NO_VERIFY"}},
	{"git configuration", envSetup{git: `
[url "git@git.example:"]
	insteadOf = https://git.example/
[url "http://mirror.example/"]
	insteadOf = https://git.example/a
[url "https://mirror.example/"]
	insteadOf = https://git.example/b
[url "https://s3cr3t@git.example/"]
	insteadOf = https://git.example/c
[url "https://git.example/"]
	insteadOf = gh:
[http]
	sslVerify = false
	sslVerify = true
[http "https://git.example"]
	sslVerify = no
	proxy = http://u:s3cr3t@proxy.example
[protocol "ext"]
	allow = always
[core]
	sshCommand = ssh -o UserKnownHostsFile=/dev/null
`}, []string{
		"env/git-config-ssh-unchecked git core.sshcommand", "env/git-credentials git http.https://git.example.proxy",
		"env/git-credentials git url.https://xxxxx@git.example/.insteadof", "env/git-insteadof git url.https://mirror.example/.insteadof",
		"env/git-insteadof-insecure git url.http://mirror.example/.insteadof", "env/git-protocol git protocol.ext.allow",
		"env/git-sslverify git http.https://git.example.sslverify",
	}},
}

func TestEnv(t *testing.T) {
	for _, test := range envTests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.setup.git != "" {
				machine.Need(t, "git")
			}
			rep := runCheck(t, test.setup.config(t, Env))
			slices.Sort(test.want)
			if d := cmp.Diff(test.want, findings(rep)); d != "" {
				t.Error(d)
			}
			if data := fmt.Sprint(rep.Findings, string(rep.Facts["env"])); strings.Contains(data, "s3cr3t") {
				t.Error("a secret is shown")
			}
			if rep.Checks[0].Outcome == audit.Errored || rep.Checks[0].Outcome == audit.Unassessed {
				t.Errorf("%+v", rep.Checks[0])
			}
		})
	}
}

// A comment that somebody added to go.env changes no setting.
func TestEnvGoEnvComment(t *testing.T) {
	rep := runCheck(t, envSetup{goroot: releasedGoEnv(t) + "# edited\n"}.config(t, Env))
	if d := cmp.Diff([]string{"env/goenv-comment $GOROOT/go.env"}, findings(rep)); d != "" {
		t.Error(d)
	}
}

// The arguments say where a value is set and how to take it back.
func TestEnvArgs(t *testing.T) {
	for _, test := range []struct {
		setup       envSetup
		source, fix string
	}{
		{envSetup{process: []string{"GOSUMDB=off"}}, "process", "unset GOSUMDB"},
		{envSetup{user: "\nGOSUMDB=off\n"}, "GOENV:2", "go env -u GOSUMDB"},
		{envSetup{user: "GOSUMDB=off\n", process: []string{"GOSUMDB=off"}}, "process", "unset GOSUMDB; go env -u GOSUMDB"},
		{envSetup{goroot: "GOSUMDB=off\n"}, "$GOROOT/go.env:1", `$EDITOR +1 "$(go env GOROOT)/go.env"`},
	} {
		rep := runCheck(t, test.setup.config(t, Env))
		i := slices.IndexFunc(rep.Findings, func(f audit.Finding) bool { return f.Rule == "env/sumdb-off" })
		if i < 0 {
			t.Fatalf("%+v: not found", test.setup)
		}
		f := rep.Findings[i]
		if f.Severity != audit.Critical || f.Args["source"] != test.source || f.Args["fix"] != test.fix {
			t.Errorf("%+v: %s %v", test.setup, f.Severity, f.Args)
		}
	}
}

// The facts name the source of each value.
func TestEnvFacts(t *testing.T) {
	cfg := envSetup{
		goroot:  "GOPROXY=https://goroot.example\nGOSUMDB=sum.golang.org\nGOTOOLCHAIN=auto\n",
		user:    "GOPROXY=https://user.example\nGOPRIVATE=corp.example\n",
		process: []string{"GOPROXY=https://u:s3cr3t@process.example|direct"},
	}.config(t, Env)
	type variable struct {
		Name, Value, Source, Via string
		Line                     int
		Shadows                  []struct{ Value, Source string }
	}
	facts := factsOf[struct {
		Variables []variable
		Chain     struct {
			Entries []struct{ URL, Kind, Fallback string }
		}
		GorootFile struct{ Release string } `json:"goroot_file"`
	}](t, runCheck(t, cfg), Env)
	var got []string
	for _, v := range facts.Variables {
		if slices.Contains([]string{"GOPROXY", "GOSUMDB", "GONOSUMDB", "GOAUTH"}, v.Name) {
			got = append(got, fmt.Sprintf("%+v", v))
		}
	}
	want := []string{
		"{Name:GOAUTH Value:netrc Source:builtin Via: Line:0 Shadows:[]}",
		"{Name:GONOSUMDB Value:corp.example Source:user Via:GOPRIVATE Line:2 Shadows:[]}",
		"{Name:GOPROXY Value:https://xxxxx@process.example|direct Source:process Via: Line:0 Shadows:[{Value:https://user.example Source:user} {Value:https://goroot.example Source:goroot}]}",
		"{Name:GOSUMDB Value:sum.golang.org Source:goroot Via: Line:2 Shadows:[]}",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got, want := fmt.Sprint(facts.Chain.Entries), "[{https://xxxxx@process.example proxy any} {direct direct }]"; got != want {
		t.Errorf("chain %s, want %s", got, want)
	}
	if facts.GorootFile.Release != "edited" {
		t.Errorf("go.env: %s", facts.GorootFile.Release)
	}
}

// What cannot be known is not assessed, and what failed says why.
func TestEnvUnknown(t *testing.T) {
	failing := func(program string, err error) func(*exec.Cmd) ([]byte, error) {
		return func(cmd *exec.Cmd) ([]byte, error) {
			if cmd.Args[0] == program {
				return nil, err
			}
			return gocmd.Run(cmd)
		}
	}
	for _, test := range []struct {
		program string
		err     error
		outcome audit.Outcome
		reason  string
		facts   bool
	}{
		{"go", &gocmd.Error{Args: []string{"go"}, Err: exec.ErrNotFound}, audit.Unassessed, "engine/no-go", false},
		{"go", &gocmd.Error{Args: []string{"go"}, Stderr: "go: broken", Err: errors.New("exit status 1")}, audit.Errored, "", false},
		{"git", &gocmd.Error{Args: []string{"git"}, Err: exec.ErrNotFound}, audit.Passed, "", true},
		{"git", &gocmd.Error{Args: []string{"git"}, Stderr: "error: unknown option", Err: errors.New("exit status 129")}, audit.Unassessed, "env/git-unknown", true},
	} {
		cfg := envSetup{}.config(t, Env)
		cfg.Exec = failing(test.program, test.err)
		rep := runCheck(t, cfg)
		c := rep.Checks[0]
		if c.Outcome != test.outcome || c.ReasonID != test.reason || (rep.Facts["env"] != nil) != test.facts {
			t.Errorf("%s: %v: %+v, facts %s", test.program, test.err, c, rep.Facts["env"])
		}
		if test.outcome == audit.Errored && !strings.Contains(c.Reason, "go: broken") {
			t.Errorf("the message of the go command is lost: %s", c.Reason)
		}
	}
}

// The user's file is a location only where it lies in the target.
func TestEnvLocation(t *testing.T) {
	cfg := envSetup{}.config(t, Env)
	if err := os.WriteFile(filepath.Join(cfg.Target.Dir, "ci.env"), []byte("\nGOPRVATE=x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Environ = append(cfg.Environ, "GOENV="+filepath.Join(cfg.Target.Dir, "ci.env"))
	rep := runCheck(t, cfg)
	if len(rep.Findings) != 1 || rep.Findings[0].Location.String() != "ci.env:2" {
		t.Errorf("%+v", rep.Findings)
	}
}

// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/report"
)

// options are the flags that every verb that judges shares.
type options struct {
	dir      string
	policy   string
	formats  []string
	failOn   string
	offline  bool
	evidence string
	quiet    bool
	verbose  bool

	environment bool // show the go command's configuration in text
	endpoints   bool // show what endpoints take in text

	inventories []string // files to write certificates and keys into

	settings map[string]string
	recorded map[string][]byte
	date     *time.Time // of SOURCE_DATE_EPOCH; nil where that is not set
}

func (inv *invocation) addFlags(cmd *cobra.Command, o *options) {
	f := cmd.Flags()
	f.StringVarP(&o.dir, "directory", "C", ".", inv.say(text{"directory of the module", "模块所在目录"}))
	f.StringVar(&o.policy, "policy", "", inv.say(text{"policy file (default: assay.yaml in the directory, if there)", "策略文件（默认使用目录下的 assay.yaml，如果存在）"}))
	f.StringArrayVar(&o.formats, "format", nil, inv.say(text{"report format: text, json, sarif, markdown; repeatable, with =FILE into a file", "报告格式：text、json、sarif、markdown；可多次指定，加 =文件名 则写入文件"}))
	f.StringVar(&o.failOn, "fail-on", "", inv.say(text{"lowest severity that fails: critical, high, medium, low, info", "判定为不通过的最低严重级别：critical、high、medium、low、info"}))
	f.BoolVar(&o.offline, "offline", false, inv.say(text{"reach no other host; what then cannot be determined is not assessed", "不访问任何其他主机；因此无法确定的内容记为未评估"}))
	f.StringVar(&o.evidence, "evidence", "", inv.say(text{"keep report and evidence in this folder", "将报告和证据保存到此目录"}))
	f.BoolVarP(&o.quiet, "quiet", "q", false, inv.say(text{"show the verdict and what decides it, nothing else", "只显示结论及其依据"}))
	f.BoolVarP(&o.verbose, "verbose", "v", false, inv.say(text{"show every subject and why each rule matters", "显示全部对象以及每条规则的原因"}))
}

// judge runs checks on a target and writes the report.
func (inv *invocation) judge(ctx context.Context, o *options, target *audit.Target, name audit.TargetRef, list []*audit.Check) error {
	outs, err := o.outputs()
	if err != nil {
		return err
	}
	cfg, err := inv.config(o, target, name)
	if err != nil {
		return err
	}
	if err := o.checkInventories(); err != nil {
		return err
	}
	cfg.Checks = list
	rep, err := inv.run(ctx, o, cfg, nil)
	if err != nil {
		return err
	}
	if err := inv.write(rep, outs, o); err != nil {
		return err
	}
	if err := o.writeInventories(rep); err != nil {
		return err
	}
	inv.finish(ctx, rep)
	return nil
}

// config prepares a run of the engine.
func (inv *invocation) config(o *options, target *audit.Target, name audit.TargetRef) (audit.Config, error) {
	if o.quiet && o.verbose {
		return audit.Config{}, usagef("", "--quiet and --verbose exclude each other")
	}
	var err error
	if o.date, err = sourceDate(inv.getenv("SOURCE_DATE_EPOCH")); err != nil {
		return audit.Config{}, err
	}
	policy, err := o.readPolicy(target)
	if err != nil {
		return audit.Config{}, err
	}
	return audit.Config{
		Tool:      audit.Tool{Name: "assay", Version: version(), Go: goVersion()},
		Target:    target,
		Name:      name,
		Catalogue: checks.Catalogue(),
		Policy:    policy,
		Lang:      inv.lang,
		Offline:   o.offline,
		Environ:   inv.environ,
		Exec:      gocmd.Run,
		Redact:    redact.Text,
		Network:   audit.NetworkAccess{HTTP: transport()},
		CacheDir:  inv.cacheDir(),
		Settings:  o.settings,
		Recorded:  o.recorded,
		Now:       time.Now,
	}, nil
}

// run runs the engine with progress on a terminal, and keeps the evidence: in
// the folder that --evidence names, and in kept, if the caller wants it.
func (inv *invocation) run(ctx context.Context, o *options, cfg audit.Config, kept *memory) (*audit.Report, error) {
	var dir *audit.EvidenceDir
	var stores stores
	if o.evidence != "" {
		var err error
		if dir, err = audit.CreateEvidenceDir(o.evidence); err != nil {
			return nil, usagef("name a folder that does not exist yet", "%s", err)
		}
		stores = append(stores, dir)
	}
	if kept != nil {
		stores = append(stores, kept)
	}
	if len(stores) > 0 {
		cfg.Evidence = stores
	}
	if isTerminal(inv.stderr) && !o.quiet {
		progress := report.NewProgress(inv.stderr, inv.environ, inv.lang, cfg.Checks)
		cfg.Events = progress.Event
		defer progress.Close()
	}
	rep, err := audit.Run(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if o.date != nil {
		stamp(rep, *o.date)
	}
	if dir != nil {
		var buf bytes.Buffer
		if err := report.Write(&buf, report.JSON, rep, report.Options{}); err != nil {
			return nil, err
		}
		if err := dir.WriteReport(buf.Bytes()); err != nil {
			return nil, err
		}
	}
	return rep, nil
}

// stores puts evidence into each of several stores.
type stores []audit.EvidenceStore

func (s stores) Put(digest string, data []byte) error {
	for _, store := range s {
		if err := store.Put(digest, data); err != nil {
			return err
		}
	}
	return nil
}

// finish settles the exit code.
func (inv *invocation) finish(ctx context.Context, rep *audit.Report) {
	inv.code = rep.Verdict.ExitCode()
	if ctx.Err() != nil {
		inv.code = audit.ExitInterrupted
	}
}

// sourceDate reads the time that SOURCE_DATE_EPOCH gives, in seconds
// (reproducible-builds.org), or nil for none.
func sourceDate(epoch string) (*time.Time, error) {
	if epoch == "" {
		return nil, nil
	}
	seconds, err := strconv.ParseUint(epoch, 10, 32)
	if err != nil {
		return nil, usagef("", "SOURCE_DATE_EPOCH is not a number of seconds: %q", epoch)
	}
	date := time.Unix(int64(seconds), 0).UTC()
	return &date, nil
}

// stamp makes the report's times that of SOURCE_DATE_EPOCH.
func stamp(rep *audit.Report, date time.Time) {
	rep.Started, rep.Finished = date, date
	for i := range rep.Checks {
		rep.Checks[i].Seconds = 0
	}
}

// width returns the columns of the terminal, 80 where there is none, and at
// most 120: longer lines are hard to read.
func (inv *invocation) width() int {
	if f, ok := inv.stdout.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return min(w, 120)
		}
	}
	return 80
}

func isTTY(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// transport returns a way to other hosts that is ready for hundreds of small
// requests to one of them.
func transport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns = 256
	t.MaxIdleConnsPerHost = 128
	t.ResponseHeaderTimeout = 30 * time.Second
	t.MaxResponseHeaderBytes = 64 << 10 // a hundred at once; the default is 10 MiB
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	return t
}

// cacheDir returns where verified answers are kept: $ASSAY_CACHE, else a folder
// in the user's cache. "off", or no home, means nowhere.
func (inv *invocation) cacheDir() string {
	dir := inv.getenv("ASSAY_CACHE")
	if dir == "off" {
		return ""
	}
	if dir != "" {
		return dir
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(base, "assay")
}

// readPolicy reads the policy that was named, or assay.yaml in the target's
// directory if there is one.
func (o *options) readPolicy(target *audit.Target) (*audit.Policy, error) {
	name := o.policy
	if name == "" {
		name = filepath.Join(target.Dir, "assay.yaml")
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return o.override(audit.DefaultPolicy())
		}
		if err == nil && !info.Mode().IsRegular() {
			return nil, usagef("", "%s: not a regular file", shown(name)) // a pipe may never end, and nobody named it
		}
	}
	p, err := loadPolicy(name)
	if err != nil {
		return nil, err
	}
	return o.override(p)
}

// loadPolicy reads a policy file.
func loadPolicy(name string) (*audit.Policy, error) {
	data, err := readBounded(name, audit.MaxPolicySize)
	if err != nil {
		return nil, fileError(err)
	}
	return audit.ParsePolicy(shown(name), data, checks.Catalogue().Rules)
}

func (o *options) override(p *audit.Policy) (*audit.Policy, error) {
	if o.failOn != "" {
		p.FailOn = audit.Severity(o.failOn)
		if !p.FailOn.Valid() {
			return nil, unknownWord("severity", o.failOn, audit.Severities())
		}
	}
	return p, nil
}

// shown gives a path as a report may show it: relative where it is below the
// working directory.
func shown(name string) string {
	wd, err := os.Getwd()
	if err != nil || !filepath.IsAbs(name) {
		return filepath.ToSlash(name)
	}
	if rel, err := filepath.Rel(wd, name); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.Base(name)
}

// readBounded reads a file of at most limit bytes and one more.
func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit+1))
}

// version returns the version of this program.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// goVersion returns the toolchain that built this program.
func goVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.GoVersion
	}
	return "unknown"
}

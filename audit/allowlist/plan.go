// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/audit/redact"
)

// toolchainModule is the module as which toolchains are downloaded
// (cmd/go/internal/toolchain).
const toolchainModule = "golang.org/toolchain"

// plan finds the services and their URLs.
func (m *measurer) plan(ctx context.Context) {
	for i, e := range m.Chain.Live() {
		switch e.Kind {
		case modproxy.Proxy:
			m.moduleProxy(e.BaseURL())
		case modproxy.Direct:
			if i > 0 {
				m.remark(RemarkDirectFallback, "")
			}
		case modproxy.Off:
			m.remark(RemarkOff, "")
		}
	}
	m.directModules()
	m.sumdb(ctx)
	if !m.Toolchain {
		m.remark(RemarkNoToolchain, "")
	}
}

// moduleProxy adds what is asked of a proxy. The go command also asks for each
// prefix of a path that may be a module, so a list of modules is never all.
func (m *measurer) moduleProxy(base *url.URL) {
	if base.Scheme == "file" {
		m.remark(RemarkFileProxy, base.String())
		return
	}
	s, r, ok := m.service(base, ModuleProxy, Configured)
	if !ok {
		m.remark(RemarkUnusable, base.String())
		return
	}
	if base.User != nil {
		m.remark(RemarkCredentials, s.Endpoint())
	}
	for _, t := range []struct {
		elem string
		use  Use
	}{
		{"@v/list", UseList}, {"@latest", UseLatest},
		{"@v/{version}.info", UseInfo}, {"@v/{version}.mod", UseGoMod}, {"@v/{version}.zip", UseZip},
	} {
		s.URLs = append(s.URLs, URL{URL: r.proxy("{module}/" + t.elem), Match: Template, Use: t.use})
	}
	if m.Toolchain && modproxy.MatchPattern(m.NoProxy, toolchainModule) == "" {
		m.service(base, Toolchains, Configured)
		s.URLs = append(s.URLs, URL{URL: r.proxy(toolchainModule + "/@v/{version}.zip"), Match: Template, Use: UseToolchain})
	}
	if m.Expand {
		m.expand(s, r)
	}
}

// expand adds the exact URLs of the modules that come through a proxy.
func (m *measurer) expand(s *Service, r requester) {
	for _, mod := range m.Modules {
		if modproxy.MatchPattern(m.NoProxy, mod.Path) != "" {
			continue
		}
		add := func(u string, err error, use Use) {
			if err == nil { // a path that cannot be escaped cannot be requested
				s.URLs = append(s.URLs, URL{URL: u, Match: Exact, Use: use})
			}
		}
		u, err := r.module(mod.Path, "@v/list")
		add(u, err, UseList)
		u, err = r.module(mod.Path, "@latest")
		add(u, err, UseLatest)
		u, err = r.version(mod.Path, mod.Version, ".info")
		add(u, err, UseInfo)
		u, err = r.version(mod.Path, mod.Version, ".mod")
		add(u, err, UseGoMod)
		if mod.Zip {
			u, err = r.version(mod.Path, mod.Version, ".zip")
			add(u, err, UseZip)
		}
	}
}

// directModules adds the hosts of modules that come from version control
// before any proxy is asked. Their paths tell the host; where the repository
// is, the answer of that host tells, so it is inferred to be the same.
func (m *measurer) directModules() {
	paths := []string{}
	for _, mod := range m.Modules {
		paths = append(paths, mod.Path)
	}
	if m.Toolchain {
		paths = append(paths, toolchainModule)
	}
	slices.Sort(paths)
	found := false
	for _, p := range slices.Compact(paths) {
		if m.Chain.Route(p, m.NoProxy).Direct() {
			m.directModule(p)
			found = found || p != toolchainModule
		}
	}
	if found {
		m.remark(RemarkDirect, "")
	}
	if live := m.Chain.Live(); len(live) > 0 && live[0].Kind == modproxy.Direct && len(m.Modules) == 0 {
		m.remark(RemarkNoModules, "")
	}
}

func (m *measurer) directModule(modulePath string) {
	host, rest, _ := strings.Cut(modulePath, "/")
	if !strings.Contains(host, ".") {
		return // the go command has no host to ask: cmd/go/internal/vcs.urlForImportPath
	}
	role := VersionCtrl
	if modulePath == toolchainModule {
		role = Toolchains
	}
	s, r, ok := m.service(&url.URL{Scheme: "https", Host: host}, role, Inferred)
	if !ok {
		return
	}
	repository := repositoryPath(host, rest)
	if repository == "" {
		// Discovery asks for the module path, then for the prefix of it that
		// the answer names (vcs.repoRootForImportDynamic).
		for p := rest; p != ""; {
			s.URLs = append(s.URLs, URL{URL: r.wire(&url.URL{Path: "/" + p}), Match: Exact, Use: UseDiscovery})
			i := strings.LastIndexByte(p, '/')
			p = p[:max(i, 0)]
		}
		m.remark(RemarkDirectRepository, s.Endpoint())
		if role == Toolchains {
			return // discovery leads to a module proxy on another host
		}
		repository = "{repository}"
	}
	match := Exact
	if repository == "{repository}" {
		match = Template
	}
	s.URLs = append(s.URLs,
		URL{URL: r.root + "/" + repository + "/info/refs", Match: match, Use: UseRepository},
		URL{URL: r.root + "/" + repository + "/git-upload-pack", Match: match, Use: UseUploadPack})
}

// repositoryPath returns the path of the repository that the go command knows
// without asking, or "": the table vcsPaths of cmd/go/internal/vcs, git only.
func repositoryPath(host, rest string) string {
	elems := strings.Split(rest, "/")
	switch {
	case (host == "github.com" || host == "bitbucket.org") && len(elems) >= 2:
		return elems[0] + "/" + elems[1]
	}
	for i, e := range elems {
		if name, ok := strings.CutSuffix(e, ".git"); ok && name != "" {
			return strings.Join(elems[:i+1], "/")
		}
	}
	return ""
}

// sumdb adds the way to the checksum database.
func (m *measurer) sumdb(ctx context.Context) {
	switch {
	case m.SumDB == nil, m.noneVerified():
		m.remark(RemarkSumDBOff, "")
	case m.SumDB.URL != "":
		m.database(m.SumDB.URL, "")
	default:
		m.findSumDB(ctx)
	}
}

// noneVerified reports whether GONOSUMDB keeps all modules from the database.
// It has no say in the download of toolchains (useSumDB in
// cmd/go/internal/modfetch/fetch.go).
func (m *measurer) noneVerified() bool {
	return !m.Toolchain && slices.Contains(strings.Split(m.NoSumDB, ","), "*")
}

// findSumDB asks the proxies, as the go command does, which of them passes the
// database on. One that gave no answer may do so at another time: then the
// way is unknown.
func (m *measurer) findSumDB(ctx context.Context) {
	directURL := "https://" + m.SumDB.Name
	rt := m.HTTP
	if m.Offline {
		rt = offline{}
	}
	_, attempts, err := modproxy.FindSumDB(ctx, rt, m.Chain, m.SumDB.Name, directURL)
	for _, a := range attempts {
		switch a.Kind {
		case modproxy.Direct:
			m.database(directURL, "")
		case modproxy.Proxy:
			base := m.Chain.Entries[a.Entry].BaseURL()
			elem := "sumdb/" + m.SumDB.Name
			if s, r, ok := m.service(base, ChecksumDB, Configured); ok {
				s.URLs = append(s.URLs, URL{URL: r.database(elem, "supported"), Match: Exact, Use: UseSupported})
			}
			switch a.Outcome {
			case modproxy.Supported:
				m.database(base.String(), elem)
			case modproxy.Failed:
				m.remark(RemarkSumDBUnknown, a.Error)
				return
			}
		}
	}
	if err != nil {
		m.remark(RemarkSumDBUnknown, err.Error())
	}
}

// database adds what is asked of a checksum database at elem below base.
func (m *measurer) database(base, elem string) {
	u, err := url.Parse(base)
	if err != nil {
		m.remark(RemarkSumDBUnknown, "malformed URL")
		return
	}
	if u.Scheme == "file" {
		m.remark(RemarkFileProxy, base)
		return
	}
	s, r, ok := m.service(u, ChecksumDB, Configured)
	if !ok {
		m.remark(RemarkSumDBUnknown, "not a URL of a web server: "+redact.URL(base))
		return
	}
	s.URLs = append(s.URLs,
		URL{URL: r.database(elem, "lookup/{module}@{version}"), Match: Template, Use: UseLookup},
		URL{URL: r.database(elem, "tile/8/{level}/{index}"), Match: Template, Use: UseTile},
		URL{URL: r.database(elem, "latest"), Match: Exact, Use: UseTreeHead, Optional: true})
	if !m.Expand {
		return
	}
	for _, mod := range m.Modules {
		if modproxy.MatchPattern(m.NoSumDB, mod.Path) != "" {
			continue
		}
		if u, err := r.lookup(elem, mod.Path, mod.Version); err == nil {
			s.URLs = append(s.URLs, URL{URL: u, Match: Exact, Use: UseLookup})
		}
	}
}

// offline answers no request.
type offline struct{}

var errOffline = errors.New("offline")

func (offline) RoundTrip(*http.Request) (*http.Response, error) { return nil, errOffline }

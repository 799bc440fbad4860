// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/internal/lazyregexp"
)

// systemRoots are the places where crypto/x509 looks for certificates anyway
// (root_linux.go, root_bsd.go).
var systemRoots = []string{
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem", "/usr/local/etc/ssl/cert.pem",
	"/etc/openssl/certs/ca-certificates.crt", "/usr/local/share/certs/ca-root-nss.crt",
	"/etc/ssl/certs", "/etc/pki/tls/certs", "/usr/local/share/certs", "/etc/openssl/certs", "/system/etc/security/cacerts",
}

// roots judges SSL_CERT_FILE and SSL_CERT_DIR.
func (j envJudge) roots() {
	for _, a := range j.facts.Ambient {
		if a.Name != "SSL_CERT_FILE" && a.Name != "SSL_CERT_DIR" || a.Value.Raw() == "" {
			continue
		}
		rule := "env/tls-roots-system"
		for _, file := range filepath.SplitList(a.Value.Raw()) {
			if !slices.Contains(systemRoots, filepath.Clean(file)) {
				rule = "env/tls-roots"
			}
		}
		j.ambient(rule, a, nil)
	}
}

// httpProxies judges HTTPS_PROXY and its like.
func (j envJudge) httpProxies() {
	for _, a := range j.facts.Ambient {
		name := strings.ToUpper(a.Name)
		if name != "HTTP_PROXY" && name != "HTTPS_PROXY" && name != "ALL_PROXY" || a.Value.Raw() == "" {
			continue
		}
		j.ambient("env/http-proxy", a, nil)
		if a.Value.Raw() != a.Value.String() {
			j.ambient("env/http-proxy-credentials", a, nil)
		}
	}
}

// gitVariables judges what the environment tells git.
func (j envJudge) gitVariables() {
	for _, a := range j.facts.Ambient {
		value := a.Value.Raw()
		switch a.Name {
		case "GIT_SSL_NO_VERIFY": // git asks only whether it is set
			j.ambient("env/git-ssl-no-verify", a, nil)
		case "GIT_ALLOW_PROTOCOL":
			if bad := slices.DeleteFunc(strings.Split(value, ":"), secureScheme); len(bad) > 0 {
				j.ambient("env/git-allow-protocol", a, audit.Args{"schemes": bad})
			}
		case "GIT_SSH_COMMAND", "GIT_SSH":
			if uncheckedSSH().MatchString(value) {
				j.ambient("env/git-ssh-unchecked", a, nil)
			}
		}
	}
}

// secureScheme reports whether the go command takes git over a scheme for
// secure by default (vcs.defaultSecureScheme), or it is none.
func secureScheme(scheme string) bool {
	return slices.Contains([]string{"", "https", "git+ssh", "ssh", "file"}, scheme)
}

var uncheckedSSH = lazyregexp.New(`(?i)StrictHostKeyChecking[= ]*(?:no|off)\b|UserKnownHostsFile[= ]*/dev/null`)

// gitConfig judges git's configuration. Of two settings of one key the last
// counts, other than for insteadOf.
func (j envJudge) gitConfig() {
	effective := map[string]goenv.GitSetting{}
	for _, s := range j.facts.Git.Settings {
		if _, _, name := goenv.SplitGitKey(s.Key.Raw()); name == "insteadof" {
			j.insteadOf(s)
		} else {
			effective[s.Key.Raw()] = s
		}
	}
	for _, s := range effective {
		_, subsection, name := goenv.SplitGitKey(s.Key.Raw())
		switch value := strings.ToLower(s.Value.Raw()); {
		case name == "sslverify" && slices.Contains([]string{"false", "no", "off", "0", ""}, value):
			j.git("env/git-sslverify", s, nil)
		case name == "sshcommand" && uncheckedSSH().MatchString(value):
			j.git("env/git-config-ssh-unchecked", s, nil)
		case name == "allow" && value == "always" && !secureScheme(subsection):
			j.git("env/git-protocol", s, nil)
		}
		if name == "proxy" && s.Value.Raw() != s.Value.String() {
			j.git("env/git-credentials", s, nil)
		}
	}
}

// insteadOf judges a rewriting of URLs: those that start with the value start
// with the subsection of the key instead.
func (j envJudge) insteadOf(s goenv.GitSetting) {
	_, to, _ := goenv.SplitGitKey(s.Key.Raw())
	from := s.Value.Raw()
	args := audit.Args{"from": redact.URL(from), "to": redact.URL(to)}
	u, err := url.Parse(to)
	switch {
	case err == nil && slices.Contains([]string{"http", "git", "ftp", "ftps", "ext"}, u.Scheme):
		j.git("env/git-insteadof-insecure", s, args)
	case strings.ContainsAny(from, "/@") && gitHost(to) != gitHost(from): // not a short form such as gh:
		j.git("env/git-insteadof", s, args)
	}
	if err == nil && u.User != nil {
		if _, password := u.User.Password(); password || u.Scheme != "ssh" && u.Scheme != "git+ssh" {
			j.git("env/git-credentials", s, nil)
		}
	}
}

// gitHost returns the host of a URL, or of git's short form user@host:path.
func gitHost(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return strings.ToLower(u.Hostname())
	}
	host, _, _ := strings.Cut(address, ":")
	return strings.ToLower(host[strings.LastIndexByte(host, '@')+1:])
}

// git reports that a setting of git violates a rule.
func (j envJudge) git(rule string, s goenv.GitSetting, args audit.Args) {
	all := audit.Args{"key": s.Key.String(), "value": s.Value.String(), "scope": s.Scope, "fix": gitFix(s)}
	for name, value := range args {
		all[name] = value
	}
	j.p.Report(audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "environment", Name: "git " + s.Key.String()}, Args: all})
}

// gitFix returns the command that takes a setting of git back.
func gitFix(s goenv.GitSetting) string {
	switch s.Scope {
	case "system", "global":
		return "git config --" + s.Scope + " --unset-all '" + s.Key.String() + "'"
	}
	return "unset GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS" // from the environment
}

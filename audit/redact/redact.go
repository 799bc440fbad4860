// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package redact removes secrets from URLs and from text that may hold them:
// error messages of programs, GOFLAGS with linker flags, lines of a git
// configuration.
//
// It errs on the side of removing too much. It cannot recognize a secret that
// nothing announces: a random word in the path of a URL stays.
package redact

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/goassay/assay/internal/lazyregexp"
)

// Mark stands where a secret stood. It holds nothing that would be redacted,
// so redacting twice changes nothing.
const Mark = "xxxxx"

// URL returns rawURL, which need not be valid, without user information
// (passwords, and user names, which are often tokens) and without the values
// of query and fragment parameters whose names announce a secret.
func URL(rawURL string) string { return Text(rawURL) }

// Text returns s without the secrets it holds:
//
//   - user information and secret parameters of each URL, also where the
//     scheme is missing (user:password@host);
//   - values of headers that carry credentials (Authorization, Cookie,
//     Private-Token and the like), to the end of the line or the closing quote;
//   - values given to a name that announces a secret, as in
//     -ldflags='-X main.apiToken=...' or {"password": "..."};
//   - tokens and keys that their own form gives away (JSON web tokens,
//     tokens of GitHub, GitLab, npm and others, cloud access keys, PEM private
//     keys), and addresses of webhooks.
func Text(s string) string {
	s = pemKey().ReplaceAllString(s, Mark)
	s = header().ReplaceAllString(s, "${1}"+Mark)
	s = userinfos(s)
	s = bareUserinfo().ReplaceAllString(s, "${1}"+Mark+"@")
	s = assignments(s)
	s = hook().ReplaceAllString(s, "${1}"+Mark)
	return tokenForm().ReplaceAllString(s, Mark)
}

var (
	pemKey = lazyregexp.New(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`)

	header = lazyregexp.New(`(?i)((?:\b|_)(?:(?:proxy-)?authorization|(?:set-)?cookie2?|(?:[a-z0-9]+-)*(?:token|api-?key|secret|password|auth-key))[ \t]*:[ \t]*)[^ \t\r\n"'` + "`" + `][^\r\n"'` + "`" + `]*`)

	// user:password@host without a scheme. A slash ends what may be a user
	// name, so example.com/m@v1 is left alone.
	bareUserinfo = lazyregexp.New(`(^|[\s,|"'` + "`" + `=;(<])[^\s/@:"'` + "`" + `,|=;(<]+:[^\s/@"'` + "`" + `]*@`)

	tokenForm = lazyregexp.New(`\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*|\b(?:gh[opsur]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|(?:AKIA|ASIA)[A-Z0-9]{12,}|xox[abeoprs]-[\w-]{8,}|[rs]k_(?:live|test)_\w{8,}|AIza[\w-]{20,}|npm_\w{16,}|hf_\w{16,}|dop_v1_\w{16,}|shp(?:at|ca|pa|ss)_\w{16,}|pypi-\w[\w-]{16,}|SG\.[\w-]{8,}\.[\w-]{8,})`)

	// An address of a service's that is a credential as a whole.
	hook = lazyregexp.New(`(https://(?:hooks\.slack\.com/(?:services|workflows)|(?:\w+\.)?discord(?:app)?\.com/api/webhooks)/)[^\s"'<>` + "`" + `]+`)
)

// userinfos removes the user information of each URL in s, whatever its
// scheme.
func userinfos(s string) string {
	var b strings.Builder
	for s != "" {
		end := strings.IndexFunc(s, endsURL)
		if end < 0 {
			end = len(s)
		}
		word := s[:end]
		for {
			i := strings.Index(word, "://")
			if i < 0 {
				break
			}
			b.WriteString(word[:i+3])
			word = word[i+3:]
			if at := userinfoEnd(word); at >= 0 {
				b.WriteString(Mark)
				word = word[at:]
			}
		}
		b.WriteString(word)
		_, size := utf8.DecodeRuneInString(s[end:])
		b.WriteString(s[end : end+size])
		s = s[end+size:]
	}
	return b.String()
}

func endsURL(r rune) bool {
	return r <= ' ' || strings.ContainsRune("\"'`<>", r)
}

// userinfoEnd returns the index of the @ that ends the user information of a
// URL, given from its authority on, or -1. A password that holds an unescaped
// slash, question mark or number sign is not valid, but people paste it: what
// precedes it then does not end in a port number.
func userinfoEnd(s string) int {
	authority := s
	if i := strings.IndexAny(s, `/?#\`); i >= 0 {
		authority = s[:i]
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		return at
	}
	host := authority[strings.LastIndexByte(authority, ']')+1:]
	_, port, ok := strings.Cut(host, ":")
	if !ok || strings.Trim(port, "0123456789") == "" {
		return -1
	}
	if next := strings.Index(s, "://"); next >= 0 {
		s = s[:next] // another URL of a list, such as GOPROXY
	}
	return strings.LastIndexByte(s, '@')
}

// assignment finds name= and "name": with the quotes around them: the groups
// are the quote before, the name, and what stands between name and value.
var assignment = lazyregexp.New(`(["']?)([^\s"'=&;?#]+)(=["']?|["'][ \t]*:[ \t]*["'])`)

// assignments removes the value of each assignment to a secret name. After any
// other name it goes on within the value, which may be an assignment itself:
// -ldflags=-X=main.token=...
func assignments(s string) string {
	var b strings.Builder
	for {
		m := assignment().FindStringSubmatchIndex(s)
		if m == nil {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:m[1]])
		name, value := s[m[4]:m[5]], s[m[1]:]
		if secretName(name) {
			end := " \t\r\n\"'&;#<>`,|"
			if q := s[m[1]-1]; q == '"' || q == '\'' {
				end = string(q) + "\r\n" // name="a b"
			} else if m[2] < m[3] {
				end = s[m[2]:m[3]] + "\r\n" // "name=a b"
			}
			i := strings.IndexAny(value, end)
			if i < 0 {
				i = len(value)
			}
			if i > 0 {
				b.WriteString(Mark)
			}
			value = value[i:]
		}
		s = value
	}
}

// secretEnd is the last word of a name in camel case, or behind an underscore or a
// hyphen, such as dbPass and license_key.
var secretEnd = lazyregexp.New(`([a-z0-9](Pass|Pwd|Pw|Key|Dsn|DSN)|[-_](pass|pwd|pw|key|dsn|PASS|PWD|PW|KEY|DSN))$|^(pw|Pw|PW|dsn|DSN|Dsn)$`)

// secretName reports whether a parameter of that name holds a secret.
func secretName(name string) bool {
	if n, err := url.QueryUnescape(name); err == nil {
		name = n
	}
	if i := strings.LastIndexAny(name, "./,|:"); i >= 0 {
		name = name[i+1:] // main.apiToken, http.extraheader, https://host/?token
	}
	end := secretEnd().MatchString(name)
	name = strings.ToLower(name)
	if end && !strings.Contains(name, "pub") && !strings.Contains(name, "verif") { // keys that are made to be known
		return true
	}
	name = strings.NewReplacer("-", "", "_", "").Replace(name)
	switch name {
	case "key", "sig", "auth", "basicauth", "code", "cred", "creds", "otp", "pass", "pwd", "pat", "jwt", "sid", "session", "sessionid", "se", "sas":
		return true
	}
	for _, word := range []string{
		"token", "secret", "password", "passwd", "passphrase", "passcode", "apikey", "accesskey", "privatekey",
		"authkey", "signingkey", "encryptionkey", "signature", "credential", "authorization", "xamz", "xgoog", "bearer", "cookie",
	} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

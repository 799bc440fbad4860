// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/audit/tlsprofile"
)

// tlsFlags are the flags of the verb tls.
type tlsFlags struct {
	from           string
	sni            string
	startTLS       string
	resolve        []string
	timeout        time.Duration
	maxConnections int
	rate           float64
	pins           []string
	earlier        string
	profiles       []string
	roots          string
	logs           string
	spiffe         string
	clientCert     string
	clientKey      string
}

// anyTrustDomain is the value of --spiffe without one.
const anyTrustDomain = "*"

func (inv *invocation) tlsCommand() *cobra.Command {
	var o options
	var t tlsFlags
	var s spiffeFlags
	cmd := &cobra.Command{
		Use:   "tls HOST:PORT...",
		Short: inv.say(text{"tell what TLS and TLCP endpoints take, and judge it", "探测 TLS 与 TLCP 端点支持的内容并作出判定"}),
		Long: inv.say(text{
			`Tls finds out which versions, cipher suites, groups and signature algorithms an endpoint
takes, from SSL 2.0 to TLS 1.3 and TLCP, in whose order, with which certificates, and what
it does with clients' certificates, other names, tickets and compression. It writes its
hellos by hand, as no library offers all that is registered, and needs a few more of them
than there are suites: an ordinary server is audited with some forty connections.

Each question has one of three answers: offered, not offered - refused on record, by an
alert, or by a closed connection while another hello was taken in between - or unknown. An
endpoint that is overloaded is asked more slowly; what stays unknown is not assessed. The
evidence holds each hello and its answer, from which assay report --check derives the facts
again.

The endpoints are those of the command line, of a file (--from, one a line, - for standard
input), or of the policy (targets: endpoints).`,
			`tls 探测端点支持的协议版本（从 SSL 2.0 到 TLS 1.3，以及 TLCP）、密码套件、密钥交换组和签名算法，
以谁的优先顺序为准，使用哪些证书，以及如何处理客户端证书、其他主机名、会话票据和压缩。由于没有任何
TLS 库能提供全部已注册的内容，ClientHello 均为自行构造；所需次数仅略多于套件数，普通服务器约四十个
连接即可完成审计。

每个问题只有三种答案：支持；不支持（有拒绝记录：收到告警，或连接被关闭而期间另一请求被接受）；未知。
端点过载时自动放慢速度；仍无法确定的内容记为未评估。证据包含每个 ClientHello 及其应答，
assay report --check 可据此重新推导结论。

端点可来自命令行、文件（--from，每行一个，- 表示标准输入）或策略文件（targets: endpoints）。`,
		}),
		Example: `  assay tls example.com:443
  assay tls 127.0.0.1:8443 --sni service.internal --format json
  assay tls example.com:443 --profile mozilla-intermediate --profile mlps3 --lang zh
  assay tls mail.example.com:25 --starttls smtp
  assay tls --from endpoints.txt --evidence evidence --inventory certificates.csv --inventory expiry.ics
  assay tls --from endpoints.txt --inventory cbom=cryptography.cdx.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			target, name, err := inv.findTarget(o.dir, false)
			if err != nil {
				return err
			}
			if !s.asked() || len(args) > 0 || t.from != "" {
				if target.Endpoints, err = inv.endpoints(&o, &t, target, args); err != nil {
					return err
				}
			}
			target.ModFile, target.WorkFile, target.Module, name.Module = "", "", "", ""
			name.Endpoints = target.Endpoints
			if o.settings, err = t.settings(cmd); err != nil {
				return err
			}
			if err := t.probed(target.Endpoints); err != nil {
				return err
			}
			if o.settings["tls-earlier"], err = inv.earlierPins(t.earlier); err != nil {
				return err
			}
			if err := inv.readProfiles(t.profiles, o.settings); err != nil {
				return err
			}
			if o.settings["tls-client-certificate"], err = inv.clientCertificate(t.clientCert, t.clientKey); err != nil {
				return err
			}
			for key, file := range map[string]string{"tls-roots": t.roots, "tls-ct-logs": t.logs} {
				if file == "" {
					continue
				}
				data, err := inv.readInput(file)
				if err != nil {
					return err
				}
				o.settings[key] = string(data)
			}
			if len(target.Endpoints) > 100 && inv.getenv("GOGC") == "" {
				debug.SetGCPercent(100) // what is saved of a short run costs memory in a long one
			}
			o.endpoints = true
			policy, err := o.readPolicy(target)
			if err != nil {
				return err
			}
			if err := s.demand(cmd, t.spiffe, policy, o.settings); err != nil {
				return err
			}
			list, err := s.add(cmd, target, &name, o.settings)
			if err != nil {
				return err
			}
			return inv.judge(cmd.Context(), &o, target, name, list)
		},
	}
	inv.addFlags(cmd, &o)
	inv.inventoryFlag(cmd, &o)
	inv.spiffeFlags(cmd, &s)
	f := cmd.Flags()
	f.StringVar(&t.from, "from", "", inv.say(text{"read endpoints from `FILE`, one a line, or - for standard input", "从文件 `FILE` 读取端点，每行一个，- 表示标准输入"}))
	f.StringVar(&t.sni, "sni", "", inv.say(text{"server `NAME` to ask for (default: the host), or - for none", "请求的服务器名 `NAME`（默认为主机名），- 表示不发送"}))
	f.StringVar(&t.startTLS, "starttls", "", inv.say(text{"`PROTOCOL` that leads to TLS: ", "切换到 TLS 所用的协议 `PROTOCOL`："})+strings.Join(tlsprobe.Dialects(), ", "))
	f.StringArrayVar(&t.resolve, "resolve", nil, inv.say(text{"connect to an address in place of an endpoint: `HOST:PORT:ADDRESS`", "连接端点时改用指定地址：`HOST:PORT:ADDRESS`"}))
	f.DurationVar(&t.timeout, "timeout", 0, inv.say(text{"how long a connection, and an answer, is waited for (default 5s)", "等待连接及应答的时间（默认 5s）"}))
	f.IntVar(&t.maxConnections, "max-connections", 0, inv.say(text{"most connections to one endpoint (default 200)", "对单个端点的最大连接数（默认 200）"}))
	f.Float64Var(&t.rate, "rate", 0, inv.say(text{"most connections per second to one endpoint (default: no limit)", "对单个端点每秒的最大连接数（默认不限）"}))
	f.StringArrayVar(&t.pins, "pin", nil, inv.say(text{"key that a chain must have, of all endpoints or of one: `[HOST:PORT=]sha256/BASE64`; repeatable", "证书链必须包含的公钥，适用于全部端点或指定端点：`[HOST:PORT=]sha256/BASE64`；可多次指定"}))
	f.StringVar(&t.earlier, "earlier", "", inv.say(text{"tell which endpoints have other keys than in the earlier report `FILE`", "对比此前的报告 `FILE`，指出公钥已变更的端点"}))
	f.StringVar(&t.roots, "roots", "", inv.say(text{"trust the authorities in `FILE` too, PEM: a private PKI's, or those of SM2", "同时信任 `FILE` 中的 CA 证书（PEM）：企业自建 CA 或 SM2 CA"}))
	f.StringVar(&t.logs, "ct-logs", "", inv.say(text{"verify certificate timestamps by the logs in `FILE`, a log_list.json of Chrome's form", "按 `FILE` 中的日志列表（Chrome 的 log_list.json 格式）验证证书时间戳"}))
	f.StringVar(&t.clientCert, "client-cert", "", inv.say(text{"show the certificate in `FILE`, PEM, to endpoints that ask for one", "向要求客户端证书的端点出示 `FILE` 中的证书（PEM）"}))
	f.StringVar(&t.clientKey, "client-key", "", inv.say(text{"its private key, PEM (default: in the same file)", "对应私钥（PEM，默认在同一文件中）"}))
	f.StringVar(&t.spiffe, "spiffe", "", inv.say(text{"demand X.509-SVIDs, of `TRUST-DOMAIN` if one is named", "要求出示 X.509-SVID；可指定信任域 `TRUST-DOMAIN`"}))
	f.Lookup("spiffe").NoOptDefVal = anyTrustDomain
	f.StringSliceVar(&t.profiles, "profile", nil, inv.say(text{
		"judge by the clauses of a `PROFILE`: " + strings.Join(tlsprofile.IDs(), ", ") + "; or of a file",
		"按配置基线 `PROFILE` 的条款判定：" + strings.Join(tlsprofile.IDs(), "、") + "；或基线文件",
	}))
	return cmd
}

// readProfiles names the built-in profiles, and reads those of the user's own, for the
// check. What has the form of a path is a file.
func (inv *invocation) readProfiles(names []string, settings map[string]string) error {
	var ids, own []string
	for _, name := range names {
		if !strings.ContainsAny(name, `./\`) {
			if _, err := tlsprofile.Get(name); err != nil {
				hint := "name a file with its ending, or with ./ before it"
				if near := audit.Nearest(name, tlsprofile.IDs()); near != "" {
					hint = fmt.Sprintf("did you mean %q?", near)
				}
				return usagef(hint, "%s", err)
			}
			ids = append(ids, name)
			continue
		}
		data, err := readBounded(name, tlsprofile.MaxSize+1)
		if err != nil {
			return pathError(name, err)
		}
		if _, err := tlsprofile.Parse(data); err != nil {
			return usagef("see docs/tls-profiles.md", "%s:%s", name, strings.ReplaceAll(err.Error(), "\n", "\n"+name+":"))
		}
		own = append(own, string(data))
	}
	settings["tls-profile"], settings["tls-profile-data"] = strings.Join(ids, ","), strings.Join(own, "\x00")
	return nil
}

// clientCertificate reads a certificate and its key. Neither gets into an error.
func (inv *invocation) clientCertificate(cert, key string) (string, error) {
	if cert == "" {
		if key != "" {
			return "", usagef("name the certificate with --client-cert FILE", "--client-key without a certificate")
		}
		return "", nil
	}
	var pem []byte
	for _, file := range []string{cert, key} {
		if file == "" {
			continue
		}
		data, err := inv.readInput(file)
		if err != nil {
			return "", err
		}
		pem = append(append(pem, data...), '\n')
	}
	if _, err := tls.X509KeyPair(pem, pem); err != nil {
		return "", usagef("name the key with --client-key FILE, if it is in another file", "--client-cert %s: no certificate and key in PEM that fit each other", cert)
	}
	return string(pem), nil
}

// earlierPins reads the keys that endpoints had in an earlier report.
func (inv *invocation) earlierPins(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	rep, err := inv.readReport(name)
	if err != nil {
		return "", err
	}
	lines, err := checks.PinsOf(rep)
	if err != nil {
		return "", usagef("name a report of assay tls", "%s: %s", name, err)
	}
	return lines, nil
}

// endpoints are those of the command line and of the file; where neither names any,
// those of the policy.
func (inv *invocation) endpoints(o *options, t *tlsFlags, target *audit.Target, args []string) ([]string, error) {
	list := slices.Clone(args)
	if t.from != "" {
		data, err := inv.readInput(t.from)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) { // a byte order mark, of Windows
			if line, _, _ = strings.Cut(line, "#"); strings.TrimSpace(line) != "" {
				list = append(list, strings.TrimSpace(line))
			}
		}
	}
	if len(list) == 0 && t.from == "" {
		policy, err := o.readPolicy(target)
		if err != nil {
			return nil, err
		}
		list = slices.Clone(policy.Targets.Endpoints)
	}
	if len(list) == 0 {
		return nil, usagef("assay tls HOST:PORT...", "name the endpoints to probe")
	}
	if t.spiffe == anyTrustDomain {
		for _, e := range args { // the flag's value is optional: it takes none that stands apart
			if _, err := checks.ParseTrustDomain(e); err == nil {
				return nil, usagef("write --spiffe="+e, "endpoint %q has no port: if it is the trust domain, it belongs to --spiffe", e)
			}
		}
	}
	if err := checkEndpoints(list); err != nil {
		return nil, err
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// checkEndpoints refuses what is no endpoint.
func checkEndpoints(list []string) error {
	for _, e := range list {
		if err := checks.CheckEndpoint(e); err != nil {
			return usagef("write HOST:PORT, and an IPv6 address in brackets", "endpoint %q: %s", e, err)
		}
	}
	return nil
}

// settings are those of the check.
func (t *tlsFlags) settings(cmd *cobra.Command) (map[string]string, error) {
	out := map[string]string{}
	if t.sni != "" {
		out["tls-sni"] = t.sni
	}
	if t.spiffe != "" && t.spiffe != anyTrustDomain {
		name, err := checks.ParseTrustDomain(t.spiffe)
		if err != nil {
			return nil, usagef("write a name such as --spiffe=prod.example", "--spiffe %q: %s", t.spiffe, err)
		}
		t.spiffe = name
	}
	if t.spiffe != "" {
		out["tls-spiffe"] = t.spiffe
	}
	if t.startTLS != "" {
		if !slices.Contains(tlsprobe.Dialects(), t.startTLS) {
			return nil, unknownWord("protocol", t.startTLS, tlsprobe.Dialects())
		}
		out["tls-starttls"] = t.startTLS
	}
	if cmd.Flags().Changed("timeout") {
		if t.timeout <= 0 {
			return nil, usagef("", "--timeout %v: more than nothing is wanted", t.timeout)
		}
		out["tls-timeout"] = t.timeout.String()
	}
	if cmd.Flags().Changed("max-connections") {
		if t.maxConnections <= 0 {
			return nil, usagef("", "--max-connections %d: one or more are wanted", t.maxConnections)
		}
		out["tls-max-connections"] = strconv.Itoa(t.maxConnections)
	}
	if cmd.Flags().Changed("rate") {
		if !(t.rate > 0) {
			return nil, usagef("", "--rate %v: more than nothing is wanted", t.rate)
		}
		out["tls-rate"] = strconv.FormatFloat(t.rate, 'g', -1, 64)
	}
	var lines []string
	for _, r := range t.resolve {
		line, err := resolution(r)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	out["tls-resolve"] = strings.Join(lines, "\n")
	lines = nil
	for _, p := range t.pins {
		endpoint, pin, ok := strings.Cut(p, "=sha256/")
		if ok {
			pin = "sha256/" + pin
			if err := checks.CheckEndpoint(endpoint); err != nil {
				return nil, usagef("write HOST:PORT=sha256/BASE64", "--pin %q: %s", p, err)
			}
		} else {
			endpoint, pin = "", p
		}
		if err := checks.CheckPin(pin); err != nil {
			return nil, usagef("write sha256/BASE64, or HOST:PORT=sha256/BASE64", "--pin %q: %s", p, err)
		}
		lines = append(lines, strings.TrimSpace(endpoint+" "+pin))
	}
	out["tls-pins"] = strings.Join(lines, "\n")
	return out, nil
}

// probed demands that what is said of one endpoint is of one that is probed: a pin with a
// slip of the pen would else be demanded of nobody.
func (t *tlsFlags) probed(endpoints []string) error {
	const hint = "write it as the endpoint is written"
	for _, p := range t.pins {
		if e, _, ok := strings.Cut(p, "=sha256/"); ok && !slices.Contains(endpoints, e) {
			return usagef(hint, "--pin %q: %s is not probed", p, e)
		}
	}
	for _, r := range t.resolve {
		line, err := resolution(r)
		if err != nil {
			return err
		}
		if e, _, _ := strings.Cut(line, " "); !slices.Contains(endpoints, e) {
			return usagef(hint, "--resolve %q: %s is not probed", r, e)
		}
	}
	return nil
}

// resolution reads HOST:PORT:ADDRESS.
func resolution(text string) (string, error) {
	const hint = "write HOST:PORT:ADDRESS, and IPv6 addresses in brackets"
	rest := ""
	for i, c := range text { // the first place behind which an address can stand
		if c != ':' || checks.CheckEndpoint(text[:i]) != nil {
			continue
		}
		rest = text[i+1:]
		endpoint := text[:i]
		port := endpoint[strings.LastIndexByte(endpoint, ':')+1:]
		to := rest + ":" + port
		if err := checks.CheckEndpoint(to); err != nil {
			return "", usagef(hint, "--resolve %q: %s", text, err)
		}
		return fmt.Sprintf("%s %s", endpoint, to), nil
	}
	return "", usagef(hint, "--resolve %q: no address", text)
}

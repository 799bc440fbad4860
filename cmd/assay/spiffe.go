// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
)

// spiffeFlags are the flags of the verb tls for SVIDs that no endpoint presents.
type spiffeFlags struct {
	svids       []string
	bundle      string
	workload    string
	watch       time.Duration
	trustDomain string
	paths       []string
}

// spiffeFlags adds the flags, and what the help says of them.
func (inv *invocation) spiffeFlags(cmd *cobra.Command, s *spiffeFlags) {
	cmd.Long += inv.say(text{`

X.509-SVIDs of SPIFFE are judged in files too (--svid), and as a Workload API issues them
to who asks (--workload-api); with --watch, it is watched whether they are rotated in time.
No endpoint need be named then. Private keys in files or answers are not kept: only whether
key and certificate fit is told.`, `

SPIFFE 的 X.509-SVID 也可从文件（--svid）或 Workload API（--workload-api，以当前调用者的身份）获取并
判定；加上 --watch 可观察其是否按时轮换。此时无需指定端点。文件或应答中的私钥不会保留，只记录其与证书
是否匹配。`})
	cmd.Example += `
  assay tls --svid svid.pem --bundle bundle.pem --trust-domain prod.example
  assay tls --workload-api unix:///run/spire/agent-sockets/spire-agent.sock --watch 40m`
	f := cmd.Flags()
	f.StringArrayVar(&s.svids, "svid", nil, inv.say(text{"judge the X.509-SVID in `FILE`, PEM; repeatable", "判定文件 `FILE`（PEM）中的 X.509-SVID；可多次指定"}))
	f.StringVar(&s.bundle, "bundle", "", inv.say(text{"verify SVIDs by the authorities of the trust domain in `FILE`, PEM", "用文件 `FILE`（PEM）中的信任域 CA 验证 SVID"}))
	f.StringVar(&s.workload, "workload-api", "", inv.say(text{"judge the SVIDs that the Workload API at `SOCKET` issues: unix:///PATH or tcp://IP:PORT", "判定 `SOCKET` 处的 Workload API 签发的 SVID：unix:///PATH 或 tcp://IP:PORT"}))
	f.DurationVar(&s.watch, "watch", 0, inv.say(text{"watch the Workload API's SVIDs being rotated for so long", "观察 Workload API 轮换 SVID 的时长"}))
	f.StringVar(&s.trustDomain, "trust-domain", "", inv.say(text{"trust domain that SVIDs must be of, by `NAME`", "SVID 必须属于的信任域 `NAME`"}))
	f.StringArrayVar(&s.paths, "spiffe-path", nil, inv.say(text{
		"path that SVIDs must have, of endpoints too: `PATTERN`, a * at the end for any rest; repeatable", "SVID 路径须匹配的模式 `PATTERN`（含端点出示的 SVID），末尾 * 匹配任意后缀；可多次指定",
	}))
}

// asked reports whether there are SVIDs to judge.
func (s *spiffeFlags) asked() bool { return len(s.svids) > 0 || s.workload != "" }

// spiffePolicy demands of SVIDs what a policy says of them.
func spiffePolicy(p *audit.Policy, settings map[string]string) {
	settings["spiffe-trust-domain"], settings["spiffe-paths"] = p.SPIFFE.TrustDomain, strings.Join(p.SPIFFE.Paths, "\n")
}

// demand puts into the settings what is demanded of SVIDs: by the flags, or where they say nothing,
// by the policy. endpoints is the value of --spiffe.
func (s *spiffeFlags) demand(cmd *cobra.Command, endpoints string, p *audit.Policy, settings map[string]string) error {
	spiffePolicy(p, settings)
	if s.trustDomain != "" {
		name, err := checks.ParseTrustDomain(s.trustDomain)
		if err != nil {
			return usagef("write a name such as prod.example", "--trust-domain %q: %s", s.trustDomain, err)
		}
		settings["spiffe-trust-domain"] = name
	}
	if !cmd.Flags().Changed("spiffe-path") {
		return nil
	}
	if !s.asked() && endpoints == "" {
		return usagef("demand SVIDs of endpoints with --spiffe, or name files with --svid", "--spiffe-path is for SVIDs, and none are named")
	}
	for _, pattern := range s.paths {
		if err := audit.CheckSPIFFEPath(pattern); err != nil {
			return usagef("write a path such as /ns/shop/sa/cart, or /ns/shop/*", "--spiffe-path %q: %s", pattern, err)
		}
	}
	settings["spiffe-paths"] = strings.Join(s.paths, "\n")
	return nil
}

// add puts what the flags say into target, its name and the settings, and returns the checks
// that judge it.
func (s *spiffeFlags) add(cmd *cobra.Command, target *audit.Target, name *audit.TargetRef, settings map[string]string) (list []*audit.Check, err error) {
	if len(target.Endpoints) > 0 {
		list = append(list, checks.TLS)
	}
	if !s.asked() {
		for _, flag := range []string{"bundle", "trust-domain", "watch"} {
			if cmd.Flags().Changed(flag) {
				return nil, usagef("name files with --svid, or a socket with --workload-api", "--%s is for SVIDs, and none are named", flag)
			}
		}
		return list, nil
	}
	if target.SVIDs, err = present(s.svids); err != nil {
		return nil, err
	}
	if s.bundle != "" {
		if _, err := present([]string{s.bundle}); err != nil {
			return nil, err
		}
		settings["svid-bundle"] = s.bundle
	}
	if s.workload != "" {
		if err := checks.CheckWorkloadAPI(s.workload); err != nil {
			return nil, usagef("write unix:///PATH or tcp://IP:PORT, as in $SPIFFE_ENDPOINT_SOCKET", "--workload-api %q: %s", s.workload, err)
		}
	}
	if cmd.Flags().Changed("watch") {
		switch {
		case s.workload == "":
			return nil, usagef("name a socket with --workload-api", "--watch is for a Workload API, and none is named")
		case s.watch <= 0:
			return nil, usagef("", "--watch %v: more than nothing is wanted", s.watch)
		}
		settings["svid-watch"] = s.watch.String()
	}
	target.Workload = s.workload
	name.SVIDs, name.Workload = shownAll(s.svids), s.workload
	return append(list, checks.SVID), nil
}

// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/goassay/assay/audit"
)

// sampleCatalogue is written as the real one is, and does not change with it.
func sampleCatalogue() *audit.Catalogue {
	rules := []*audit.Rule{
		{
			ID: "env/sumdb-off", Severity: audit.Critical,
			Title:      audit.Text{EN: "Checksum database switched off", ZH: "校验和数据库已关闭"},
			Message:    audit.Text{EN: "GOSUMDB is off ({source}): a module that go.sum does not list yet is taken as the proxy sends it, and nobody compares it with what everybody else got", ZH: "GOSUMDB 为 off（来源：{source}）：go.sum 中尚未记录的模块，代理给什么就用什么，没有任何一方核对它与其他人拿到的内容是否一致"},
			Why:        audit.Text{EN: "The checksum database is the only party that makes a proxy tell everybody the same.", ZH: "只有校验和数据库能保证代理对所有人给出同样的内容。"},
			Remedy:     audit.Text{EN: "go env -u GOSUMDB", ZH: "执行 go env -u GOSUMDB 恢复默认值"},
			Controls:   []audit.Control{{Framework: "nist-ssdf", Clause: "PS.2.1"}, {Framework: "slsa", Clause: "verify-artifacts"}},
			References: []string{"https://go.dev/ref/mod#checksum-database"},
		},
		{
			ID: "env/insecure", Severity: audit.Critical,
			Title:   audit.Text{EN: "Modules fetched without TLS or checksums", ZH: "允许以不安全方式下载模块"},
			Message: audit.Text{EN: "GOINSECURE={value} lets {pattern} be fetched over HTTP", ZH: "GOINSECURE={value} 使 {pattern} 可经明文 HTTP 下载"},
			Remedy:  audit.Text{EN: "go env -u GOINSECURE, and serve {pattern} over HTTPS", ZH: "执行 go env -u GOINSECURE，并为 {pattern} 启用 HTTPS"},
		},
		{
			ID: "sumdb/mismatch", Severity: audit.Critical,
			Title:      audit.Text{EN: "go.sum contradicts the checksum database", ZH: "go.sum 与校验和数据库不一致"},
			Message:    audit.Text{EN: "{file} says {have}, the log says {want}", ZH: "{file} 中为 {have}，日志中为 {want}"},
			Remedy:     audit.Text{EN: "compare with a copy from another network before touching go.sum; then go clean -modcache && go mod download {module}", ZH: "先与另一网络取得的副本比对，不要直接修改 go.sum；确认后执行 go clean -modcache && go mod download {module}"},
			Controls:   []audit.Control{{Framework: "nist-ssdf", Clause: "PW.4.4"}, {Framework: "mlps3", Clause: "8.1.4.7 a"}},
			References: []string{"https://go.dev/ref/mod#authenticating"},
		},
		{
			ID: "graph/deprecated", Severity: audit.Medium,
			Title:   audit.Text{EN: "Module deprecated by its authors", ZH: "模块已被作者弃用"},
			Message: audit.Text{EN: "its authors say: {notice}", ZH: "作者声明：{notice}"},
			Remedy:  audit.Text{EN: "follow the notice; go mod why -m {module} tells who needs it", ZH: "按声明迁移；执行 go mod why -m {module} 查看由谁引入"},
		},
		{
			ID: "graph/local-replace", Severity: audit.High,
			Title:   audit.Text{EN: "Module replaced by a local directory", ZH: "模块被本地目录替换"},
			Message: audit.Text{EN: "{module} is built from {dir}, which no checksum covers", ZH: "{module} 取自 {dir}，不受任何校验和保护"},
			Remedy:  audit.Text{EN: "go mod edit -dropreplace={module}", ZH: "执行 go mod edit -dropreplace={module}"},
		},
		{
			ID: "toolchain/old", Severity: audit.Low,
			Title:   audit.Text{EN: "Newer patch release available", ZH: "有更新的补丁版本"},
			Message: audit.Text{EN: "{have} is used, {want} is out", ZH: "当前使用 {have}，已发布 {want}"},
			Remedy:  audit.Text{EN: "go get toolchain@{want}", ZH: "执行 go get toolchain@{want}"},
		},
		{
			ID: "policy/waiver-expired", Severity: audit.Medium,
			Title:   audit.Text{EN: "Waiver expired", ZH: "豁免已过期"},
			Message: audit.Text{EN: "the waiver of {rule} for {subject} expired after {expires}", ZH: "针对 {subject} 的 {rule} 豁免已于 {expires} 到期"},
			Remedy:  audit.Text{EN: "mend the cause, or let {owner} decide again", ZH: "整改问题本身；确需延期的，由 {owner} 重新评审"},
		},
		{
			ID: "policy/waiver-unused", Severity: audit.Low,
			Title:   audit.Text{EN: "Waiver covers nothing", ZH: "豁免未命中任何问题"},
			Message: audit.Text{EN: "no finding of {rule} about {subject}", ZH: "已不存在针对 {subject} 的 {rule} 问题"},
			Remedy:  audit.Text{EN: "remove it", ZH: "删除该豁免"},
		},
	}
	reasons := []*audit.Reason{
		{ID: "engine/offline", Text: audit.Text{EN: "needs the network, which --offline switches off", ZH: "需要访问网络，而 --offline 已将其关闭"}},
		{ID: "sumdb/unreachable", Text: audit.Text{EN: "{n} of {of} modules not looked up: {host} answered {status}", ZH: "{of} 个模块中有 {n} 个未能查询：{host} 返回 {status}"}},
	}
	c := &audit.Catalogue{
		Rules: map[string]*audit.Rule{}, Reasons: map[string]*audit.Reason{},
		Frameworks: map[string]*audit.Framework{
			"nist-ssdf": {
				ID: "nist-ssdf", Title: audit.Text{EN: "NIST SP 800-218", ZH: "NIST SP 800-218 安全软件开发框架"},
				Source:  "https://csrc.nist.gov/pubs/sp/800/218/final",
				Clauses: []audit.Clause{{ID: "PS.2.1", Title: audit.Text{EN: "Make software integrity verification information available", ZH: "提供软件完整性验证信息"}}},
			},
			"mlps3": {
				ID: "mlps3", Title: audit.Text{EN: "GB/T 22239-2019, level 3", ZH: "GB/T 22239-2019 第三级"}, Source: "GB/T 22239-2019",
				Clauses: []audit.Clause{{ID: "8.1.4.7 a", Title: audit.Text{EN: "Data integrity", ZH: "数据完整性"}}},
			},
		},
	}
	for _, r := range rules {
		c.Rules[r.ID] = r
	}
	for _, r := range reasons {
		c.Reasons[r.ID] = r
	}
	return c
}

// sampleChecks have every outcome.
func sampleChecks() []*audit.Check {
	never := func(*audit.Target) bool { return false }
	offline := &audit.Check{ID: "vuln", Needs: audit.Network, Run: func(context.Context, *audit.Pass) (any, error) { return nil, nil }}
	return []*audit.Check{
		{ID: "env", Run: runEnv}, {ID: "sumdb", Run: runSumdb}, {ID: "graph", Run: runGraph}, offline,
		{ID: "toolchain", Run: func(_ context.Context, p *audit.Pass) (any, error) {
			p.Report(audit.Finding{
				Rule: "toolchain/old", Subject: audit.Subject{Kind: "toolchain", Name: "go1.26.6"},
				Args:     audit.Args{"have": "go1.26.6", "want": "go1.26.8"},
				Location: &audit.Location{File: "go.mod", Line: 5, Column: 1},
			})
			return map[string]any{"version": "go1.26.6", "supported": true}, nil
		}},
		{ID: "sbom", Run: func(context.Context, *audit.Pass) (any, error) {
			return map[string]any{"components": make([]int, 187), "by_scope": map[string]int{"required": 180, "optional": 7}}, nil
		}},
		{ID: "licence", Run: func(context.Context, *audit.Pass) (any, error) {
			return nil, errors.New("go list -deps: exit status 1\ngo: updates to go.mod needed; to update it:\n\tgo mod tidy")
		}},
		{ID: "fips", Applies: never}, {ID: "binary", Applies: never}, {ID: "tls", Applies: never},
	}
}

func runEnv(_ context.Context, p *audit.Pass) (any, error) {
	digest := p.Evidence("go-env", []byte("GOSUMDB=off"))
	p.Report(audit.Finding{
		Rule: "env/sumdb-off", Subject: audit.Subject{Kind: "environment", Name: "GOSUMDB"},
		Args: audit.Args{"source": "process"}, Evidence: []string{digest},
	})
	p.Report(audit.Finding{
		Rule: "env/insecure", Subject: audit.Subject{Kind: "environment", Name: "GOINSECURE"},
		Args: audit.Args{"value": "*.corp.example", "pattern": "*.corp.example"}, Evidence: []string{digest},
	})
	return map[string]any{"variables": make([]int, 41), "chain": make([]int, 2)}, nil
}

func runSumdb(_ context.Context, p *audit.Pass) (any, error) {
	digest := p.Evidence("tlog-proof", []byte("proof"))
	p.Report(audit.Finding{
		Rule: "sumdb/mismatch", Subject: audit.Subject{Kind: "module", Name: "example.com/payment/gateway@v1.9.2"},
		Args: audit.Args{
			"file": "go.sum", "module": "example.com/payment/gateway@v1.9.2",
			"have": "h1:iYbDe9HgtfG3R0PbGiqBZ2PTFTOkRPpnqWIo7ZBEKlY=", "want": "h1:Wn5nVvxpkXpNMBxkd7qkkB3jqHuLFCnXQWmZbCXtAq4=",
		},
		Location: &audit.Location{File: "go.sum", Line: 112}, Evidence: []string{digest},
	})
	facts := map[string]any{
		"modules": make([]int, 312),
		"lines":   map[string]int{"verified": 608, "mismatch": 1, "not_logged": 0, "not_checked": 15},
	}
	return facts, audit.NotAssessed("sumdb/unreachable", audit.Args{"n": 8, "of": 312, "host": "goproxy.corp.example", "status": "503 Service Unavailable"})
}

func runGraph(_ context.Context, p *audit.Pass) (any, error) {
	for i := range 200 {
		name := fmt.Sprintf("example.com/team%02d/library-%d@v1.%d.0", i%17, i, i%9)
		p.Report(audit.Finding{
			Rule: "graph/deprecated", Subject: audit.Subject{Kind: "module", Name: name},
			Args:     audit.Args{"module": name, "notice": fmt.Sprintf("use example.com/team%02d/next instead", i%17)},
			Location: &audit.Location{File: "go.mod", Line: 10 + i},
		})
	}
	p.Report(audit.Finding{
		Rule: "graph/local-replace", Subject: audit.Subject{Kind: "module", Name: "example.com/payment/gateway@v1.9.2"},
		Args:     audit.Args{"module": "example.com/payment/gateway", "dir": "../gateway"},
		Location: &audit.Location{File: "go.mod", Line: 231},
	})
	return map[string]any{"modules": make([]int, 312), "edges": make([]int, 1840)}, nil
}

// day is midnight UTC of a day written 2006-01-02.
func day(s string) audit.Date {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return audit.Date{Time: t}
}

// sample is what the engine makes of checks, at a fixed time.
func sample(t testing.TB, lang audit.Lang, checks ...*audit.Check) *audit.Report {
	t.Helper()
	clock := time.Date(2026, 11, 20, 13, 5, 17, 0, time.UTC)
	rep, err := audit.Run(context.Background(), audit.Config{
		Tool:   audit.Tool{Name: "assay", Version: "v0.4.0", Go: "go1.26.8"},
		Target: &audit.Target{}, Name: audit.TargetRef{Dir: ".", Module: "example.com/shop"},
		Checks: checks, Catalogue: sampleCatalogue(), Lang: lang, Offline: true,
		Now: func() time.Time { clock = clock.Add(10 * time.Millisecond); return clock },
		Policy: &audit.Policy{
			FailOn: audit.High, File: "assay.yaml", Digest: audit.Digest([]byte("policy")),
			Waivers: []audit.Waiver{
				{Rule: "env/insecure", Subject: "GOINSECURE", Reason: "the lab's mirror gets its certificate in January, see SEC-1042", Owner: "lin.wei@corp.example", Expires: day("2027-01-31"), Line: 4},
				{Rule: "graph/local-replace", Subject: "example.com/old", Reason: "moved", Owner: "ops", Expires: day("2026-10-01"), Line: 9},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	rep.Finished = rep.Started.Add(4215 * time.Millisecond)
	for i := range rep.Checks {
		rep.Checks[i].Seconds = float64(i*i) * 0.137
	}
	return rep
}

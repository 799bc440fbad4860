// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"

	"github.com/goassay/assay/audit"
)

// The words of the writers themselves. What findings and reasons say comes
// with the report.
var (
	wordVerdict = map[audit.Verdict]audit.Text{
		audit.VerdictPass:       {EN: "PASS", ZH: "通过"},
		audit.VerdictFail:       {EN: "FAIL", ZH: "未通过"},
		audit.VerdictIncomplete: {EN: "INCOMPLETE", ZH: "不完整"},
	}
	wordSeverity = map[audit.Severity]audit.Text{
		audit.Critical: {EN: "critical", ZH: "严重"},
		audit.High:     {EN: "high", ZH: "高危"},
		audit.Medium:   {EN: "medium", ZH: "中危"},
		audit.Low:      {EN: "low", ZH: "低危"},
		audit.Info:     {EN: "info", ZH: "提示"},
	}
	wordOutcome = map[audit.Outcome]audit.Text{
		audit.Passed:        {EN: "pass", ZH: "通过"},
		audit.Failed:        {EN: "fail", ZH: "未通过"},
		audit.NotApplicable: {EN: "not applicable", ZH: "不适用"},
		audit.Unassessed:    {EN: "not assessed", ZH: "未能判定"},
		audit.Errored:       {EN: "error", ZH: "出错"},
	}
	wordKind = map[string]audit.Text{
		"module":        {EN: "module", ZH: "模块"},
		"file":          {EN: "file", ZH: "文件"},
		"environment":   {EN: "environment", ZH: "环境配置"},
		"binary":        {EN: "binary", ZH: "二进制文件"},
		"toolchain":     {EN: "toolchain", ZH: "工具链"},
		"endpoint":      {EN: "endpoint", ZH: "端点"},
		"clause":        {EN: "profile", ZH: "配置基线"},
		"host":          {EN: "host", ZH: "主机"},
		"policy":        {EN: "policy", ZH: "策略"},
		"log":           {EN: "log", ZH: "日志"},
		"cache":         {EN: "cache", ZH: "缓存"},
		"svid":          {EN: "SVID", ZH: "SVID"},
		"document":      {EN: "document", ZH: "文档"},
		"vulnerability": {EN: "vulnerability", ZH: "漏洞"},
		"database":      {EN: "database", ZH: "数据库"},
	}
	wordKinds = map[string]audit.Text{
		"module":        {EN: "{n} modules", ZH: "{n} 个模块"},
		"file":          {EN: "{n} files", ZH: "{n} 个文件"},
		"environment":   {EN: "{n} settings", ZH: "{n} 项环境配置"},
		"binary":        {EN: "{n} binaries", ZH: "{n} 个二进制文件"},
		"toolchain":     {EN: "{n} toolchains", ZH: "{n} 个工具链"},
		"endpoint":      {EN: "{n} endpoints", ZH: "{n} 个端点"},
		"clause":        {EN: "{n} clauses", ZH: "{n} 项条款"},
		"host":          {EN: "{n} hosts", ZH: "{n} 台主机"},
		"policy":        {EN: "{n} policy entries", ZH: "{n} 条策略"},
		"log":           {EN: "{n} logs", ZH: "{n} 个日志"},
		"cache":         {EN: "{n} caches", ZH: "{n} 个缓存"},
		"svid":          {EN: "{n} SVIDs", ZH: "{n} 个 SVID"},
		"document":      {EN: "{n} documents", ZH: "{n} 个文档"},
		"vulnerability": {EN: "{n} vulnerabilities", ZH: "{n} 个漏洞"},
		"database":      {EN: "{n} databases", ZH: "{n} 个数据库"},
	}
	wordFigure = map[string]audit.Text{
		"modules":    {EN: "modules", ZH: "模块"},
		"packages":   {EN: "packages", ZH: "包"},
		"files":      {EN: "files", ZH: "文件"},
		"lines":      {EN: "lines", ZH: "行"},
		"hashes":     {EN: "hashes", ZH: "哈希"},
		"proofs":     {EN: "proofs", ZH: "证明"},
		"kept":       {EN: "kept files", ZH: "本地保存的文件"},
		"synced":     {EN: "synced", ZH: "同步"},
		"records":    {EN: "records", ZH: "记录"},
		"tiles":      {EN: "tiles", ZH: "数据块"},
		"checked":    {EN: "checked", ZH: "已校验"},
		"removed":    {EN: "removed", ZH: "已删除"},
		"forged":     {EN: "forged", ZH: "伪造"},
		"stale_key":  {EN: "of another key", ZH: "其他密钥签名"},
		"malformed":  {EN: "malformed", ZH: "无法识别"},
		"variables":  {EN: "variables", ZH: "变量"},
		"products":   {EN: "products", ZH: "制品"},
		"components": {EN: "components", ZH: "组件"},
		"documents":  {EN: "documents", ZH: "文档"},

		"with_h1":         {EN: "with h1", ZH: "有 h1"},
		"without_h1":      {EN: "without h1", ZH: "无 h1"},
		"with_hashes":     {EN: "with hashes", ZH: "有哈希"},
		"with_license":    {EN: "with a licence", ZH: "有许可证"},
		"version_unknown": {EN: "versions unknown", ZH: "版本不明"},
		"local":           {EN: "local", ZH: "本地"},

		"called":       {EN: "called", ZH: "被调用"},
		"present":      {EN: "with code", ZH: "含漏洞代码"},
		"imported":     {EN: "imported", ZH: "被引入"},
		"required":     {EN: "required", ZH: "被依赖"},
		"not_affected": {EN: "not affected", ZH: "不受影响"},
		"not_assessed": {EN: "not assessed", ZH: "未能评估"},

		"services":    {EN: "services", ZH: "服务"},
		"verified":    {EN: "verified", ZH: "已验证"},
		"mismatch":    {EN: "mismatch", ZH: "不一致"},
		"not_logged":  {EN: "not logged", ZH: "未登记"},
		"not_checked": {EN: "not checked", ZH: "未校验"},
		"main":        {EN: "main", ZH: "主模块"},
		"indirect":    {EN: "indirect", ZH: "间接依赖"},
		"not_built":   {EN: "not built", ZH: "未参与构建"},
		"unknown":     {EN: "unknown", ZH: "未知"},
		"failed":      {EN: "failed", ZH: "失败"},
	}
	wordSubjects = audit.Text{EN: "{n} subjects", ZH: "{n} 个对象"}
)

var (
	msgAudit  = audit.Text{EN: "audit of", ZH: "审计"}
	msgWhen   = audit.Text{EN: "{time}, {seconds} s; {policy}", ZH: "{time}，耗时 {seconds} 秒；{policy}"}
	msgPolicy = audit.Text{EN: "policy {file}, fails on {severity} and worse", ZH: "策略 {file}，{severity}及以上判为未通过"}
	msgNoFile = audit.Text{EN: "default policy, fails on {severity} and worse", ZH: "默认策略，{severity}及以上判为未通过"}

	msgPassed       = audit.Text{EN: "every check that applies was made, and nothing reaches the threshold", ZH: "适用的检查项全部完成，没有问题达到阈值"}
	msgFailedOne    = audit.Text{EN: "1 finding reaches the threshold ({severity})", ZH: "1 个问题达到阈值（{severity}）"}
	msgFailed       = audit.Text{EN: "{n} findings reach the threshold ({severity})", ZH: "{n} 个问题达到阈值（{severity}）"}
	msgIncompleteN  = audit.Text{EN: "{n} of {of} checks could not be determined, which is not a pass", ZH: "{of} 个检查项中有 {n} 个未能判定，不能视为通过"}
	msgNothing      = audit.Text{EN: "nothing was examined, which is not a pass", ZH: "没有检查任何内容，不能视为通过"}
	msgNoFindings   = audit.Text{EN: "no findings", ZH: "没有发现问题"}
	msgWaivedN      = audit.Text{EN: "{n} waived", ZH: "豁免 {n}"}
	msgBaselinedN   = audit.Text{EN: "{n} known before", ZH: "历史遗留 {n}"}
	msgUndetermined = audit.Text{EN: "{n} undetermined", ZH: "未判定 {n}"}

	msgNotes      = audit.Text{EN: "Good to know", ZH: "供参考"}
	msgNotesMore  = audit.Text{EN: "-v tells more", ZH: "-v 查看详情"}
	msgIncomplete = audit.Text{EN: "Could not be determined", ZH: "未能判定"}
	msgWaived     = audit.Text{EN: "Waived", ZH: "已豁免"}
	msgChecks     = audit.Text{EN: "Checks", ZH: "检查项"}
	msgEvidence   = audit.Text{EN: "Evidence", ZH: "证据"}

	msgAt       = audit.Text{EN: "at", ZH: "位置"}
	msgFix      = audit.Text{EN: "fix", ZH: "整改"}
	msgWhy      = audit.Text{EN: "why", ZH: "原因"}
	msgControls = audit.Text{EN: "controls", ZH: "条款"}
	msgProof    = audit.Text{EN: "evidence", ZH: "证据"}
	msgSubjects = audit.Text{EN: "subjects", ZH: "对象"}
	msgSee      = audit.Text{EN: "see", ZH: "参见"}
	msgRule     = audit.Text{EN: "rule", ZH: "规则"}
	msgExample  = audit.Text{EN: "such as", ZH: "例如"}

	msgMore      = audit.Text{EN: "and {n} more (-v lists all)", ZH: "另有 {n} 个（-v 列出全部）"}
	msgMoreLines = audit.Text{EN: "({n} more lines: -v)", ZH: "（另有 {n} 行：-v）"}
	msgUntil     = audit.Text{EN: "{rule} {subject}, until {date}: {reason} ({owner})", ZH: "{rule} {subject}，有效期至 {date}：{reason}（{owner}）"}
	msgCount     = audit.Text{EN: "{n} {what}", ZH: "{what} {n}"}
	msgFigure    = audit.Text{EN: "{what} ({counts})", ZH: "{what}（{counts}）"}
	msgAside     = audit.Text{EN: " ({text})", ZH: "（{text}）"}
	msgOf        = audit.Text{EN: "{title}: {subject}", ZH: "{title}：{subject}"}

	msgSeverity  = audit.Text{EN: "Severity", ZH: "严重级别"}
	msgOpen      = audit.Text{EN: "Open", ZH: "待整改"}
	msgBaselined = audit.Text{EN: "Known before", ZH: "历史遗留"}
	msgCheck     = audit.Text{EN: "Check", ZH: "检查项"}
	msgOutcome   = audit.Text{EN: "Outcome", ZH: "结果"}
	msgSeconds   = audit.Text{EN: "Seconds", ZH: "耗时（秒）"}
	msgReason    = audit.Text{EN: "Reason", ZH: "原因"}
	msgKind      = audit.Text{EN: "Kind", ZH: "类型"}
	msgSize      = audit.Text{EN: "Bytes", ZH: "字节数"}
	msgDigest    = audit.Text{EN: "Digest", ZH: "摘要值"}
	msgSubject   = audit.Text{EN: "Subject", ZH: "对象"}
	msgOwner     = audit.Text{EN: "Owner", ZH: "责任人"}
	msgExpires   = audit.Text{EN: "Expires", ZH: "到期日"}
	msgFigures   = audit.Text{EN: "Figures", ZH: "数据"}
	msgMoreItems = audit.Text{EN: "{n} more are in the JSON report.", ZH: "另有 {n} 项，见 JSON 报告。"}

	msgDirectory = audit.Text{
		EN: "the root of the checkout that the audited directory is in, or that directory if it is in none",
		ZH: "被审计目录所在的代码检出的根目录；不在检出中时，为该目录本身",
	}

	msgItems = audit.Text{EN: "The JSON report lists {n}.", ZH: "共 {n} 项，见 JSON 报告。"}

	msgProgress = audit.Text{EN: "checks {done}/{total}", ZH: "检查项 {done}/{total}"}
)

// say fills one of the messages above. Their arguments are given by the
// writers, so an error is a mistake in this package.
func say(lang audit.Lang, t audit.Text, args audit.Args) string {
	s, err := t.Format(lang, args)
	if err != nil {
		panic(err)
	}
	return s
}

// join lists what counts or words say.
func join(lang audit.Lang, parts []string) string {
	if lang == audit.Chinese {
		return strings.Join(parts, "，")
	}
	return strings.Join(parts, ", ")
}

// colon stands behind a label.
func colon(lang audit.Lang) string {
	if lang == audit.Chinese {
		return "："
	}
	return ": "
}

// enumerate lists names.
func enumerate(lang audit.Lang, names []string) string {
	if lang == audit.Chinese {
		return strings.Join(names, "、")
	}
	return strings.Join(names, ", ")
}

// kindOf names the kind of a subject.
func kindOf(lang audit.Lang, kind string) string {
	if t, ok := wordKind[kind]; ok {
		return t.In(lang)
	}
	return clean(kind)
}

// count says how many subjects of one kind there are.
func count(lang audit.Lang, kind string, n int) string {
	t, ok := wordKinds[kind]
	if !ok {
		t = wordSubjects
	}
	return say(lang, t, audit.Args{"n": n})
}

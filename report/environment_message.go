// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import "github.com/goassay/assay/audit"

// The words of Options.Environment.
var (
	wordSource = map[string]audit.Text{
		"process": {EN: "process", ZH: "进程环境"},
		"builtin": {EN: "built in", ZH: "内置"},
	}
	wordPlace = map[string]audit.Text{
		"local":    {EN: "the go command itself", ZH: "即当前的 go 命令"},
		"path":     {EN: "a program of that name in PATH", ZH: "PATH 中的同名程序"},
		"cache":    {EN: "from the module cache", ZH: "取自模块缓存"},
		"download": {EN: "downloaded through GOPROXY when a command runs", ZH: "执行命令时经 GOPROXY 下载"},
		"none":     {EN: "not found in PATH, so commands fail", ZH: "PATH 中不存在，命令将执行失败"},
	}
)

var (
	msgName   = audit.Text{EN: "NAME", ZH: "变量"}
	msgValue  = audit.Text{EN: "VALUE", ZH: "取值"}
	msgSource = audit.Text{EN: "SOURCE", ZH: "来源"}

	msgVariables   = audit.Text{EN: "Environment of the go command", ZH: "go 命令的环境"}
	msgVia         = audit.Text{EN: "{name}, {source}", ZH: "{name}，{source}"}
	msgBuiltinMore = audit.Text{EN: "{n} more are built in (-v lists all)", ZH: "另有 {n} 个为内置值（-v 列出全部）"}

	msgChain        = audit.Text{EN: "Proxy chain", ZH: "代理链"}
	msgChainRefused = audit.Text{EN: "the go command refuses it and downloads nothing: {error}", ZH: "go 命令拒绝该值，不会下载任何内容：{error}"}
	msgNextNotFound = audit.Text{EN: "next on 404 and 410", ZH: "返回 404 或 410 时转下一项"}
	msgNextAny      = audit.Text{EN: "next on any error", ZH: "出现任何错误时转下一项"}
	msgLast         = audit.Text{EN: "the last: an error is final", ZH: "末项：出错即失败"}
	msgDirect       = audit.Text{EN: "from version control", ZH: "直接从版本库获取"}
	msgOff          = audit.Text{EN: "nothing is downloaded", ZH: "不下载任何内容"}
	msgDead         = audit.Text{EN: "dead: never reached", ZH: "不生效：永远不会用到"}
	msgCredentials  = audit.Text{EN: "with credentials", ZH: "带有凭据"}

	msgToolchain   = audit.Text{EN: "Toolchain that would run", ZH: "将会使用的工具链"}
	msgNoToolchain = audit.Text{EN: "could not be determined (GOTOOLCHAIN={setting})", ZH: "未能确定（GOTOOLCHAIN={setting}）"}
	msgNoSwitching = audit.Text{EN: "toolchains are not switched", ZH: "不切换工具链"}
	msgRequired    = audit.Text{EN: "too old: {file} requires go {version}, so commands fail", ZH: "版本过低：{file} 要求 go {version}，命令将执行失败"}

	msgSurroundings = audit.Text{EN: "Settings around it", ZH: "周边设置"}
	msgUnknown      = audit.Text{EN: "could not be determined", ZH: "未能确定"}
)

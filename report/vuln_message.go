// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import "github.com/goassay/assay/audit"

// Where the data on vulnerabilities is from, if it has no name.
var wordVulnSource = map[string]audit.Text{
	"snapshot": {EN: "the copy in this program", ZH: "程序内置副本"},
}

// How deep was looked.
var wordVulnLevel = map[string]audit.Text{
	"module":  {EN: "versions alone", ZH: "仅比对版本"},
	"package": {EN: "down to packages", ZH: "分析到包"},
	"symbol":  {EN: "down to functions", ZH: "分析到函数"},
}

var (
	msgVulnerabilities = audit.Text{EN: "Known vulnerabilities", ZH: "已知漏洞"}
	msgVulnData        = audit.Text{EN: "data of {date}, {days} days old, from {source}", ZH: "漏洞数据日期 {date}（{days} 天前），来源：{source}"}
	msgOffline         = audit.Text{EN: "offline", ZH: "离线"}
	msgTags            = audit.Text{EN: "build tags {tags}", ZH: "构建标签 {tags}"}
	msgNotBuilt        = audit.Text{EN: "not built here, and not looked at: {folders}", ZH: "当前平台和构建标签下不参与构建，未检查：{folders}"}
	msgOtherModules    = audit.Text{EN: "other modules, not looked at: {folders}", ZH: "属于其他模块，未检查：{folders}"}
	msgUnseen          = audit.Text{EN: "not all folders could be read", ZH: "部分目录无法读取"}

	msgUpgrades  = audit.Text{EN: "Upgrades that fix known vulnerabilities", ZH: "可修复已知漏洞的升级"}
	msgUpgrade   = audit.Text{EN: "{module} {from} to {to}", ZH: "{module} {from} 升级到 {to}"}
	msgNoUpgrade = audit.Text{EN: "{module} {from}", ZH: "{module} {from}"}
	msgFixes     = audit.Text{EN: "fixes {n}{counts}", ZH: "修复 {n} 个{counts}"}
	msgLeaves    = audit.Text{EN: "no fix for {n}{counts}", ZH: "{n} 个尚无修复{counts}"}
)

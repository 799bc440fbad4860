// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import "github.com/goassay/assay/audit"

// Where the data on vulnerabilities is from, if it has no name.
var wordVulnSource = map[string]audit.Text{
	"snapshot": {EN: "the copy in this program", ZH: "程序内置副本"},
}

var (
	msgUpgrades  = audit.Text{EN: "Upgrades that fix known vulnerabilities", ZH: "可修复已知漏洞的升级"}
	msgUpgrade   = audit.Text{EN: "{module} {from} to {to}", ZH: "{module} {from} 升级到 {to}"}
	msgNoUpgrade = audit.Text{EN: "{module} {from}", ZH: "{module} {from}"}
	msgFixes     = audit.Text{EN: "fixes {n}{counts}", ZH: "修复 {n} 个{counts}"}
	msgLeaves    = audit.Text{EN: "no fix for {n}{counts}", ZH: "{n} 个尚无修复{counts}"}
	msgVulnData  = audit.Text{EN: "vulnerability data of {date}, {days} days old, from {source}", ZH: "漏洞数据日期 {date}（{days} 天前），来源：{source}"}
	msgOffline   = audit.Text{EN: "offline", ZH: "离线"}
)

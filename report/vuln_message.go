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

// What becomes of an upgrade that the build list does not simply allow.
var wordVulnGraph = map[string]audit.Text{
	"raised":      {EN: "others need {selected}, which is selected", ZH: "其他模块要求 {selected}，实际选用该版本"},
	"replaced":    {EN: "a replace line stands in the way", ZH: "受 replace 指令影响，升级不生效"},
	"excluded":    {EN: "an exclude line stands in the way", ZH: "该版本被 exclude 指令排除"},
	"newer-go":    {EN: "needs Go {go}", ZH: "需要 Go {go}"},
	"unavailable": {EN: "go get cannot have this version", ZH: "go get 无法获取该版本"},
	"main-module": {EN: "it is a main module: check out a fixed version", ZH: "属于主模块，请检出已修复的版本"},
	"unknown":     {EN: "whether the build list allows it is not known", ZH: "无法确定构建列表是否允许"},
}

var (
	msgVulnerabilities = audit.Text{EN: "Known vulnerabilities", ZH: "已知漏洞"}
	msgVulnData        = audit.Text{EN: "data of {date}, {days} days old, from {source}", ZH: "漏洞数据日期 {date}（{days} 天前），来源：{source}"}
	msgOffline         = audit.Text{EN: "offline", ZH: "离线"}
	msgTags            = audit.Text{EN: "build tags {tags}", ZH: "构建标签 {tags}"}
	msgNotBuilt        = audit.Text{EN: "not built here, and not looked at: {folders}", ZH: "当前平台和构建标签下不参与构建，未检查：{folders}"}
	msgOtherModules    = audit.Text{EN: "other modules, not looked at: {folders}", ZH: "属于其他模块，未检查：{folders}"}
	msgUnseen          = audit.Text{EN: "not all folders could be read", ZH: "部分目录无法读取"}

	msgMoves  = audit.Text{EN: "also changes: {modules}", ZH: "同时变更：{modules}"}
	msgGoLine = audit.Text{EN: "raises the go line: {from} -> {to}", ZH: "提升 go 指令：{from} -> {to}"}
	msgBrings = audit.Text{EN: "brings vulnerabilities that were not there: {ids}", ZH: "会引入新的漏洞：{ids}"}

	msgUpgrades  = audit.Text{EN: "Modules with known vulnerabilities, and what fixes them", ZH: "存在已知漏洞的模块及修复方式"}
	msgUpgrade   = audit.Text{EN: "{module} {from} to {to}", ZH: "{module} {from} 升级到 {to}"}
	msgNoUpgrade = audit.Text{EN: "{module} {from}", ZH: "{module} {from}"}
	msgFixes     = audit.Text{EN: "fixes {n}{counts}", ZH: "修复 {n} 个{counts}"}
	msgLeaves    = audit.Text{EN: "no fix for {n}{counts}", ZH: "{n} 个尚无修复{counts}"}
)

// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import "github.com/goassay/assay/audit"

// The words of endpoints.
var (
	wordState = map[string]audit.Text{
		"offered":     {EN: "offered", ZH: "支持"},
		"not-offered": {EN: "not offered", ZH: "不支持"},
		"unknown":     {EN: "unknown", ZH: "未知"},
	}
	wordRefusal = map[string]audit.Text{ // but for alerts
		"closed": {EN: "connection closed", ZH: "连接被关闭"},
		"reset":  {EN: "connection reset", ZH: "连接被重置"},
	}
	wordPreference = map[string]audit.Text{
		"server":  {EN: "in the server's order", ZH: "以服务端顺序为准"},
		"client":  {EN: "in the client's order", ZH: "以客户端顺序为准"},
		"neither": {EN: "in no one order", ZH: "无固定顺序"},
	}
	wordClientAuth = map[string]audit.Text{
		"none":     {EN: "not asked for", ZH: "不要求"},
		"optional": {EN: "asked for, optional", ZH: "要求出示，可不提供"},
		"required": {EN: "required", ZH: "必需"},
		"http":     {EN: "required in HTTP", ZH: "必需（由 HTTP 层校验）"},
		"unknown":  {EN: "unknown", ZH: "未知"},
	}
	wordWeakness = map[string]audit.Text{
		"null":               {EN: "no encryption", ZH: "不加密"},
		"anonymous":          {EN: "anonymous", ZH: "匿名"},
		"export":             {EN: "export", ZH: "出口级"},
		"rc4":                {EN: "RC4", ZH: "RC4"},
		"des":                {EN: "DES", ZH: "DES"},
		"3des":               {EN: "3DES", ZH: "3DES"},
		"64-bit-block":       {EN: "64-bit blocks", ZH: "64 位分组"},
		"md5":                {EN: "MD5", ZH: "MD5"},
		"sha1-mac":           {EN: "HMAC-SHA-1", ZH: "HMAC-SHA-1"},
		"cbc":                {EN: "CBC", ZH: "CBC"},
		"truncated-tag":      {EN: "short tag", ZH: "认证标签过短"},
		"no-forward-secrecy": {EN: "no forward secrecy", ZH: "无前向保密"},
		"unregistered":       {EN: "unregistered", ZH: "未注册"},
	}
)

var (
	msgEndpoints   = audit.Text{EN: "Endpoints", ZH: "端点"}
	msgConnections = audit.Text{EN: "connections: {n}", ZH: "{n} 个连接"}
	msgUnreached   = audit.Text{EN: "could not be reached", ZH: "无法连接"}
	msgVersion     = audit.Text{EN: "VERSION", ZH: "版本"}
	msgState       = audit.Text{EN: "STATE", ZH: "状态"}
	msgSuite       = audit.Text{EN: "CIPHER SUITE", ZH: "密码套件"}
	msgBits        = audit.Text{EN: "BITS", ZH: "强度"}
	msgSuiteCount  = audit.Text{EN: "suites: {n}", ZH: "{n} 个套件"}
	msgUndecided   = audit.Text{EN: "{n} unknown", ZH: "{n} 个未知"}
	msgAlert       = audit.Text{EN: "alert {alert}", ZH: "告警 {alert}"}
	msgGroups      = audit.Text{EN: "groups", ZH: "密钥交换组"}
	msgPostQuantum = audit.Text{EN: "post-quantum", ZH: "抗量子"}
	msgSignatures  = audit.Text{EN: "signatures", ZH: "签名算法"}
	msgCertificate = audit.Text{EN: "certificate", ZH: "证书"}
	msgClientAuth  = audit.Text{EN: "client certificate", ZH: "客户端证书"}
	msgPlaintext   = audit.Text{EN: "in clear", ZH: "明文协议"}
	msgStartTLS    = audit.Text{EN: "STARTTLS {state}", ZH: "STARTTLS {state}"}
	msgProfile     = audit.Text{EN: "profile", ZH: "配置基线"}
	msgALPN        = audit.Text{EN: "ALPN", ZH: "ALPN"}
	msgValidUntil  = audit.Text{EN: "until {date}", ZH: "有效期至 {date}"}
	msgIssuer      = audit.Text{EN: "issued by {issuer}", ZH: "由 {issuer} 签发"}
)

// wordOutcomes are what is said of the clauses of a profile, in the order in which it
// matters.
var wordOutcomes = []struct {
	outcome string
	text    audit.Text
}{
	{"met", audit.Text{EN: "{n} met", ZH: "{n} 项满足"}},
	{"gap", audit.Text{EN: "{n} not met", ZH: "{n} 项不满足"}},
	{"unknown", audit.Text{EN: "{n} unknown", ZH: "{n} 项未知"}},
	{"manual", audit.Text{EN: "{n} to be looked at", ZH: "{n} 项须人工核查"}},
	{"not-applicable", audit.Text{EN: "{n} not applicable", ZH: "{n} 项不适用"}},
}

// The words of the calendar.
var (
	msgCertificateEnds = audit.Text{EN: "Certificate of {endpoints} ends", ZH: "{endpoints} 的证书到期"}
	msgCertificateIs   = audit.Text{EN: "{subject}, issued by {issuer}, serial number {serial}, pin {spki}", ZH: "{subject}，签发者 {issuer}，序列号 {serial}，公钥指纹 {spki}"}
)

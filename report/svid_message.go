// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import "github.com/goassay/assay/audit"

// The words of SVIDs. Their defects are the catalogue's.
var wordSVIDTrust = map[string]audit.Text{
	"trusted":   {EN: "verified against the trust domain's bundle", ZH: "已通过信任包验证"},
	"untrusted": {EN: "not issued by the trust domain", ZH: "不是由该信任域签发"},
	"unknown":   {EN: "not verified: no bundle", ZH: "未验证（没有可用的信任包）"},
}

var (
	msgSVIDs        = audit.Text{EN: "SVIDs", ZH: "SVID"}
	msgSPIFFEID     = audit.Text{EN: "SPIFFE ID", ZH: "SPIFFE ID"}
	msgTrustDomain  = audit.Text{EN: "trust domain", ZH: "信任域"}
	msgSVIDValidity = audit.Text{EN: "validity", ZH: "有效期"}
	msgSVIDChain    = audit.Text{EN: "chain", ZH: "证书链"}
	msgDefects      = audit.Text{EN: "defects", ZH: "缺陷"}
	msgIssued       = audit.Text{EN: "issued", ZH: "签发"}
	msgNone         = audit.Text{EN: "none", ZH: "无"}
	msgExpired      = audit.Text{EN: "expired", ZH: "已过期"}
	msgUntilMinute  = audit.Text{EN: "until {time}", ZH: "至 {time}"}
	msgHeadroom     = audit.Text{EN: "{percent} % of the lifetime left", ZH: "剩余 {percent}%"}
	msgFromWorkload = audit.Text{EN: "from the Workload API at {socket}", ZH: "来自 {socket} 处的 Workload API"}
	msgIssuedN      = audit.Text{EN: "certificates: {n} in {watched}", ZH: "{watched} 内 {n} 张证书"}
	msgBundleN      = audit.Text{EN: "authorities in the bundle: {n}", ZH: "信任包含 {n} 张 CA 证书"}
	msgWithdrawn    = audit.Text{EN: "withdrawn at {time}", ZH: "已于 {time} 撤回"}
)

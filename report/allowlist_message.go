// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/allowlist"
)

// The words of the allowlist application.
var (
	formTitle    = audit.Text{EN: "Network Access Allowlist Application", ZH: "网络访问白名单申请表"}
	formSubtitle = audit.Text{EN: "Firewall rules for Go builds", ZH: "防火墙放行申请（Go 软件构建）"}
	formMade     = audit.Text{EN: "Measured {time} by assay, format {schema}", ZH: "采集时间：{time}；由 assay 生成，格式 {schema}"}

	formPartApplicant = audit.Text{EN: "I. Application", ZH: "一、申请信息"}
	formPartSummary   = audit.Text{EN: "II. Access applied for", ZH: "二、访问需求汇总"}
	formPartServices  = audit.Text{EN: "III. Services", ZH: "三、服务明细"}
	formPartSettings  = audit.Text{EN: "IV. Configuration of the go command", ZH: "四、go 命令相关配置"}
	formPartRemarks   = audit.Text{EN: "V. Remarks", ZH: "五、补充说明"}
	formPartSigning   = audit.Text{EN: "VI. Approval", ZH: "六、审批意见"}

	formApplicant  = audit.Text{EN: "Applicant", ZH: "申请人"}
	formDepartment = audit.Text{EN: "Department", ZH: "申请部门"}
	formContact    = audit.Text{EN: "Contact", ZH: "联系方式"}
	formOwner      = audit.Text{EN: "Owner", ZH: "责任人"}
	formModule     = audit.Text{EN: "Go module", ZH: "所属项目（Go 模块）"}
	formPurpose    = audit.Text{EN: "Purpose", ZH: "用途说明"}
	formBasis      = audit.Text{EN: "Compliance basis", ZH: "合规依据"}
	formValidity   = audit.Text{EN: "Validity", ZH: "有效期"}
	formSource     = audit.Text{EN: "Source addresses (build hosts)", ZH: "源地址（构建主机）"}
	formFromUntil  = audit.Text{EN: "{from} to {until}", ZH: "{from} 至 {until}"}
	formBlank      = audit.Text{EN: "to be filled in", ZH: "待填写"}

	formNumber    = audit.Text{EN: "No.", ZH: "序号"}
	formService1  = audit.Text{EN: "Service", ZH: "服务名称"}
	formHost      = audit.Text{EN: "Domain", ZH: "服务域名"}
	formAddresses = audit.Text{EN: "IP ranges (CIDR)", ZH: "IP 地址段（CIDR）"}
	formObserved  = audit.Text{EN: "Resolved to", ZH: "实测解析地址"}
	formPort      = audit.Text{EN: "Port and protocol", ZH: "端口与协议"}
	formVia       = audit.Text{EN: "Through proxy", ZH: "经由出口代理"}
	formHeading   = audit.Text{EN: "{n}. {roles}: {endpoint}", ZH: "{n}. {roles}：{endpoint}"}
	formKnown     = audit.Text{EN: "Why this host", ZH: "需求来源"}

	formTLS           = audit.Text{EN: "TLS fingerprints", ZH: "TLS 证书指纹"}
	formLeaf          = audit.Text{EN: "Certificate:", ZH: "证书指纹："}
	formSPKI          = audit.Text{EN: "Public key (SPKI), unchanged by renewal with the same key:", ZH: "公钥指纹（SPKI，同密钥续期时不变）："}
	formCertificate   = audit.Text{EN: "Certificate", ZH: "证书信息"}
	formIssuer        = audit.Text{EN: "Issuer: {name}", ZH: "颁发者：{name}"}
	formNames         = audit.Text{EN: "Names: {names}", ZH: "证书域名：{names}"}
	formTrusted       = audit.Text{EN: "The chain verifies.", ZH: "证书链验证通过。"}
	formUntrusted     = audit.Text{EN: "The chain does NOT verify: {error}", ZH: "证书链验证未通过：{error}"}
	formNoTLS         = audit.Text{EN: "none: plain HTTP", ZH: "无（明文 HTTP）"}
	formUnknownWhy    = audit.Text{EN: "{reason}: {detail}", ZH: "{reason}：{detail}"}
	formUnknownNoMore = audit.Text{EN: "unknown", ZH: "未知"}
	formUnknown       = audit.Text{EN: "unknown ({reason})", ZH: "未知（{reason}）"}

	formURLs     = audit.Text{EN: "URLs", ZH: "URL 路径"}
	formURL      = audit.Text{EN: "URL", ZH: "URL 路径"}
	formMatch    = audit.Text{EN: "Match", ZH: "匹配方式"}
	formUse      = audit.Text{EN: "Requested for", ZH: "用途"}
	formOptional = audit.Text{EN: "{use} (only by assay, for verification; optional)", ZH: "{use}（仅 assay 校验时使用，可选）"}
)

// formRole says what a host of a role is, and why builds need it.
type formRole struct{ name, purpose audit.Text }

var formRoles = map[allowlist.Role]formRole{
	allowlist.ModuleProxy: {
		audit.Text{EN: "Go module proxy", ZH: "Go 模块代理"},
		audit.Text{EN: "Download of the dependencies of Go builds", ZH: "下载 Go 构建所需的依赖模块"},
	},
	allowlist.ChecksumDB: {
		audit.Text{EN: "Go checksum database", ZH: "Go 校验和数据库"},
		audit.Text{EN: "Verification that dependencies are what everybody else gets", ZH: "校验依赖模块的完整性，防止被篡改或替换"},
	},
	allowlist.Toolchains: {
		audit.Text{EN: "Go toolchain download", ZH: "Go 工具链下载"},
		audit.Text{EN: "Download of the Go toolchain that a module asks for", ZH: "下载模块所要求版本的 Go 工具链"},
	},
	allowlist.VersionCtrl: {
		audit.Text{EN: "Version control", ZH: "代码仓库"},
		audit.Text{EN: "Download of modules directly from their repository", ZH: "从代码仓库直接获取不经代理的模块"},
	},
	allowlist.EgressProxy: {
		audit.Text{EN: "Egress proxy", ZH: "出口代理"},
		audit.Text{EN: "Way out for the connections listed as through this proxy", ZH: "承载标注为经由该代理的各项访问"},
	},
}

var formKnownBy = map[allowlist.Basis]audit.Text{
	allowlist.Configured: {EN: "Named by the configuration of the go command", ZH: "go 命令配置中指定"},
	allowlist.Observed:   {EN: "Named by a server's answer", ZH: "服务器响应中给出"},
	allowlist.Inferred:   {EN: "Inferred from module paths; the answer of this host may lead to others", ZH: "由模块路径推断；该主机的响应可能指向其他主机"},
}

var formMatches = map[allowlist.Match]audit.Text{
	allowlist.Exact:    {EN: "exact", ZH: "精确"},
	allowlist.Template: {EN: "pattern", ZH: "含占位符"},
	allowlist.Prefix:   {EN: "prefix", ZH: "前缀"},
}

var formUses = map[allowlist.Use]audit.Text{
	allowlist.UseList:       {EN: "Versions of a module", ZH: "查询模块版本列表"},
	allowlist.UseLatest:     {EN: "Latest version of a module", ZH: "查询模块最新版本"},
	allowlist.UseInfo:       {EN: "Time of a version", ZH: "查询版本信息"},
	allowlist.UseGoMod:      {EN: "go.mod of a version", ZH: "下载 go.mod"},
	allowlist.UseZip:        {EN: "Source code of a version", ZH: "下载模块源码包"},
	allowlist.UseToolchain:  {EN: "Go toolchain", ZH: "下载 Go 工具链"},
	allowlist.UseSupported:  {EN: "Whether the proxy passes the checksum database on", ZH: "探测代理是否转发校验和数据库"},
	allowlist.UseLookup:     {EN: "Checksum record of a version", ZH: "查询版本的校验和记录"},
	allowlist.UseTile:       {EN: "Tile of the Merkle tree", ZH: "读取 Merkle 树数据块"},
	allowlist.UseTreeHead:   {EN: "Signed tree head", ZH: "读取已签名的树头"},
	allowlist.UseDiscovery:  {EN: "Repository of a module; with the query go-get=1", ZH: "查询模块所在仓库；实际请求带查询参数 go-get=1"},
	allowlist.UseRepository: {EN: "Git references; with the query service=git-upload-pack", ZH: "读取 Git 引用；实际请求带查询参数 service=git-upload-pack"},
	allowlist.UseUploadPack: {EN: "Git objects; method POST", ZH: "下载 Git 对象；使用 POST 方法"},
}

var formReasons = map[allowlist.Reason]audit.Text{
	allowlist.ReasonOffline:   {EN: "measured offline", ZH: "离线生成，未采集"},
	allowlist.ReasonResolve:   {EN: "the name does not resolve", ZH: "域名解析失败"},
	allowlist.ReasonConnect:   {EN: "no connection", ZH: "无法建立连接"},
	allowlist.ReasonProxy:     {EN: "no connection through the egress proxy", ZH: "无法经出口代理建立连接"},
	allowlist.ReasonHandshake: {EN: "the TLS handshake failed", ZH: "TLS 握手失败"},
}

var formRemarks = map[allowlist.RemarkKind]audit.Text{
	allowlist.RemarkEgressProxy:      {EN: "Connections go through {detail}: a firewall in front of the build hosts sees only that proxy; the rules for the other hosts belong on the proxy.", ZH: "访问经由出口代理 {detail}：构建主机侧的防火墙只能看到该代理，其余主机的放行规则应配置在代理上。"},
	allowlist.RemarkDirectFallback:   {EN: "GOPROXY goes on to direct: a module that the proxies do not have is then fetched from its own host. Those hosts cannot be known beforehand and are not applied for.", ZH: "GOPROXY 含 direct 回退：代理上没有的模块会改从其自身主机获取。此类主机无法预知，不在本次申请之内。"},
	allowlist.RemarkDirect:           {EN: "Some modules come directly from version control. Their hosts are inferred from the module paths.", ZH: "部分模块直接取自代码仓库，其主机由模块路径推断得出。"},
	allowlist.RemarkNoModules:        {EN: "GOPROXY is direct, and no module is known: the hosts of modules are MISSING in this form.", ZH: "GOPROXY 为 direct，但没有可用的模块清单：本表缺少模块所在主机。"},
	allowlist.RemarkFileProxy:        {EN: "{detail} is a folder and needs no network.", ZH: "{detail} 为本地目录，不产生网络访问。"},
	allowlist.RemarkOff:              {EN: "GOPROXY ends in off: nothing is downloaded from anywhere else.", ZH: "GOPROXY 以 off 结束：不会从其他任何位置下载。"},
	allowlist.RemarkSumDBOff:         {EN: "The checksum database is switched off (GOSUMDB=off or GONOSUMDB=*): new modules are accepted unverified.", ZH: "校验和数据库已关闭（GOSUMDB=off 或 GONOSUMDB=*）：新增模块将不经校验即被接受。"},
	allowlist.RemarkSumDBUnknown:     {EN: "The way to the checksum database is unknown, so a host or URLs may be MISSING in this form: {detail}", ZH: "未能确定校验和数据库的访问路径，本表可能缺少相应的主机或 URL：{detail}"},
	allowlist.RemarkCredentials:      {EN: "Access to {detail} needs credentials. They are not part of this form.", ZH: "访问 {detail} 需要身份凭据，凭据不写入本表。"},
	allowlist.RemarkNoToolchain:      {EN: "GOTOOLCHAIN allows no download of toolchains.", ZH: "GOTOOLCHAIN 不允许下载工具链。"},
	allowlist.RemarkResolved:         {EN: "Where the policy gives no ranges, the ranges are the addresses that the name resolved to when measured. Hosts behind a content network change theirs.", ZH: "策略文件未指定地址段的主机，地址段取自采集时的域名解析结果；使用 CDN 的主机地址可能变化。"},
	allowlist.RemarkBasisSuggested:   {EN: "The policy names no compliance basis. The clauses shown are a suggestion that the applicant has to confirm.", ZH: "策略文件未填写合规依据，表中所列条款为建议，须由申请人确认。"},
	allowlist.RemarkUnusable:         {EN: "The entry {detail} of GOPROXY names no host that the go command could reach.", ZH: "GOPROXY 中的 {detail} 未指明可访问的主机，go 命令无法使用。"},
	allowlist.RemarkHTTP:             {EN: "{detail} is reached without TLS: neither its identity nor the traffic is protected.", ZH: "{detail} 使用明文 HTTP：对端身份与传输内容均无保护。"},
	allowlist.RemarkDirectRepository: {EN: "The answer of {detail} tells where its modules' repositories are. They may be on hosts that this form does not hold.", ZH: "{detail} 的响应决定其模块仓库的位置，仓库可能位于本表未列出的主机。"},
}

// formNotes explain the URLs of every form.
var formNotes = []audit.Text{
	{
		EN: "URLs are requested with GET unless their row says otherwise. They are listed without queries. No host is a wildcard.",
		ZH: "除另有注明外，URL 均以 GET 方法请求；所列 URL 不含查询参数，主机均不使用通配符。",
	},
	{
		EN: "Placeholders stand in paths only. {{module}}: one or more path segments, a capital letter written as %21 or ! and the small one. {{version}}: within one segment. {{level}} and {{index}}: numbers of a tile, the second as x001/234, also with .p/5 behind. {{repository}}: one or more segments.",
		ZH: "占位符只出现在路径中。{{module}}：一个或多个路径段，大写字母写作 %21 或 ! 加小写字母；{{version}}：单个路径段之内；{{level}} 与 {{index}}：数据块的层号与序号，后者形如 x001/234，可带 .p/5 后缀；{{repository}}：一个或多个路径段。",
	},
}

var formSigners = []audit.Text{
	{EN: "Applicant (signature, date)", ZH: "申请人签字 / 日期"},
	{EN: "Head of department (signature, date)", ZH: "部门负责人意见 / 签字 / 日期"},
	{EN: "Network security office (decision, signature, date)", ZH: "网络安全管理部门意见 / 签字 / 日期"},
	{EN: "Rule set up by (name, date)", ZH: "策略实施人 / 日期"},
}

// formClauses are the words of clauses that forms cite.
var formClauses = map[string]audit.Text{
	"GB/T 22239-2019 8.1.3.2 a)": {
		EN: "Access control: rules at the boundary that refuse by default all but allowed communication",
		ZH: "访问控制：应在网络边界或区域之间根据访问控制策略设置访问控制规则，默认情况下除允许通信外受控接口拒绝所有通信",
	},
	"GB/T 22239-2019 8.1.3.2 b)": {
		EN: "Access control: no superfluous or invalid rules, the fewest rules possible",
		ZH: "访问控制：应删除多余或无效的访问控制规则，优化访问控制列表，并保证访问控制规则数量最小化",
	},
	"GB/T 22239-2019 8.1.3.2 c)": {
		EN: "Access control: source and destination address, ports and protocol are checked to let packets in and out",
		ZH: "访问控制：应对源地址、目的地址、源端口、目的端口和协议等进行检查，以允许/拒绝数据包进出",
	},
}

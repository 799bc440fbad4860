// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/sbom/attest"
	"github.com/goassay/assay/sbom/authority"
)

// sbomCommands are the verbs that read bills of materials.
func (inv *invocation) sbomCommands() []*cobra.Command {
	return []*cobra.Command{inv.sbomVerifyCommand(), inv.sbomCheckCommand(), inv.sbomDiffCommand()}
}

func (inv *invocation) sbomVerifyCommand() *cobra.Command {
	var o options
	var proofs, attestation string
	var keys []string
	var download bool
	cmd := &cobra.Command{
		Use:   "verify FILE...",
		Short: inv.say(text{"verify what a bill of materials says", "核验物料清单的内容"}),
		Long: inv.say(text{
			`Verify reads bills of materials of any tool, in CycloneDX and SPDX, and verifies what can be
verified: the form by the official schema; references, package URLs and hashes for what
they cannot be; the hashes, h1: hashes and licences of Go modules against the zip files in
the module cache, or from the proxy with --download; and that the checksum database has
the h1: hashes, by the bundle that the document names or --proofs, offline, or else by
asking the log. A document that assay wrote and somebody changed is found by its identifier;
who derives that again, too, is found with --key: one of the keys must have signed the document,
as the attestation beside it shows (FILE.intoto.jsonl, written with --sign).

What a document says and nothing could be held against is not verified: exit code 3.`,
			`verify 读取任何工具生成的 CycloneDX 和 SPDX 物料清单，核验可以核验的一切：格式是否符合
官方模式定义；引用、purl 和哈希是否自洽；Go 模块的哈希、h1: 哈希和许可证是否与模块缓存
（加 --download 则为代理）中的压缩包一致；h1: 哈希是否在校验和数据库中——依据文档所指或
--proofs 给出的证据包离线核验，否则向日志查询。assay 写出后被改动的文档可由其标识发现；若
标识也被重算，则用 --key 指定公钥：文档须经其中之一签名，以旁边的签名证明为凭
（文件名.intoto.jsonl，由 --sign 写出）。

文档中无法对照核验的内容视为未核验，退出码为 3。`,
		}),
		Example: `  assay sbom verify server.cdx.json
  assay sbom verify --offline server.cdx.json --proofs server.proofs
  assay sbom verify --offline server.cdx.json --key publisher.pem`,
		RunE: func(cmd *cobra.Command, args []string) error {
			target, name, err := inv.documentTarget(cmd, &o, args)
			if err != nil {
				return err
			}
			o.settings = map[string]string{checks.SettingBOMVerify: "true", checks.SettingBOMProofs: proofs}
			if download {
				o.settings[checks.SettingBOMDownload] = "true"
			}
			if err := inv.verificationKeys(&o, keys, attestation); err != nil {
				return err
			}
			list := []*audit.Check{checks.BOM}
			if proofs == "" && checks.BOMNeedsLog(target.Documents) {
				list = []*audit.Check{checks.BOMLogged, checks.SumDB}
			}
			return inv.judge(cmd.Context(), &o, target, name, list)
		},
	}
	inv.addFlags(cmd, &o)
	cmd.Flags().StringVar(&proofs, "proofs", "", inv.say(text{"bundle of proofs (default: the one that the document names)", "证据包（默认为文档中指明的文件）"}))
	cmd.Flags().BoolVar(&download, "download", false, inv.say(text{"download zip files that the module cache lacks", "下载模块缓存中没有的压缩包"}))
	cmd.Flags().StringArrayVar(&keys, "key", nil, inv.say(text{"public key, PEM, in `FILE`, that must have signed the document; repeatable: one of them", "签署文档的公钥文件（PEM）；可多次指定，任一即可"}))
	cmd.Flags().StringVar(&attestation, "attestation", "", inv.say(text{"attestation (default: FILE.intoto.jsonl beside the document)", "签名证明（默认为文档旁的 文件名.intoto.jsonl）"}))
	return cmd
}

// verificationKeys reads the public keys of --key.
func (inv *invocation) verificationKeys(o *options, files []string, attestation string) error {
	if len(files) == 0 {
		if attestation != "" {
			return usagef("name the key that must have signed it: --key FILE", "--attestation without --key")
		}
		return nil
	}
	var all []byte
	for _, file := range files {
		data, err := readBounded(file, 1<<20)
		if err != nil {
			return pathError(file, err)
		}
		if _, err := attest.ParsePublicKeys(data); err != nil {
			return usagef("a public key: openssl pkey -in KEY.pem -pubout", "--key %s: %v", shown(file), err)
		}
		all = append(append(all, data...), '\n')
	}
	o.recorded = map[string][]byte{checks.RecordedBOMKeys: all}
	o.settings[checks.SettingBOMAttestation] = attestation
	return nil
}

func (inv *invocation) sbomCheckCommand() *cobra.Command {
	var o options
	var profiles []string
	cmd := &cobra.Command{
		Use:   "check FILE... [--profile PROFILE]",
		Short: inv.say(text{"judge bills of materials by what authorities ask for", "按主管机构的要求评估物料清单"}),
		Long: inv.say(text{
			`Check judges bills of materials of any tool by what authorities ask for, clause by clause: ntia
(minimum elements, 2021), cisa-2025 (draft), cisa-2026, bsi-2.1 (BSI TR-03183-2). Without
--profile the form alone is judged. docs/sbom-authorities.md has the clauses.`,
			`check 按主管机构的要求逐条评估任何工具生成的物料清单：ntia（2021 年最低要素）、cisa-2025
（草案）、cisa-2026、bsi-2.1（BSI TR-03183-2）。不加 --profile 时只检查格式。各条款见
docs/sbom-authorities.zh.md。`,
		}),
		Example: `  assay sbom check --profile bsi-2.1 server.cdx.json
  assay sbom check --profile ntia --profile cisa-2025 --lang zh other.spdx.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var known []string
			for _, p := range authority.Profiles() {
				known = append(known, p.ID)
			}
			for _, id := range profiles {
				if _, err := authority.Find(id); err != nil {
					return unknownWord("profile", id, known)
				}
			}
			target, name, err := inv.documentTarget(cmd, &o, args)
			if err != nil {
				return err
			}
			o.settings = map[string]string{checks.SettingBOMProfiles: strings.Join(profiles, ",")}
			return inv.judge(cmd.Context(), &o, target, name, []*audit.Check{checks.BOM})
		},
	}
	inv.addFlags(cmd, &o)
	cmd.Flags().StringSliceVar(&profiles, "profile", nil, inv.say(text{"ntia, cisa-2025, cisa-2026 or bsi-2.1; repeatable", "ntia、cisa-2025、cisa-2026 或 bsi-2.1；可多次指定"}))
	return cmd
}

// documentTarget is a target of bills of materials alone.
func (inv *invocation) documentTarget(cmd *cobra.Command, o *options, args []string) (*audit.Target, audit.TargetRef, error) {
	if len(args) == 0 {
		return nil, audit.TargetRef{}, usagef(cmd.CommandPath()+" FILE...", "name a bill of materials")
	}
	target, name, err := inv.findMachine(o.dir)
	if err != nil {
		return nil, name, err
	}
	if target.Documents, err = present(args); err != nil {
		return nil, name, err
	}
	name.Documents = shownAll(args)
	return target, name, nil
}

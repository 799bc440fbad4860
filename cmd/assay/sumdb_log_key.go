// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/sumdb/sumlog"
)

func (inv *invocation) sumdbKeyNewCommand() *cobra.Command {
	var o logOptions
	var file string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: inv.say(text{"make a key, and an empty log that it signs", "生成密钥，并创建由其签名的空日志"}),
		Long: inv.say(text{
			`New makes a checksum database: a key pair for NAME, which is a host and an optional path
such as sum.corp.example, and an empty log. The private key is written into the log's
folder, or into the file that --key-file names, readable by its owner alone; "serve" does
not need it. The public key goes to standard output, in the form that GOSUMDB takes.`,
			`new 创建一个校验和数据库：为 NAME（主机名，可带路径，如 sum.corp.example）生成密钥对，并
创建空日志。私钥写入日志目录，或由 --key-file 指定的文件，仅属主可读；serve 不需要私钥。
公钥输出到标准输出，格式可直接用于 GOSUMDB。`,
		}),
		Example: `  assay sumdb key new sum.corp.example --log /srv/sumdb`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef(cmd.CommandPath()+" NAME --log DIR", "name the log")
			}
			dir, err := o.folder(inv)
			if err != nil {
				return err
			}
			key, err := sumlog.NewKey(args[0])
			if err != nil {
				return usagef("a host and an optional path, such as sum.corp.example", "%s", err)
			}
			if err := sumlog.MakeFolder(dir); err != nil {
				return noFolder(err)
			}
			if file, err = writeKey(key, dir, file); err != nil {
				return err
			}
			// The key is safe before anything is signed with it.
			if err := sumlog.Create(dir, key); err != nil {
				if sumlog.KeyInForce(dir, key) { // it failed after the log was there
					inv.sayKey(key, file)
					return fmt.Errorf("the log was made, but may not be on the disk: %w", err)
				}
				os.Remove(file)
				if errors.Is(err, fs.ErrExist) {
					return usagef("take another folder: a log that is begun anew is a fork to those who know it", "%s holds a log, or what is left of one", dir)
				}
				return err
			}
			inv.sayKey(key, file)
			return nil
		},
	}
	inv.addLogFlag(cmd, &o)
	cmd.Flags().StringVar(&file, "key-file", "", inv.say(text{"write the private key into FILE", "将私钥写入文件"}))
	return cmd
}

// noFolder says what to do where a folder cannot be made.
func noFolder(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return usagef("make the folder first, as a user who may read the one above it", "%s", err)
	}
	return err
}

// writeKey writes a private key into the file that was named, else into the
// log's folder.
func writeKey(key *sumlog.Key, dir, file string) (string, error) {
	if file == "" {
		file = filepath.Join(dir, key.FileName())
	}
	return file, key.WriteFile(file)
}

// sayKey gives the public half of a key to whoever needs it.
func (inv *invocation) sayKey(key *sumlog.Key, file string) {
	fmt.Fprintln(inv.stdout, key.Verifier())
	fmt.Fprintf(inv.stderr, "assay: %s%s\n", inv.say(text{"private key, to be kept secret and backed up: ", "私钥（务必保密并备份）："}), clean(file))
}

func (inv *invocation) sumdbKeyRotateCommand() *cobra.Command {
	var o logOptions
	var file string
	var finish bool
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: inv.say(text{"replace the log's key, with a time in which both sign", "轮换日志密钥，过渡期内新旧密钥同时签名"}),
		Long: inv.say(text{
			`Rotate makes a new key, whose public half goes to standard output, and from now on signs
every tree head with both keys, so that clients which know either go on. When all clients
have the new one in GOSUMDB, "rotate --finish" ends it: the old key signs no more.

A client that takes the new key while it holds answers that only the old key signed gets
security errors from the go command until they are removed; "assay sumdb doctor" names them.`,
			`rotate 生成新密钥（公钥输出到标准输出），此后每个树头由新旧密钥同时签名，知道其中任一密钥的
客户端都能继续工作。待所有客户端的 GOSUMDB 换成新公钥后，用 rotate --finish 结束：旧密钥
不再签名。

客户端改用新公钥时，若本地仍有仅由旧密钥签名的应答，go 命令会报安全错误，直到删除这些文件；
assay sumdb doctor 可逐个列出。`,
		}),
		Example: `  assay sumdb key rotate --log /srv/sumdb
  assay sumdb key rotate --finish --log /srv/sumdb`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, dir, err := o.writer(cmd.Context(), inv)
			if err != nil {
				return inv.settleLog(err)
			}
			defer w.Close()
			if finish {
				return inv.finishRotation(w)
			}
			if keys := w.Head().Keys; len(keys) > 1 {
				return inv.sayRotating(keys[1])
			}
			key, err := sumlog.NewKey(w.Head().Name)
			if err != nil {
				return err
			}
			if file, err = writeKey(key, dir, file); err != nil {
				return err
			}
			if err := w.Rotate(key); err != nil {
				return err
			}
			inv.sayKey(key, file)
			return nil
		},
	}
	inv.addLogFlag(cmd, &o)
	inv.addKeyFlag(cmd, &o)
	cmd.Flags().StringVar(&file, "key-file", "", inv.say(text{"write the new private key into FILE", "将新私钥写入文件"}))
	cmd.Flags().BoolVar(&finish, "finish", false, inv.say(text{"end the rotation: the old key signs no more", "结束轮换：旧密钥不再签名"}))
	return cmd
}

// sayRotating gives out the new key of a rotation that is under way: whoever began
// it may have been killed before anybody saw it.
func (inv *invocation) sayRotating(key string) error {
	fmt.Fprintln(inv.stdout, key)
	return usagef("this is its new key: give it to the clients; when all have it, end with --finish", "%s", sumlog.ErrRotating)
}

func (inv *invocation) finishRotation(w *sumlog.Writer) error {
	old := w.Head().Keys[0]
	if err := w.FinishRotation(); errors.Is(err, sumlog.ErrNotRotating) {
		return usagef("begin one without --finish", "%s", err)
	} else if err != nil {
		return err
	}
	fmt.Fprintln(inv.stdout, w.Head().Keys[0])
	fmt.Fprintf(inv.stderr, "assay: %s%s\n", inv.say(text{"signs no more: ", "不再签名的密钥："}), old)
	return nil
}

// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sumdb/sumlog"
)

// sumdbLogCommands are the verbs that run a checksum database of one's own.
func (inv *invocation) sumdbLogCommands() []*cobra.Command {
	key := inv.group("key", text{"make and rotate the keys of one's own checksum database", "生成和轮换自建校验和数据库的密钥"},
		inv.sumdbKeyNewCommand(), inv.sumdbKeyRotateCommand())
	return []*cobra.Command{inv.sumdbServeCommand(), inv.sumdbAddCommand(), key}
}

// logOptions say which log, and where its private keys are.
type logOptions struct {
	dir  string
	keys []string

	named   []*sumlog.Key // those in keys, which are read once: a file may be a pipe
	skipped []string      // what was said of files that are none
}

func (inv *invocation) addLogFlag(cmd *cobra.Command, o *logOptions) {
	cmd.Flags().StringVar(&o.dir, "log", "", inv.say(text{"folder of the log (default: $ASSAY_LOG)", "日志所在目录（默认：$ASSAY_LOG）"}))
}

func (inv *invocation) addKeyFlag(cmd *cobra.Command, o *logOptions) {
	cmd.Flags().StringArrayVar(&o.keys, "key", nil, inv.say(text{"read a private key from FILE, besides those in the log's folder", "除日志目录中的私钥外，另从文件读取私钥"}))
}

// folder returns the folder of the log.
func (o *logOptions) folder(inv *invocation) (string, error) {
	if o.dir != "" {
		return o.dir, nil
	}
	if dir := inv.getenv("ASSAY_LOG"); dir != "" {
		return dir, nil
	}
	return "", usagef("name its folder with --log, or in ASSAY_LOG", "which log?")
}

// privateKeys reads the private keys in the log's folder, and those that were
// named.
func (o *logOptions) privateKeys(inv *invocation, dir string) ([]*sumlog.Key, error) {
	for _, file := range o.keys[len(o.named):] {
		key, err := sumlog.ReadKey(file)
		if err != nil {
			return nil, fmt.Errorf("--key: %w", err)
		}
		o.named = append(o.named, key)
	}
	keys, err := sumlog.ReadKeys(dir, func(err error) {
		if what := clean(err.Error()); !slices.Contains(o.skipped, what) {
			o.skipped = append(o.skipped, what)
			fmt.Fprintf(inv.stderr, "assay: %s%s\n", inv.say(text{"skipped: ", "已跳过："}), what)
		}
	})
	return append(keys, o.named...), err
}

// head reads the log's head, without its lock, and looks for its private keys.
func (o *logOptions) head(inv *invocation) (sumlog.Head, error) {
	dir, err := o.folder(inv)
	if err != nil {
		return sumlog.Head{}, err
	}
	store, err := sumlog.Open(dir)
	if err != nil {
		return sumlog.Head{}, noLog(dir, err)
	}
	defer store.Close()
	head, err := store.Head()
	if err != nil {
		return sumlog.Head{}, err
	}
	keys, err := o.privateKeys(inv, dir)
	if err != nil {
		return sumlog.Head{}, err
	}
	for _, verifier := range head.Keys {
		if !slices.ContainsFunc(keys, func(k *sumlog.Key) bool { return k.Verifier() == verifier }) {
			return sumlog.Head{}, noLog(dir, &sumlog.MissingKeyError{Verifier: verifier})
		}
	}
	return head, nil
}

// writer opens the log for appending.
func (o *logOptions) writer(ctx context.Context, inv *invocation) (w *sumlog.Writer, dir string, err error) {
	if dir, err = o.folder(inv); err != nil {
		return nil, "", err
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, "", noLog(dir, err)
	}
	keys, err := o.privateKeys(inv, dir)
	if err != nil {
		return nil, "", err
	}
	if w, err = sumlog.OpenWriter(ctx, dir, keys); err != nil {
		return nil, "", noLog(dir, err)
	}
	if cut := w.Cut(); cut != nil {
		fmt.Fprintf(inv.stderr, "assay: "+inv.say(text{
			"behind the signed head lay an append that was not finished: %d bytes were cut off and kept in %s\n",
			"已签名的树头之后有一次未完成的追加：已截去 %d 字节，保存在 %s\n",
		}), cut.Size, clean(cut.File))
	}
	return w, dir, nil
}

// noLog says what to do where there is no log.
func noLog(dir string, err error) error {
	var missing *sumlog.MissingKeyError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usagef("make one with: assay sumdb key new NAME --log "+dir, "%s: there is no log", dir)
	case errors.As(err, &missing):
		return usagef("name its file with --key", "%s", missing)
	}
	return err
}

// settleLog turns what is wrong with a log, or refused by it, into an exit code.
func (inv *invocation) settleLog(err error) error {
	var refused *sumlog.RefusedError
	var damaged *sumlog.DamageError
	var back *sumlog.RollbackError
	switch {
	case errors.As(err, &refused):
		inv.code = audit.ExitFail
	case errors.As(err, &damaged), errors.As(err, &back):
		inv.code = audit.ExitInvalidEvidence
	default:
		return err
	}
	fmt.Fprintf(inv.stderr, "assay: %s\n", clean(err.Error()))
	return nil
}

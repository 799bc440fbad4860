// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/module"

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

// writer opens the log for appending.
func (o *logOptions) writer(ctx context.Context, inv *invocation) (w *sumlog.Writer, dir string, err error) {
	if dir, err = o.folder(inv); err != nil {
		return nil, "", err
	}
	keys, err := sumlog.ReadKeys(dir, o.keys...)
	if err == nil {
		w, err = sumlog.OpenWriter(ctx, dir, keys)
	}
	return w, dir, noLog(dir, err)
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
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			if file, err = writeKey(key, dir, file); err != nil {
				return err
			}
			// The key is safe before anything is signed with it.
			if err := sumlog.Create(dir, key); err != nil {
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
			key, err := sumlog.NewKey(w.Head().Name)
			if err != nil {
				return err
			}
			if file, err = writeKey(key, dir, file); err != nil {
				return err
			}
			if err := w.Rotate(key); err != nil {
				if errors.Is(err, sumlog.ErrRotating) { // nothing was signed with the new one
					os.Remove(file)
					return usagef("end it first, with --finish", "%s", err)
				}
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

func (inv *invocation) sumdbAddCommand() *cobra.Command {
	var o logOptions
	var source addSource
	cmd := &cobra.Command{
		Use:   "add MODULE@VERSION...",
		Short: inv.say(text{"add module versions to one's own checksum database", "将模块版本登记到自建校验和数据库"}),
		Long: inv.say(text{
			`Add hashes module versions, appends their records to the log, and prints them, as lines of
go.sum. The hash is that of the zip file that --zip names, of the module in the folder that
--dir names, packed as the go command packs it, or else of what the proxies of GOPROXY
serve. When it ends with 0 the records are on the disk and signed.

A version that is logged with the same hashes is not added again. With another hash it is
refused, for ever, and the exit code is 1. With several versions all are added or none.`,
			`add 计算模块版本的哈希，将记录追加到日志并以 go.sum 的格式输出。哈希取自 --zip 指定的 zip
文件，或 --dir 指定目录中的模块（按 go 命令的方式打包），否则取自 GOPROXY 中代理提供的内容。
退出码为 0 时，记录已写入磁盘并签名。

已以相同哈希登记的版本不会重复追加；哈希不同则永远拒绝，退出码为 1。指定多个版本时，要么全部
追加，要么都不追加。`,
		}),
		Example: `  assay sumdb add corp.example/lib@v1.2.0 --log /srv/sumdb
  assay sumdb add corp.example/lib@v1.2.0 --zip lib.zip --log /srv/sumdb`,
		RunE: func(cmd *cobra.Command, args []string) error {
			modules, err := source.modules(cmd, args)
			if err != nil {
				return err
			}
			w, _, err := o.writer(cmd.Context(), inv)
			if err != nil {
				return inv.settleLog(err)
			}
			defer w.Close()
			records, err := source.hash(cmd.Context(), inv, modules)
			if err != nil {
				return inv.settleFetch(err)
			}
			added, err := w.Append(records...)
			if err != nil {
				return inv.settleLog(err)
			}
			for i, a := range added {
				inv.stdout.Write(records[i].Text())
				what := text{"record %d, logged before\n", "记录 %d，此前已登记\n"}
				if a.New {
					what = text{"record %d, added\n", "记录 %d，已追加\n"}
				}
				fmt.Fprintf(inv.stderr, "assay: "+inv.say(what), a.ID)
			}
			return nil
		},
	}
	inv.addLogFlag(cmd, &o)
	inv.addKeyFlag(cmd, &o)
	cmd.Flags().StringVar(&source.zip, "zip", "", inv.say(text{"hash the module's zip FILE", "取自模块的 zip 文件"}))
	cmd.Flags().StringVar(&source.dir, "dir", "", inv.say(text{"hash the module in the folder DIR", "取自目录中的模块"}))
	cmd.Flags().StringVar(&source.proxy, "proxy", "", inv.say(text{"ask these proxies, as in GOPROXY, also for private modules", "改为查询这些代理（格式同 GOPROXY），私有模块也不例外"}))
	return cmd
}

func (inv *invocation) sumdbServeCommand() *cobra.Command {
	var o logOptions
	var s served
	cmd := &cobra.Command{
		Use:   "serve",
		Short: inv.say(text{"serve one's own checksum database", "提供自建校验和数据库服务"}),
		Long: inv.say(text{
			`Serve answers the go command's questions to a log in a folder: at the root of its address,
which GOSUMDB may name, and below /sumdb/NAME, as a proxy passes them on. What "add" commits
is served at once. It needs no private key and writes nothing. It serves nothing of a log
that is not what its keys signed, and says why on standard error.

It stops at SIGINT or SIGTERM, with exit code 0.`,
			`serve 应答 go 命令对日志目录的查询：既可通过根路径（写在 GOSUMDB 中），也可通过
/sumdb/NAME（供代理转发）访问。add 提交的内容立即可查。serve 不需要私钥，也不写入任何文件。
日志与密钥签名内容不符时不提供任何数据，并在标准错误中说明原因。

收到 SIGINT 或 SIGTERM 时停止，退出码为 0。`,
		}),
		Example: `  assay sumdb serve --log /srv/sumdb --listen 127.0.0.1:8080`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := o.folder(inv)
			if err != nil {
				return err
			}
			store, err := sumlog.Open(dir)
			if err != nil {
				return inv.settleLog(noLog(dir, err))
			}
			defer store.Close()
			return s.run(cmd.Context(), inv, store)
		},
	}
	inv.addLogFlag(cmd, &o)
	cmd.Flags().StringVar(&s.listen, "listen", "127.0.0.1:8080", inv.say(text{"listen at ADDRESS", "监听地址"}))
	cmd.Flags().StringVar(&s.addressFile, "address-file", "", inv.say(text{"write the URL into FILE once it is served", "开始服务后将 URL 写入文件"}))
	cmd.Flags().StringVar(&s.cert, "tls-cert", "", inv.say(text{"serve HTTPS with the certificates in FILE", "以文件中的证书提供 HTTPS 服务"}))
	cmd.Flags().StringVar(&s.key, "tls-key", "", inv.say(text{"and the private key in FILE", "对应的私钥文件"}))
	return cmd
}

// drain is how long answers that are under way are waited for at the end.
const drain = 5 * time.Second

// served says how a log is served.
type served struct {
	listen, addressFile string
	cert, key           string
}

func (s *served) run(ctx context.Context, inv *invocation, store *sumlog.Store) error {
	if (s.cert == "") != (s.key == "") {
		return usagef("", "--tls-cert and --tls-key belong together")
	}
	if inv.unwatch != nil {
		inv.unwatch()
	}
	head, err := store.Head()
	if err != nil {
		return err
	}
	var certs []tls.Certificate
	if s.cert != "" {
		pair, err := tls.LoadX509KeyPair(s.cert, s.key)
		if err != nil {
			return fmt.Errorf("--tls-cert, --tls-key: %w", err)
		}
		certs = append(certs, pair)
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return usagef("use --listen HOST:PORT", "%s", err)
	}
	complaints := complaints{w: inv.stderr}
	server := sumlog.NewServer(sumlog.Handler(store, complaints.add))
	server.ErrorLog = log.New(io.Discard, "", 0) // what clients do wrong
	server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: certs}
	url := "http://" + listener.Addr().String()
	if certs != nil {
		url = "https://" + listener.Addr().String()
	}
	ended := make(chan error, 1)
	go func() {
		if certs != nil {
			ended <- server.ServeTLS(listener, "", "")
			return
		}
		ended <- server.Serve(listener)
	}()
	fmt.Fprintf(inv.stdout, inv.say(text{"%s: %d records\n", "%s：%d 条记录\n"}), head.Name, head.Size)
	for _, key := range head.Keys {
		fmt.Fprintf(inv.stdout, "GOSUMDB=\"%s %s\"\n", key, url)
	}
	if s.addressFile != "" {
		if err := writeFile(s.addressFile, []byte(url+"\n")); err != nil {
			server.Close()
			return err
		}
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if server.Shutdown(wait) != nil {
		server.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// complaints tells an operator what is wrong, and the same not again and again:
// once a minute.
type complaints struct {
	w    io.Writer
	mu   sync.Mutex
	last string
	at   time.Time
}

func (c *complaints) add(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); err.Error() != c.last || now.Sub(c.at) >= time.Minute {
		c.last, c.at = err.Error(), now
		fmt.Fprintf(c.w, "assay: error: %s\n", clean(c.last))
	}
}

// addSource says where the hashes of added modules come from.
type addSource struct{ zip, dir, proxy string }

// modules reads the arguments of add.
func (s *addSource) modules(cmd *cobra.Command, args []string) ([]module.Version, error) {
	if len(args) == 0 {
		return nil, usagef(cmd.CommandPath()+" MODULE@VERSION --log DIR", "name a module version")
	}
	named := 0
	for _, from := range []string{s.zip, s.dir, s.proxy} {
		if from != "" {
			named++
		}
	}
	if named > 1 {
		return nil, usagef("", "--zip, --dir and --proxy exclude each other")
	}
	if len(args) > 1 && (s.zip != "" || s.dir != "") {
		return nil, usagef("", "--zip and --dir are for one module version")
	}
	var out []module.Version
	for _, arg := range args {
		path, version, _ := strings.Cut(arg, "@")
		m := module.Version{Path: path, Version: version}
		if err := sumlog.CheckModule(m); err != nil {
			return nil, usagef("name a version as go.sum has it, such as corp.example/lib@v1.2.0", "%s", err)
		}
		out = append(out, m)
	}
	return out, nil
}

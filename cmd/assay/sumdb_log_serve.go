// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/sumdb/sumlog"
)

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

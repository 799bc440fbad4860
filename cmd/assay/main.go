// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Assay audits the supply chain and the compliance of Go software.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/goassay/assay/audit"
	_ "github.com/goassay/assay/internal/gcpace"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The engine ends in time with what is known. What does not listen, such as
	// reading a pipe that nobody writes to, is not waited for.
	unwatch := context.AfterFunc(ctx, func() {
		time.Sleep(900 * time.Millisecond)
		os.Exit(audit.ExitInterrupted)
	})
	inv := &invocation{
		args:    os.Args[1:],
		stdin:   os.Stdin,
		stdout:  os.Stdout,
		stderr:  os.Stderr,
		environ: os.Environ(),
		unwatch: func() { unwatch() },
	}
	code := inv.main(ctx)
	unwatch() // stop ends the context too, and no interrupt is meant by that
	stop()
	os.Exit(code)
}

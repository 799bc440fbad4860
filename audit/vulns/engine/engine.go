// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package engine is the analysis of source that golang.org/x/vuln has, as a program of
// its own: what the Scanner of package vulns starts.
//
// It is to run in a process apart. It asks the go command in the directory and the
// environment of its process, whatever it is told; it may use gigabytes of memory, and
// cannot be cancelled while it builds a call graph; and a panic in it, of which code in
// odd forms has caused some, is the end of the process.
package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/vuln/scan"
)

// Run analyses with the arguments of govulncheck, and returns the code that the process
// is to exit with.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cmd := scan.Command(ctx, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = strings.NewReader(""), stdout, stderr, os.Environ()
	err := cmd.Start()
	if err == nil {
		err = cmd.Wait()
	}
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, err)
	if coded, ok := errors.AsType[interface {
		error
		ExitCode() int
	}](err); ok && coded.ExitCode() != 0 {
		return coded.ExitCode()
	}
	return 1
}

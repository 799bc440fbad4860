// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"context"
	"errors"
	"go/version"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/internal/lazyregexp"
)

// tooNew is what the go command says of a module that needs a newer Go
// (gover.TooNewError).
var tooNew = lazyregexp.New(`requires go >= (1\.[0-9a-z.]{1,20})`)

// lacking is what the go command says of a version that is not there, that it
// may not have, or whose go.mod file is not that of the module: errors of
// modfetch, of a proxy that answers as the protocol demands, of a proxy in a folder.
var lacking = lazyregexp.New(`: (?:404 Not Found|410 Gone|403 Forbidden)\b` +
	`|: unknown revision ` +
	`|: invalid version: ` +
	`|reading file:.*(?:no such file or directory|cannot find the (?:file|path) specified)` +
	`|but was required as`)

// refused tells what an error of the go command means. What is not recognized
// is [NotAnswered].
func (t *Trial) refused(err error) error {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := &TrialError{Refusal: NotAnswered, Err: err}
	var failed *gocmd.Error
	if !errors.As(err, &failed) || failed.Stderr == "" {
		return e
	}
	said := strings.ReplaceAll(failed.Stderr, t.tmp+string(filepath.Separator), "")
	e.Err = errors.New(clip(said, 4<<10))
	for _, m := range tooNew().FindAllStringSubmatch(said, -1) {
		if version.Compare("go"+m[1], "go"+e.Go) > 0 {
			e.Refusal, e.Go = NewerGo, m[1]
		}
	}
	if e.Go == "" && lacking().MatchString(said) && !strings.Contains(said, "GOPROXY=off") {
		e.Refusal = Unavailable
	}
	return e
}

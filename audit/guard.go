// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
)

// guard calls f and turns a panic into an error, and the end of the goroutine
// too, which is no success either.
func guard(f func() error) (err error) {
	returned := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("panic: %v in %s", v, panicked())
			} else if !returned {
				err = errors.New("ended its goroutine without an answer")
			}
		}()
		err = f()
		returned = true
	}()
	<-done
	return err
}

// panicked names the function that panics, and its file and line. A report
// holds no stack, whose addresses and paths differ between machines and runs.
func panicked() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") || !more {
			return fmt.Sprintf("%s (%s:%d)", frame.Function, path.Base(frame.File), frame.Line)
		}
	}
}

// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

//go:build !linux

package unprivileged

import "testing"

func asNobody(t testing.TB, _ func()) {
	t.Helper()
	t.Skip("the superuser may read and write every file, and only Linux can set that aside")
}

func allAsNobody(t testing.TB, _ func()) { asNobody(t, nil) }

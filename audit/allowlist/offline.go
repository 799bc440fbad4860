// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist

import (
	"errors"
	"net/http"
)

// offline answers no request.
type offline struct{}

var errOffline = errors.New("offline")

func (offline) RoundTrip(*http.Request) (*http.Response, error) { return nil, errOffline }

// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/goassay/assay/audit/redact"
)

// An Attempt is one place where a way to the checksum database was looked for.
type Attempt struct {
	Entry int  `json:"entry"` // index in Chain.Entries; -1 when the chain was at its end
	Kind  Kind `json:"kind"`  // Proxy, Direct or Off

	// URL is the database's base URL at this place, without secrets; empty
	// for Off.
	URL string `json:"url,omitempty"`

	Outcome Outcome `json:"outcome"`
	Error   string  `json:"error,omitempty"` // for NotSupported and Failed
}

// An Outcome is what became of an Attempt.
type Outcome string

const (
	Supported    Outcome = "supported"     // the proxy passes the database on: it is used
	NotSupported Outcome = "not-supported" // 404 or 410: the next entry is asked
	Failed       Outcome = "failed"        // anything else; fatal unless the entry's Fallback is OnAnyError
	UsedDirect   Outcome = "direct"        // the database's own host is used
	Skipped      Outcome = "skipped"       // "off", which does not keep the go command from the database
)

// FindSumDB finds the base URL under which the go command would ask the
// checksum database of the given name: base+"/lookup/...", and so on. It may
// hold credentials; the last attempt has the same URL without. directURL is
// where the database itself stands, normally "https://"+name.
//
// The rules are those of dbClient.initBase in cmd/go/internal/modfetch: the
// proxies are asked for sumdb/<name>/supported in turn. The first that
// answers 200 is used, whatever its answer says. After 404 and 410, and after
// any error where "|" follows, the next one is asked; any other error is the
// end. After the last one, "direct" or "off", the database is asked directly,
// except that an error passed over by "|" is then returned unless the chain
// ends in "direct". GONOPROXY plays no role, nor does GOPROXY=off.
//
// A GOSUMDB value with a URL of its own bypasses all this: FindSumDB is not
// for it. The base may be a file:// URL, and it ends in a query if the proxy's
// URL does. The errors wrap [*StatusError] and [*RequestError].
func FindSumDB(ctx context.Context, rt http.RoundTripper, chain Chain, name, directURL string) (base string, attempts []Attempt, err error) {
	direct, err := url.Parse(directURL)
	if err != nil {
		return "", nil, fmt.Errorf("checksum database %s: invalid URL", name)
	}
	var failure error
proxies:
	for i, e := range chain.Live() {
		switch e.Kind {
		case Direct:
			attempts = append(attempts, Attempt{Entry: i, Kind: Direct, URL: redact.URL(direct.String()), Outcome: UsedDirect})
			return direct.String(), attempts, nil
		case Off:
			attempts = append(attempts, Attempt{Entry: i, Kind: Off, Outcome: Skipped})
			break proxies
		}
		u := join(e.base, "sumdb/"+name)
		_, err := get(ctx, rt, join(u, "supported"))
		if err == nil {
			attempts = append(attempts, Attempt{Entry: i, Kind: Proxy, URL: redact.URL(u.String()), Outcome: Supported})
			return u.String(), attempts, nil
		}
		a := Attempt{Entry: i, Kind: Proxy, URL: redact.URL(u.String()), Outcome: NotSupported, Error: err.Error()}
		if !errors.Is(err, fs.ErrNotExist) {
			a.Outcome = Failed
			failure = err
		}
		attempts = append(attempts, a)
		if a.Outcome == Failed && e.Fallback != OnAnyError {
			break
		}
	}
	if failure != nil {
		return "", attempts, fmt.Errorf("checksum database %s through GOPROXY: %w", name, failure)
	}
	attempts = append(attempts, Attempt{Entry: -1, Kind: Direct, URL: redact.URL(direct.String()), Outcome: UsedDirect})
	return direct.String(), attempts, nil
}

// join is cmd/go/internal/web.Join: slash-separated elements at the end of
// u's path, nothing cleaned, the query kept.
func join(u *url.URL, elem string) *url.URL {
	j := *u
	j.Path = strings.TrimSuffix(u.Path, "/") + "/" + elem
	j.RawPath = strings.TrimSuffix(u.RawPath, "/") + "/" + elem
	return &j
}

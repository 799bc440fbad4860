// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Logs are the logs of certificate transparency that are known.
type Logs struct {
	Time time.Time // of the list
	logs map[[sha256.Size]byte]*Log
}

// A Log is a log of certificate transparency.
type Log struct {
	ID    [sha256.Size]byte // SHA-256 of its key (RFC 6962, section 3.2)
	Name  string
	State string // "usable", "retired"... as in the list

	public crypto.PublicKey
}

// maxLogList bounds the size of a list of logs. That of all there ever were has 150 KiB.
const maxLogList = 8 << 20

// ParseLogs reads a list of logs in the form of version 3 of Chrome's log_list.json. The
// logs of any state count: which were trusted when a certificate was issued is the affair
// of browsers, and a retired log's signature is as right as ever.
func ParseLogs(data []byte) (*Logs, error) {
	if len(data) > maxLogList {
		return nil, fmt.Errorf("list of logs: larger than %d bytes", maxLogList)
	}
	type log struct {
		Description string                     `json:"description"`
		ID          string                     `json:"log_id"`
		Key         string                     `json:"key"`
		State       map[string]json.RawMessage `json:"state"`
	}
	var list struct {
		Timestamp time.Time `json:"log_list_timestamp"`
		Operators []struct {
			Logs  []log `json:"logs"`
			Tiled []log `json:"tiled_logs"`
		} `json:"operators"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("list of logs: %w", err)
	}
	out := &Logs{Time: list.Timestamp, logs: map[[sha256.Size]byte]*Log{}}
	for _, operator := range list.Operators {
		for _, l := range append(operator.Logs, operator.Tiled...) {
			key, err := base64.StdEncoding.DecodeString(l.Key)
			if err != nil {
				return nil, fmt.Errorf("list of logs: key of %q: %w", l.Description, err)
			}
			id := sha256.Sum256(key)
			if base64.StdEncoding.EncodeToString(id[:]) != l.ID {
				return nil, fmt.Errorf("list of logs: the identifier of %q is not that of its key", l.Description)
			}
			public, err := x509.ParsePKIXPublicKey(key)
			if err != nil {
				return nil, fmt.Errorf("list of logs: key of %q: %w", l.Description, err)
			}
			entry := &Log{ID: id, Name: l.Description, public: public}
			for state := range l.State { // there is one
				entry.State = max(entry.State, state)
			}
			out.logs[id] = entry
		}
	}
	if len(out.logs) == 0 {
		return nil, errors.New("list of logs: it has no log")
	}
	return out, nil
}

// Len is how many logs are known.
func (l *Logs) Len() int {
	if l == nil {
		return 0
	}
	return len(l.logs)
}

// byID finds a log; nil if it is not known.
func (l *Logs) byID(id [sha256.Size]byte) *Log {
	if l == nil {
		return nil
	}
	return l.logs[id]
}

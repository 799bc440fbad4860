// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import "github.com/goassay/assay/sumdb"

// SumDBSync is how the store of a log was brought up to date.
type SumDBSync struct {
	Mode    sumdb.SyncMode     `json:"mode"`
	Records int                `json:"records"`           // written
	Tiles   int                `json:"tiles"`             // written
	Files   int                `json:"files,omitempty"`   // of the store that were verified one by one
	Removed []sumdb.CachedFile `json:"removed,omitempty"` // what did not hold
}

// SumDBSynced counts what a sync did, over all logs.
type SumDBSynced struct {
	Records int `json:"records"` // written
	Tiles   int `json:"tiles"`   // written
	Checked int `json:"checked"` // files verified one by one
	Removed int `json:"removed"` // of those
}

// note keeps what became of the store of one log.
func (s *SumDBSynced) note(one *SumDBSync) {
	s.Records += one.Records
	s.Tiles += one.Tiles
	s.Checked += one.Files
	s.Removed += len(one.Removed)
}

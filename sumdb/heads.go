// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A SeenHead is a tree head and when it was first seen: the log's heads carry
// no time of their own. A record whose ID is below the head's size was logged
// before then.
type SeenHead struct {
	*Checkpoint
	Seen time.Time // UTC, in whole seconds
}

// headsDir is the folder of a cache that keeps every head that was proven to
// extend the one before it, one file a head, which is never changed. So two
// processes cannot set each other back.
const headsDir = "heads"

// headName is the file of a head: its size, so that the names sort by it, and
// the beginning of its root.
func headName(cp *Checkpoint) string {
	return fmt.Sprintf("%s/%019d-%s", headsDir, cp.Size, hex.EncodeToString(cp.Root[:8]))
}

// maxHeadFile bounds the file of a head, in bytes.
const maxHeadFile = maxCheckpoint + 64

// ReadHeads returns the heads that a cache keeps, smallest first. What is
// damaged is left out: nothing is lost by it but a comparison.
func ReadHeads(cache Cache, log *Log) ([]SeenHead, error) {
	names, err := headNames(cache)
	if err != nil {
		return nil, err
	}
	var heads []SeenHead
	for _, name := range slices.Backward(names) {
		if head, err := readHead(cache, log, name); err == nil {
			heads = append(heads, head)
		}
	}
	return heads, nil
}

// headNames lists the names of the heads that a cache keeps, largest first.
func headNames(cache Cache) ([]string, error) {
	entries, err := cache.List(headsDir)
	var names []string
	for _, name := range entries {
		size, root, ok := strings.Cut(name, "-")
		if n, err := strconv.ParseInt(size, 10, 64); ok && err == nil && n >= 0 && len(size) == 19 && len(root) == 16 {
			names = append(names, headsDir+"/"+name)
		}
	}
	slices.Sort(names)
	slices.Reverse(names)
	return names, err
}

// readHead reads one head of a cache.
func readHead(cache Cache, log *Log, name string) (SeenHead, error) {
	data, err := cache.Read(name)
	if err != nil {
		return SeenHead{}, err
	}
	return parseHead(log, name, data)
}

// parseHead reads the file of a head: "seen" and the time, an empty line, the
// signed tree head.
func parseHead(log *Log, name string, data []byte) (SeenHead, error) {
	first, signed, ok := bytes.Cut(data, []byte("\n\n"))
	text, ok2 := strings.CutPrefix(string(first), "seen ")
	seen, err := time.Parse(time.RFC3339, text)
	if !ok || !ok2 || err != nil || len(data) > maxHeadFile {
		return SeenHead{}, fmt.Errorf("%s: not a tree head as it is kept", name)
	}
	cp, err := log.OpenCheckpoint(signed)
	if err != nil {
		return SeenHead{}, err
	}
	if headName(cp) != name {
		return SeenHead{}, fmt.Errorf("%s: holds the head %s", name, headName(cp))
	}
	return SeenHead{cp, seen.UTC()}, nil
}

// maxDamaged is how many damaged heads are passed over in search of a good one.
const maxDamaged = 20

// storedHead returns the largest head of a cache that can be read, or nil. The
// error is what kept a larger one from being read.
func storedHead(cache Cache, log *Log) (*SeenHead, error) {
	names, err := headNames(cache)
	for _, name := range names[:min(len(names), maxDamaged)] {
		head, damage := readHead(cache, log, name)
		if damage == nil {
			return &head, err
		}
		if err == nil && !errors.Is(damage, fs.ErrNotExist) { // another process may have tidied up
			err = damage
		}
	}
	return nil, err
}

// keepHead keeps a head with the time when it was first seen.
func keepHead(cache Cache, log *Log, cp *Checkpoint, seen time.Time) error {
	name := headName(cp)
	if _, err := readHead(cache, log, name); err == nil {
		return nil
	}
	first := "seen " + seen.UTC().Format(time.RFC3339) + "\n\n"
	return cache.Write(name, append([]byte(first), cp.Signed...))
}

// superfluous lists the heads that a history can do without: of each day that
// is over for more than keepAll, all but the first. The largest always stays.
func superfluous(heads []SeenHead, now time.Time) []SeenHead {
	var out []SeenHead
	day := ""
	for i, h := range heads {
		d := h.Seen.Format(time.DateOnly)
		if i < len(heads)-1 && d == day && now.Sub(h.Seen) > keepAll {
			out = append(out, h)
		}
		day = d
	}
	return out
}

// keepAll is how long every head is kept.
const keepAll = 30 * 24 * time.Hour

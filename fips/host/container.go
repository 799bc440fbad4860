// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package host

import (
	"io/fs"
	"strings"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/internal/lazyregexp"
)

// Container tells whether the host is seen from a container, in which the kernel's
// flag and command line are those of the host. It is yes if one sign says so, and
// no only if the process is in the PID namespace that the kernel started with.
type Container struct {
	Answer
	Signs []string `json:"signs"` // what says so
}

// initialPIDNamespace is what /proc/self/ns/pid links to outside of containers:
// PROC_PID_INIT_INO of include/linux/proc_ns.h. detect_container of systemd
// (src/basic/virt.c) relies on it too.
const initialPIDNamespace = "pid:[4026531836]"

// engines are words in the control group of PID 1 by which container engines and
// Kubernetes name theirs. Under cgroup v2 a container mostly sees none.
var engines = lazyregexp.New(`\b(?:docker|libpod|kubepods|containerd|cri-?o|lxc|machine\.slice)\b`)

func readContainer(r root, environ []string) *Container {
	c := &Container{Signs: []string{}}
	for _, file := range []string{"/.dockerenv", "/run/.containerenv", "/run/systemd/container"} {
		if r.has(file).Is == gobin.Yes {
			c.Signs = append(c.Signs, file)
		}
	}
	if groups, err := r.read("/proc/1/cgroup"); err == nil {
		if word := engines().FindString(groups); word != "" {
			c.Signs = append(c.Signs, "/proc/1/cgroup: "+word)
		}
	}
	for _, name := range []string{"KUBERNETES_SERVICE_HOST", "container"} { // the latter by systemd's container interface
		if value, _ := lookup(environ, name); value != "" {
			c.Signs = append(c.Signs, "$"+name)
		}
	}
	const link = "/proc/self/ns/pid"
	namespace, err := fs.ReadLink(r.fsys, r.name(link))
	if err == nil && namespace != initialPIDNamespace && strings.HasPrefix(namespace, "pid:[") {
		c.Signs = append(c.Signs, link)
	}
	switch {
	case len(c.Signs) > 0:
		c.Answer = yes("")
	case err != nil:
		c.Answer = failed(link, err)
	case namespace == initialPIDNamespace:
		c.Answer = no("")
	default:
		c.Answer = unknown(link + ": not a namespace")
	}
	return c
}

// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"slices"
	"strings"
	"testing"
)

func TestStated(t *testing.T) {
	for _, test := range []struct{ text, one, all string }{ // what several without a word on how they combine state is one or all
		{"Licensed under the Apache License, Version 2.0.", "Apache-2.0", "Apache-2.0"},
		{"Apache 2.0", "Apache-2.0", "Apache-2.0"},
		{"Apache-2.0 / MIT", "Apache-2.0 OR MIT", "Apache-2.0 OR MIT"},
		{"MIT or Apache-2.0, as you like", "MIT OR Apache-2.0", "MIT OR Apache-2.0"},
		{"MIT. Also the ISC license.", "", "MIT AND ISC"},
		{"Dual licensed: MPL v2 and 3-clause BSD.", "MPL-2.0 OR BSD-3-Clause", "MPL-2.0 OR BSD-3-Clause"},
		{"GPLv3", "GPL-3.0-only", "GPL-3.0-only"},
		{"GPLv3+", "GPL-3.0-or-later", "GPL-3.0-or-later"},
		{"GNU General Public License (GPL), version 2 or later", "GPL-2.0-or-later", "GPL-2.0-or-later"},
		{"the GNU Lesser General Public License version 2.1 only", "LGPL-2.1-only", "LGPL-2.1-only"},
		{"GNU Affero General Public License v3.0, or (at your option) any later version", "AGPL-3.0-or-later", "AGPL-3.0-or-later"},
		{"GPL-2.0-only", "GPL-2.0-only", "GPL-2.0-only"},
		{"GPL 3, or, at your option, any later version. Files in x are MIT.", "", "GPL-3.0-or-later AND MIT"}, // no choice of licences
		{"GPL 7.0", "", ""},
		{"BSD", "", ""},
		{"a BSD-style license, the GPL", "", ""},
		{"an MIT-style license", "", ""},
		{"similar to the MIT license", "", ""},
		{"EPL 1.0 or EPL 2.0", "EPL-1.0 OR EPL-2.0", "EPL-1.0 OR EPL-2.0"},
		{"[MIT](https://opensource.org/licenses/Apache-2.0)", "MIT", "MIT"}, // what a link leads to is not said
		{"either in source or in binary form; MIT", "MIT", "MIT"},
		{"", "", ""},
	} {
		one, all := stated(test.text, false).String(), stated(test.text, true).String()
		if one != test.one || all != test.all {
			t.Errorf("%q: %q and %q, want %q and %q", test.text, one, all, test.one, test.all)
		}
	}
}

func TestDeclaredIn(t *testing.T) {
	for _, test := range []struct{ readme, want string }{
		{"# M\n\nUses MIT things.\n", ""},
		{"# M\n\n## License\n\nMIT\n", "MIT"},
		{"# M\n\n## License\n\nMIT\n\n## Other\n\nLicensed under the ISC license.\n", "MIT"},
		{"M\n\nLicense\n-------\n\nISC license\n\nOther\n-----\n\nMIT", "ISC"},
		{"<h2>License</h2>\nMIT\n", "MIT"},
		{"This is released under the MIT license.\n", "MIT"},
		{"# License\n\nMIT, see LICENSE.\n\nSome files are licensed under the Apache License 2.0.\n", ""},
		{"# License\n\nMIT.\n\nMIT can be combined with the Apache License 2.0.\n", "MIT"},
		{"# License\n\nMIT and ISC license.\n", ""},
		{"# License\n\nPortions: MIT.\n\nThird party: ISC license.\n\nThe logo is CC-BY-4.0.\n", ""},
		{"# Licence\n\nDual-licensed under MIT and Apache 2.0.\n", "MIT OR Apache-2.0"},
	} {
		if got := declaredIn(licenseSection(test.readme)).String(); got != test.want {
			t.Errorf("%q: %q, want %q", test.readme, got, test.want)
		}
	}
}

func TestCopyrights(t *testing.T) {
	text := strings.Join([]string{
		"// Copyright 2020 A. All rights reserved.",
		" * Copyright (c) 2019-2021, B Inc. All rights reserved.",
		"SPDX-FileCopyrightText: 2022 C <c@example.com>",
		"&copy; 2001 D",
		"Portions Copyright 2003 E",
		"Copyright	The F Authors",
		"# **Copyright 2020 A**",
		"copyright notice, this list of conditions and the following disclaimer.",
		"Copyright [yyyy] [name of copyright owner]",
		"Copyright (C) <year>  <name of author>",
		"Copyright (C) 2007 Free Software Foundation, Inc. <https://fsf.org/>",
		"Copyright holders are many",
		"Copyright 2020 " + strings.Repeat("x", 2*maxCopyrightLine),
	}, "\n")
	want := []string{"Copyright 2020 A", "Copyright (c) 2019-2021, B Inc.", "SPDX-FileCopyrightText: 2022 C <c@example.com>", "© 2001 D", "Portions Copyright 2003 E", "Copyright The F Authors"}
	if got := copyrights(text); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	var many strings.Builder
	for i := range 2 * maxCopyrights {
		many.WriteString("Copyright 2020 " + strings.Repeat("x", i) + "\n")
	}
	if n := len(copyrights(many.String())); n > maxCopyrights {
		t.Errorf("%d lines", n)
	}
}

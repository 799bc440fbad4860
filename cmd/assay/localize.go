// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/goassay/assay/audit"
)

// localize gives the words of the command library itself the language of the
// invocation: the headings of help, the values of flags, and the help of the help.
func (inv *invocation) localize(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.InitDefaultVersionFlag()
	if inv.lang == audit.Chinese {
		root.SetUsageTemplate(usageChinese)
		root.SetHelpTemplate("{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}\n\n{{end}}{{if or .Runnable .HasSubCommands}}{{.UsageString}}{{end}}")
	}
	var each func(*cobra.Command)
	each = func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		cmd.DisableFlagsInUseLine = inv.lang == audit.Chinese // its template has a word for them
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if word := placeholders[f.Name]; word != "" {
				f.Value = placeholder{f.Value, word}
				f.DefValue = strings.TrimSuffix(f.DefValue, "[]") // of a list: none
			}
			switch f.Name {
			case "help":
				f.Usage = inv.say(text{"show this help", "显示本帮助"})
			case "version":
				f.Usage = inv.say(text{"print the version", "显示版本"})
			}
		})
		switch cmd.Name() {
		case "help":
			cmd.Short = inv.say(text{"help about any command", "显示命令的帮助"})
		case "completion":
			cmd.Short = inv.say(text{"print a completion script for a shell", "生成命令行补全脚本"})
		}
		for _, child := range cmd.Commands() {
			each(child)
		}
	}
	each(root)
}

// placeholders are what help and manual show for the values of flags.
var placeholders = map[string]string{
	"directory": "DIR", "evidence": "DIR", "policy": "FILE", "from": "FILE", "output": "FILE",
	"format": "FORMAT[=FILE]", "form": "FORM", "fail-on": "SEVERITY", "lang": "LANG",
}

// placeholder is a flag's value whose type is shown as that word.
type placeholder struct {
	pflag.Value
	word string
}

func (p placeholder) Type() string { return p.word }

// usageChinese is cobra's own usage template, in Chinese.
const usageChinese = `用法：{{if .Runnable}}
  {{.UseLine}}{{if .HasAvailableFlags}} [选项]{{end}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} [命令]{{end}}{{if .HasExample}}

示例：
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}

命令：{{range .Commands}}{{if (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

选项：
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

全局选项：
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

查看某个命令的详细说明："{{.CommandPath}} [命令] --help"。{{end}}
`

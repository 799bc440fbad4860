// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/goassay/assay/audit"
)

// The rules of the command, the same for every verb:
//
// Results go to standard output, everything else to standard error. Progress is
// shown on a terminal only. Errors read "assay: error: ..." and, where we know
// one, "assay: hint: ...", in lower case and without a full stop. A verb that
// judges ends with the exit code of its verdict; a mistake of the user is 2.

// An invocation is one run of the command, with all that comes from outside.
type invocation struct {
	args    []string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	environ []string
	unwatch func() // to be called by a verb that ends by itself, in its own time, when the context does; nil in tests

	lang audit.Lang
	code int // exit code of a verb that ran to its end
}

// usageError is a mistake of the user.
type usageError struct {
	message string
	hint    string
}

func (e *usageError) Error() string { return e.message }

func usagef(hint, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...), hint}
}

// text is one text of the command's own in both languages.
type text struct{ en, zh string }

func (t text) in(lang audit.Lang) string {
	if lang == audit.Chinese {
		return t.zh
	}
	return t.en
}

// say picks the text in the language of the invocation.
func (inv *invocation) say(t text) string { return t.in(inv.lang) }

// getenv returns the value of a variable of the environment.
func (inv *invocation) getenv(name string) string {
	value := ""
	for _, kv := range inv.environ { // the last one wins, as in exec.Cmd
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}

// main runs the command and returns its exit code.
func (inv *invocation) main(ctx context.Context) int {
	inv.lang = inv.chooseLang()
	root := inv.root()
	root.SetArgs(inv.args)
	root.SetIn(inv.stdin)
	root.SetOut(inv.stdout)
	root.SetErr(inv.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return inv.code
	}
	for _, err := range each(err) {
		fmt.Fprintf(inv.stderr, "assay: error: %s\n", clean(err.Error()))
		if hint := hintOf(err); hint != "" {
			fmt.Fprintf(inv.stderr, "assay: hint: %s\n", clean(hint))
		}
	}
	if ctx.Err() != nil {
		return audit.ExitInterrupted
	}
	return audit.ExitUsage
}

// each returns the errors that are joined in err, each with a hint of its own.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// clean keeps an error's text from steering the terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, s)
}

// hintOf returns what may help against err, if that is known.
func hintOf(err error) string {
	var usage *usageError
	var policy *audit.PolicyError
	switch {
	case errors.As(err, &usage):
		return usage.hint
	case errors.As(err, &policy) && policy.Hint != "":
		return fmt.Sprintf("did you mean %q?", policy.Hint)
	}
	return ""
}

// chooseLang finds the language before the flags are parsed, because help needs
// it: --lang, else the locale.
func (inv *invocation) chooseLang() audit.Lang {
	for i, arg := range inv.args {
		if arg == "--" {
			break
		}
		value, ok := strings.CutPrefix(arg, "--lang=")
		if arg == "--lang" && i+1 < len(inv.args) {
			value, ok = inv.args[i+1], true
		}
		if ok && slices.Contains(audit.Languages(), audit.Lang(value)) {
			return audit.Lang(value)
		}
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := inv.getenv(name); v != "" {
			if strings.HasPrefix(strings.ToLower(v), "zh") {
				return audit.Chinese
			}
			return audit.English
		}
	}
	return audit.English
}

// root builds the command tree.
func (inv *invocation) root() *cobra.Command {
	root := &cobra.Command{
		Use: "assay",
		Short: inv.say(text{
			"audit the supply chain and the compliance of Go software",
			"审计 Go 软件的供应链与合规性",
		}),
		Long: inv.say(text{
			`assay audits the supply chain and the compliance of Go software, and proves what it says.

It answers one question for each thing it inspects - is it what it claims to be, and
can you prove it? - and never reports as good what it could not determine.

Exit codes: 0 pass, 1 policy failed, 2 wrong usage or configuration, 3 incomplete,
4 evidence invalid, 130 interrupted.`,
			`assay 审计 Go 软件的供应链与合规性，并为每个结论提供可复核的证据。

对每个检查对象只回答一个问题：它是否名副其实，能否证明？无法确定的内容绝不报告为正常。

退出码：0 通过，1 不符合策略，2 用法或配置错误，3 结论不完整，4 证据无效，130 被中断。`,
		}),
		Args:               cobra.ArbitraryArgs,
		SilenceErrors:      true,
		SilenceUsage:       true,
		DisableSuggestions: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
		Version: version(),
	}
	root.SetVersionTemplate("assay {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.HiddenDefaultCmd = true
	lang := string(inv.lang)
	root.PersistentFlags().StringVar(&lang, "lang", lang, inv.say(text{"language of texts: en or zh", "文字语言：en 或 zh"}))
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if !slices.Contains(audit.Languages(), audit.Lang(lang)) {
			return usagef("use --lang en or --lang zh", "unknown language %q", lang)
		}
		return nil
	}
	root.AddCommand(
		inv.auditCommand(), inv.envCommand(), inv.graphCommand(), inv.sumdbCommand(),
		inv.fipsCommand(), inv.binaryCommand(), inv.tlsCommand(), inv.sbomCommand(), inv.vulnCommand(), inv.allowlistCommand(),
		inv.reportCommand(), inv.policyCommand(), inv.versionCommand(), inv.docsCommand(), inv.engineCommand(),
	)
	inv.localize(root)
	return root
}

// unknownCommand names the nearest command.
func unknownCommand(cmd *cobra.Command, name string) error {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	hint := fmt.Sprintf("see %q", cmd.CommandPath()+" --help")
	if near := audit.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", cmd.CommandPath()+" "+near)
	}
	return usagef(hint, "unknown command %q for %q", name, cmd.CommandPath())
}

// flagError names the nearest flag.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usagef(fmt.Sprintf("see %q", cmd.CommandPath()+" --help"), "%s", err)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	hint := fmt.Sprintf("see %q", cmd.CommandPath()+" --help")
	if near := audit.Nearest(unknown.GetSpecifiedName(), names); near != "" && len(unknown.GetSpecifiedName()) > 1 {
		hint = fmt.Sprintf("did you mean \"--%s\"?", near)
	}
	return usagef(hint, "%s", err)
}

// noArgs refuses arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef(fmt.Sprintf("see %q", cmd.CommandPath()+" --help"), "%s takes no arguments, got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// group is a command that only has subcommands.
func (inv *invocation) group(use string, short text, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: inv.say(short),
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(children...)
	return cmd
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isTTY(f)
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/proffer/proffer/triage/export"
)

// verifyCommand checks a receipt, a package, or a clip or lines of chat by their proof: without a server, a network or an account. Its exit status
// is 0 only if everything holds, 2 if all is consistent but the signer is unknown or not all is proven, and 1 otherwise.
func verifyCommand(ctx context.Context, args []string, out, errs io.Writer) int {
	var o export.FileOptions
	f := flag.NewFlagSet("verify", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.Key, "key", "", "")
	f.StringVar(&o.Clip, "clip", "", "")
	keys := proofKeys{seeds: map[uint64][32]byte{}}
	keys.flags(f)
	if err := f.Parse(args); err != nil || f.NArg() < 1 || f.NArg() > 2 {
		fmt.Fprint(errs, usage)
		return 1
	}
	if f.NArg() == 2 || isLines(f.Arg(0)) {
		if o.Key != "" || o.Clip != "" {
			fmt.Fprint(errs, usage)
			return 1
		}
		return verifyProof(f.Args(), keys, out, errs)
	}
	if keys.json {
		fmt.Fprintln(errs, "proffer: --json is for a clip with its proof, or for a file of lines")
		return 1
	}
	if keys.given {
		o.Proofs = keys.platform
	}
	verdict, err := verifyFile(ctx, f.Arg(0), o)
	if err != nil {
		fmt.Fprintln(errs, "proffer:", err)
		return 1
	}
	fmt.Fprintln(out, strings.TrimRight(verdict.String(), "\n"))
	return verdict.ExitCode()
}

// verifyFile is export.VerifyFile, left behind when it is interrupted: a medium may never answer, and no reading of a
// file can be called off.
func verifyFile(ctx context.Context, path string, o export.FileOptions) (*export.Verdict, error) {
	type answer struct {
		verdict *export.Verdict
		err     error
	}
	done := make(chan answer, 1)
	go func() {
		v, err := export.VerifyFile(ctx, path, o)
		done <- answer{v, err}
	}()
	select {
	case a := <-done:
		return a.verdict, a.err
	case <-ctx.Done():
		return nil, errors.New("interrupted; nothing was found out")
	}
}

// Proffer lets the host of an end-to-end encrypted meeting report abuse without breaking the encryption, lets a
// trust-and-safety team triage those reports, and hands what the law requires to law enforcement as a package that
// anyone can verify offline.
//
// One binary: serve (the default), verify, staff, demo, and s3gateway, which only serve itself starts.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/proffer/proffer/storage/embedded"
	"github.com/proffer/proffer/web"
)

// version names the program in packages; CHANGELOG.md says what it holds.
const version = "0.1.0"

const usage = `Usage:
  proffer [serve]                     run the server; PROFFER_* variables configure it
  proffer verify [--key PLATFORM.pub] [--clip FILE] FILE
                                      check a receipt or a package: offline, without an account
  proffer verify [--key PLATFORM.pub] --keys FOLDER | --notary FILE… --identity KEY PACKAGE
                                      the same, and the stamps in its proofs, with the platform's keys
  proffer verify [--keys FOLDER | --notary FILE… --identity KEY] [--json] CLIP PROOF
  proffer verify [--keys FOLDER | --notary FILE… --identity KEY] [--json] LINES
                                      hold a clip against its proof, or check lines of chat, with the platform's keys
  proffer staff add --name NAME --email EMAIL --roles ROLE[,ROLE]
  proffer staff host --name NAME --email EMAIL --org NAME [--plan business] [--comped]
  proffer staff link --email EMAIL    print a one-time sign-in link
  proffer staff recover --email EMAIL --why TEXT   remove lost passkeys, and print a link to make a new one
  proffer staff keys                  print the public keys that verify receipts and packages
  proffer staff rotate --key receipt|log|package|notary
  proffer staff restored --why TEXT   say in the custody log that a backup of the database was put back
  proffer demo [--guests 2] [--misbehaves 20s] [--server URL] [LINK]
                                      join a meeting with simulated guests; without a link, make one in a demonstration
  proffer version                     print the version, and the sum that names the scripts of the pages
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program: it returns the exit status.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	command := "serve"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	var err error
	switch command {
	case "serve":
		err = serveCommand(ctx, args, out)
	case "verify":
		return verifyCommand(ctx, args, out, errs)
	case "staff":
		err = staffCommand(ctx, args, out)
	case "demo":
		err = demoCommand(ctx, args, out, errs)
	case "version":
		err = versionCommand(args, out)
	case embedded.GatewayCommand:
		err = embedded.RunGateway(ctx, in)
	case "help", "-h", "--help":
		fmt.Fprint(out, usage)
	default:
		err = fmt.Errorf("there is no command %q", command)
	}
	if errors.Is(err, errUsage) {
		fmt.Fprint(errs, usage)
		return 2
	}
	if err != nil {
		fmt.Fprintln(errs, "proffer:", err)
		return 1
	}
	return 0
}

// versionCommand prints what this binary is. Whoever builds it from the same source gets the same sum, and a room of a meeting shows it.
func versionCommand(args []string, out io.Writer) error {
	if len(args) > 0 {
		return errUsage
	}
	assets, err := web.Assets()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "proffer %s\nscripts %s (SHA-256 %s)\n", version, assets.Name(), assets.Digest())
	return nil
}

var errUsage = errors.New("usage")

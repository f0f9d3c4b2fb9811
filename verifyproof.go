package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Proofs are checked by the platform's own engineers: stamps are macs, whose keys nobody else has.

// proofKeys is what `proffer verify` was given for a proof.
type proofKeys struct {
	seeds    map[uint64][32]byte // of the notary, by generation
	whole    bool                // they are all that there are
	identity [32]byte            // zeros: not given
	json     bool
	given    bool // any of the options was
}

func (k *proofKeys) flags(f *flag.FlagSet) {
	f.Func("notary", "", func(path string) error {
		k.given = true
		return k.notaryFile(path)
	})
	f.Func("identity", "", func(s string) (err error) {
		k.given = true
		k.identity, err = publicKey(s)
		return err
	})
	f.Func("keys", "", func(dir string) error {
		k.given = true
		return k.folder(dir)
	})
	f.BoolFunc("json", "", func(string) error {
		k.given, k.json = true, true
		return nil
	})
}

func (k *proofKeys) notaryFile(path string) error {
	seed, generation, err := custody.ReadSeed(path, custody.SeedNotary)
	k.seeds[uint64(generation)] = seed
	return err
}

// folder reads a server's key folder, and changes nothing in it.
func (k *proofKeys) folder(dir string) error {
	for _, path := range custody.SeedFiles(dir, custody.SeedNotary) {
		if err := k.notaryFile(path); err != nil {
			return err
		}
		k.whole = true
	}
	seed, _, err := custody.ReadSeed(filepath.Join(dir, string(custody.SeedIdentity)+".key"), custody.SeedIdentity)
	if err == nil {
		k.identity = [32]byte(meeting.NewIdentity(seed).Key())
	}
	return err
}

// publicKey reads an Ed25519 public key in hexadecimal or base64.
func publicKey(s string) ([32]byte, error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		b, err = base64.StdEncoding.DecodeString(s)
	}
	if err != nil || len(b) != 32 || [32]byte(b) == [32]byte{} {
		return [32]byte{}, errors.New("an identity key is 32 bytes, in hexadecimal or base64")
	}
	return [32]byte(b), nil
}

// platform is what the keys make of it. missing hears of generations whose key was not given.
func (k *proofKeys) platform(missing func(generation uint64)) clip.Platform {
	p := clip.Platform{Identity: k.identity}
	if len(k.seeds) == 0 {
		return p
	}
	p.Notary = func(key uint64) (franking.NotaryKey, bool) {
		generation := franking.Generation(key)
		seed, ok := k.seeds[generation]
		if !ok {
			if !k.whole {
				missing(generation)
			}
			return franking.NotaryKey{}, false
		}
		return franking.KeyOf(seed, key), true
	}
	return p
}

// isLines reports whether a file looks like one of lines.
func isLines(path string) bool {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false // whoever opens it says what is wrong
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, clip.HeadOfLines)
	n, err := io.ReadFull(f, head)
	return (err == nil || errors.Is(err, io.ErrUnexpectedEOF)) && clip.AreLines(head[:n])
}

// checked is what a check of a proof came to, as --json prints it.
type checked struct {
	clip.Found
	Result     clip.Grade `json:"result"`
	NotChecked []string   `json:"notChecked"` // what the keys that were given do not tell, and what only a server knows
}

// exit is 0 for what is verified, 1 for what is contradicted, 2 for anything between.
func (c checked) exit() int {
	switch c.Result {
	case clip.Verified:
		return 0
	case clip.Contradicted:
		return 1
	}
	return 2
}

func verifyProof(paths []string, keys proofKeys, out, errs io.Writer) int {
	c, err := checkProof(paths, keys)
	if err != nil {
		fmt.Fprintln(errs, "proffer:", err)
		return 1
	}
	if keys.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		if err := e.Encode(c); err != nil {
			fmt.Fprintln(errs, "proffer:", err)
			return 1
		}
		return c.exit()
	}
	fmt.Fprint(out, c.words(strings.Join(paths, ", ")))
	return c.exit()
}

// checkProof checks with the keys that there are. Where those of the notary are missing it still looks for contradictions, and the result is
// unverified at best.
func checkProof(paths []string, keys proofKeys) (c checked, err error) {
	var missing []uint64
	p := keys.platform(func(generation uint64) { missing = append(missing, generation) })
	if c.Found, err = verifyFiles(paths, p); err != nil {
		return c, err
	}
	c.NotChecked = []string{"whether they were in the meeting at these times: only the server’s board says"}
	if p.Identity == [32]byte{} {
		c.NotChecked = append(c.NotChecked, "who they are: no identity key given")
	}
	if p.Notary == nil || len(missing) > 0 {
		why := "no notary key given"
		if p.Notary != nil {
			why = fmt.Sprintf("no notary key of generation %d given", missing[0])
		}
		return c.stampless(paths, p, why)
	}
	c.Result = c.Grade()
	if c.Result == clip.Verified && p.Identity == [32]byte{} {
		c.Result = clip.Partly
	}
	return c, nil
}

// stampless is the check without a key of the notary.
func (c checked) stampless(paths []string, p clip.Platform, why string) (checked, error) {
	p.Notary, p.Stampless = nil, true
	held, err := verifyFiles(paths, p)
	if err != nil {
		return c, err
	}
	if p.Stampless = false; held.Grade() == clip.Contradicted {
		c.Found, c.Result = held, clip.Contradicted
		c.NotChecked = append(c.NotChecked, "stamps: "+why)
		return c, nil
	}
	if c.Found, err = verifyFiles(paths, p); err != nil {
		return c, err
	}
	words := map[clip.Grade]string{clip.Verified: "commitments hold", clip.Partly: "commitments hold for a part", clip.Unverified: "there are no commitments"}
	c.Result = clip.Unverified
	c.NotChecked = append(c.NotChecked, words[held.Grade()]+"; stamps not checked: "+why)
	return c, nil
}

func verifyFiles(paths []string, p clip.Platform) (clip.Found, error) {
	proof, err := readProof(paths[len(paths)-1])
	if err != nil {
		return clip.Found{}, err
	}
	if len(paths) == 1 {
		v, err := clip.VerifyLines(proof, p)
		return clip.Found{Lines: &v}, err
	}
	f, err := os.Open(paths[0])
	if err != nil {
		return clip.Found{}, err
	}
	defer f.Close()
	v, err := clip.Verify(f, proof, p)
	return clip.Found{Clip: &v}, err
}

// readProof reads a proof, and one byte more than the longest where it is longer.
func readProof(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, clip.MaxProof+1))
}

// words tells people. What others wrote is cleaned of what would steer a terminal.
func (c checked) words(files string) string {
	var b strings.Builder
	say := func(format string, args ...any) {
		b.WriteString(account.CleanText(fmt.Sprintf(format, args...)) + "\n")
	}
	say("%s: %s", files, c.Result)
	if v := c.Clip; v != nil && v.Sender != (clip.Member{}) {
		say("  meeting %s, reported by %s, about %s", v.Meeting, memberWords(v.Reporter), memberWords(v.Sender))
		say("  from %s on, %.1f s", utc(v.From), float64(v.Length)/1000)
		for _, t := range v.Tracks {
			say("  %s: %s; %d of %d frames verified", t.Source, t.Grade, t.Verified, t.Frames)
			for _, s := range t.Spans {
				say("    %.1f s to %.1f s: %s, %d frames", float64(s.From)/1000, float64(s.To)/1000, s.State, s.Frames)
			}
		}
	}
	if v := c.Lines; v != nil && len(v.Senders) > 0 {
		say("  meeting %s, reported by %s", v.Meeting, memberWords(v.Reporter))
		for _, l := range v.Lines {
			say("  %s %s: %q: %s", utc(l.Time), memberWords(v.Senders[l.Sender]), l.Text, l.State)
		}
	}
	for _, f := range c.Findings() {
		say("  against the %s: %s", f.Against, f.Words)
	}
	for _, n := range c.NotChecked {
		say("  not checked: %s", n)
	}
	return b.String()
}

func utc(ms uint64) string {
	return time.UnixMilli(int64(ms)).UTC().Format("2006-01-02 15:04:05.000 UTC")
}

func memberWords(m clip.Member) string {
	if m.Account == "" {
		return m.Title() + " (no account)"
	}
	return m.Title() + " (" + m.Account + ")"
}

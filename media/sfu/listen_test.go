package sfu_test

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
)

// listening lists where this process can be reached, as the kernel knows it: network and address.
func listening(t *testing.T) (all []string) {
	t.Helper()
	mine := map[string]bool{}
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil {
			if inode, ok := strings.CutPrefix(to, "socket:["); ok {
				mine[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	for network, state := range map[string]string{"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"} { // LISTEN; UDP that is not connected
		text, err := os.ReadFile("/proc/self/net/" + network)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(text), "\n")[1:] {
			if f := strings.Fields(line); len(f) > 9 && f[3] == state && mine[f[9]] {
				all = append(all, network+" "+address(t, f[1]).String())
			}
		}
	}
	return all
}

// address reads an address of /proc/net: words of four bytes in the machine's own order, here little-endian.
func address(t *testing.T, s string) netip.AddrPort {
	t.Helper()
	host, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(host)
	if err != nil {
		t.Fatal(err)
	}
	for word := range slices.Chunk(b, 4) {
		slices.Reverse(word)
	}
	ip, _ := netip.AddrFromSlice(b)
	var p uint16
	if _, err := fmt.Sscanf(port, "%X", &p); err != nil {
		t.Fatal(err)
	}
	return netip.AddrPortFrom(ip, p)
}

// onLoopbackAlone holds that a server without an address of its own can be reached from this machine only.
func onLoopbackAlone(t *testing.T) {
	all, udp := listening(t), false
	for _, l := range all {
		network, at, _ := strings.Cut(l, " ")
		udp = udp || strings.HasPrefix(network, "udp")
		if !netip.MustParseAddrPort(at).Addr().Unmap().IsLoopback() {
			t.Errorf("it listens at %s", l)
		}
	}
	if !udp || len(all) < 2 {
		t.Errorf("it listens at %v only: this test does not see it", all)
	}
}

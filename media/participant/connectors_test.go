package participant

import (
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/connector/connectortest"
	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
)

// connectedMeeting: a host records a standard meeting, into which somebody dials by telephone; both are seen, and shown out at the upgrade.
func connectedMeeting(t *testing.T, s *server) {
	account := s.signIn("Hanna")
	link := s.meeting(account, "standard")
	host := s.join("host", Config{Link: link, Host: true, HTTP: account})
	guest := s.join("guest", Config{Link: link})
	guest.sends() // what no telephone could decode, which hurts nobody
	var tone []Sample
	for _, x := range connectortest.Tone(t, 440) {
		tone = append(tone, Sample{Data: x.Data, Duration: 20 * time.Millisecond})
	}
	if err := host.Send(franking.Microphone, Loop(tone)); err != nil {
		t.Fatal(err)
	}
	phone := await(host, "it is told how to dial in", func(Phone) bool { return true })
	if _, told := find(guest, func(Phone) bool { return true }); told || phone.Number != "+1 555 0100" {
		t.Errorf("%+v; the guest is told: %v", phone, told)
	}
	if err := guest.Record(true); err != nil {
		t.Fatal(err)
	}
	await(guest, "it is told that it may not", func(r Refused) bool { return r.What == e2ee.OrderRecord })
	if err := host.Record(true); err != nil {
		t.Fatal(err)
	}
	guest.eventually("everybody sees the recorder", func() bool { return sees(guest, e2ee.Recorder) && sees(host, e2ee.Recorder) })

	dial := netip.MustParseAddrPort(fmt.Sprintf("127.0.0.1:%d", s.sip))
	caller := connectortest.Dial(t, dial, connectortest.Script{Keys: phone.PIN, Hertz: 1000})
	guest.eventually("everybody sees the telephone", func() bool { return sees(guest, e2ee.Telephone) && sees(host, e2ee.Telephone) })
	caller.Hears(440, 1000)
	j := guest.View().People[slices.IndexFunc(guest.View().People, func(p Person) bool { return p.Kind == e2ee.Telephone })].J
	guest.eventually("the guest hears the telephone", func() bool {
		frames := guest.seen.of(j, franking.Microphone)
		return len(frames) > 100 && frames[len(frames)-1].Codec == franking.PCMU
	})
	if e, _ := find(host, func(x Terms) bool { return len(x.Lost) == 2 }); len(e.Lost) != 2 {
		t.Errorf("what will stop at an upgrade is not told: %v", e)
	}

	if err := host.Upgrade(guest.J()); err != nil {
		t.Fatal(err)
	}
	if trace := caller.Ended(); !strings.Contains(trace, "Telephones cannot decrypt") {
		t.Errorf("the caller was not told why:\n%s", trace)
	}
	guest.eventually("the meeting goes on without them", func() bool {
		v := guest.View()
		return v.E2EE && v.State == e2ee.In && len(v.People) == 2 && v.Code == host.View().Code
	})
	if trace := connectortest.Dial(t, dial, connectortest.Script{Dial: phone.PIN, Refused: 603}).Ended(); !strings.Contains(trace, "SIP/2.0 603 Telephones cannot decrypt") {
		t.Errorf("the caller was not told why:\n%s", trace)
	}
	s.recorded(link.Meeting, map[string]string{"opus": "host", "pcm_s16le": "telephone"})
	if err := host.EndForAll(); err != nil {
		t.Fatal(err)
	}
	await(guest, "the meeting is over", func(Ended) bool { return true })
}

// sees tells whether somebody of a kind is among the people whom an attendee is shown.
func sees(a *attendee, kind uint64) bool {
	return slices.ContainsFunc(a.View().People, func(p Person) bool { return p.Kind == kind })
}

// recorded waits until files with these codecs are in the object store, which is embedded: its folder.
func (s *server) recorded(meeting string, codecs map[string]string) {
	s.t.Helper()
	var got map[string]bool
	for end := time.Now().Add(patient); ; time.Sleep(100 * time.Millisecond) {
		got = map[string]bool{}
		files, _ := filepath.Glob(filepath.Join(s.dir, "data", "s3", "*", "proffer-derivatives", "recordings", meeting, "*", "*"))
		more, _ := filepath.Glob(filepath.Join(s.dir, "data", "s3", "proffer-derivatives", "recordings", meeting, "*", "*"))
		for _, f := range append(files, more...) {
			out, _ := exec.Command("ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", f).Output()
			for _, codec := range strings.Fields(string(out)) {
				got[codec] = true
			}
		}
		missing := false
		for codec := range codecs {
			missing = missing || !got[codec]
		}
		if !missing {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("recorded is %v, want %v", got, codecs)
		}
	}
}

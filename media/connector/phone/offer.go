package phone

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// Static payload types of G.711 (RFC 3551, section 6).
const (
	pcmu = 0
	pcma = 8
)

const (
	maxOffer = 8 << 10 // bytes
	maxMedia = 8
)

// offer is what a caller described: where its voice is taken, and how it is encoded.
type offer struct {
	to     netip.AddrPort
	law    uint8    // pcmu or pcma: the first of the two that was named
	digits uint8    // payload type of telephone-event (RFC 4733); 0: none
	sends  bool     // the caller sends
	takes  bool     // the caller wants to hear
	before []string // lines of other media, which are answered as refused
	after  []string
}

var (
	errNoOffer = errors.New("phone: a call needs a description of its sound in the INVITE")
	errNoSound = errors.New("phone: only sound as G.711 over RTP is taken, to a literal address")
)

// readOffer reads a session description (RFC 4566) and picks the first sound in it that can be taken.
func readOffer(body []byte) (offer, error) {
	if len(body) == 0 || len(body) > maxOffer {
		return offer{}, errNoOffer
	}
	var d sdp.SessionDescription
	if err := d.Unmarshal(body); err != nil {
		return offer{}, fmt.Errorf("phone: reading the description: %w", err)
	}
	if len(d.MediaDescriptions) > maxMedia {
		return offer{}, errNoSound
	}
	for i, m := range d.MediaDescriptions {
		if o, ok := readSound(&d, m); ok {
			o.before, o.after = refused(d.MediaDescriptions[:i]), refused(d.MediaDescriptions[i+1:])
			return o, nil
		}
	}
	return offer{}, errNoSound
}

// refused is how media that is not taken is answered: with port 0 (RFC 3264, section 6).
func refused(all []*sdp.MediaDescription) (lines []string) {
	for _, m := range all {
		name := m.MediaName
		name.Port = sdp.RangedPort{}
		lines = append(lines, "m="+name.String()+"\r\n")
	}
	return lines
}

func readSound(d *sdp.SessionDescription, m *sdp.MediaDescription) (offer, bool) {
	name := m.MediaName
	if name.Media != "audio" || !slices.Equal(name.Protos, []string{"RTP", "AVP"}) || name.Port.Value < 1 || name.Port.Value > 65535 {
		return offer{}, false
	}
	at, ok := address(m.ConnectionInformation, d.ConnectionInformation)
	if !ok {
		return offer{}, false
	}
	o := offer{to: netip.AddrPortFrom(at, uint16(name.Port.Value)), digits: eventType(m), sends: true, takes: true}
	first := slices.IndexFunc(name.Formats, func(f string) bool { return f == "0" || f == "8" })
	if first < 0 {
		return offer{}, false
	}
	if name.Formats[first] == "8" {
		o.law = pcma
	}
	for _, a := range append(slices.Clone(d.Attributes), m.Attributes...) { // the media's own come last and win
		switch a.Key {
		case "sendonly":
			o.sends, o.takes = true, false
		case "recvonly":
			o.sends, o.takes = false, true
		case "inactive":
			o.sends, o.takes = false, false
		case "sendrecv":
			o.sends, o.takes = true, true
		}
	}
	return o, true
}

// address is where media goes, as a literal: no name of a stranger's is looked up.
func address(own, session *sdp.ConnectionInformation) (netip.Addr, bool) {
	c := own
	if c == nil {
		c = session
	}
	if c == nil || c.NetworkType != "IN" || c.Address == nil {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(c.Address.Address)
	if err != nil || a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// eventType is the payload type of telephone-event at 8 kHz; 0 where there is none.
func eventType(m *sdp.MediaDescription) uint8 {
	for _, a := range m.Attributes {
		number, encoding, ok := strings.Cut(a.Value, " ")
		if a.Key != "rtpmap" || !ok || !strings.EqualFold(encoding, "telephone-event/8000") || !slices.Contains(m.MediaName.Formats, number) {
			continue
		}
		if n, err := strconv.ParseUint(number, 10, 8); err == nil && n >= 96 && n <= 127 {
			return uint8(n)
		}
	}
	return 0
}

// answer describes this side of the call (RFC 3264, section 6). session and version name it among others.
func (o offer) answer(at netip.AddrPort, session, version uint64) []byte {
	kind := "IP4"
	if at.Addr().Is6() {
		kind = "IP6"
	}
	law, formats, events := "PCMU", strconv.Itoa(int(o.law)), ""
	if o.law == pcma {
		law = "PCMA"
	}
	if o.digits != 0 {
		formats += " " + strconv.Itoa(int(o.digits))
		events = fmt.Sprintf("a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", o.digits, o.digits)
	}
	direction := map[[2]bool]string{{true, true}: "sendrecv", {true, false}: "recvonly", {false, true}: "sendonly", {false, false}: "inactive"}[[2]bool{o.sends, o.takes}]
	return fmt.Appendf(nil, "v=0\r\no=- %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n%sm=audio %d RTP/AVP %s\r\na=rtpmap:%d %s/8000\r\n%sa=ptime:20\r\na=%s\r\n%s",
		session, version, kind, at.Addr(), kind, at.Addr(), strings.Join(o.before, ""), at.Port(), formats, o.law, law, events, direction,
		strings.Join(o.after, ""))
}

package participant

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/proffer/proffer/media/e2ee"
)

// Link is where a meeting is, and for an end-to-end encrypted one the secret that lets one ask to be let in (PROTOCOL.md section 3.1).
type Link struct {
	Server  string       // scheme and authority, such as "https://meet.example"
	Meeting string       // the meeting's number
	Secret  *e2ee.Secret // nil for a standard meeting
}

var errLink = errors.New("participant: this is no link to a meeting; it looks like https://meet.example/m/M-3K9QA-77ZPW, and has a # and 43 characters after that if the meeting is end-to-end encrypted")

// ParseLink reads a link as people send it to each other.
func ParseLink(s string) (Link, error) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery {
		return Link{}, errLink
	}
	meeting, ok := strings.CutPrefix(u.EscapedPath(), "/m/")
	if !ok || meeting == "" || len(meeting) > 64 || url.PathEscape(meeting) != meeting {
		return Link{}, errLink
	}
	l := Link{Server: u.Scheme + "://" + u.Host, Meeting: meeting}
	if u.Fragment == "" {
		return l, nil
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(u.EscapedFragment())
	if err != nil || len(secret) != len(e2ee.Secret{}) {
		return Link{}, errLink
	}
	l.Secret = (*e2ee.Secret)(secret)
	return l, nil
}

// NewLink makes the link of an end-to-end encrypted meeting, as its host's device does.
func NewLink(server, meeting string) Link {
	var secret e2ee.Secret
	rand.Read(secret[:]) // never fails
	return Link{Server: server, Meeting: meeting, Secret: &secret}
}

// String is the link as it is sent. It lets who reads it ask to be let in.
func (l Link) String() string {
	s := l.Server + "/m/" + l.Meeting
	if l.Secret != nil {
		s += "#" + base64.RawURLEncoding.EncodeToString(l.Secret[:])
	}
	return s
}

// at is an address of the meeting's server.
func (l Link) at(path string) string { return fmt.Sprintf("%s/m/%s/%s", l.Server, l.Meeting, path) }

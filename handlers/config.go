package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/alexedwards/scs/v2"

	"github.com/proffer/proffer/handlers/oidc"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

// Config is what the HTTP edge needs from the rest of the house. Every field without “optional” has to be set.
type Config struct {
	Desk     *triage.Desk
	Sessions SessionStore
	Changes  Changes
	Assets   Assets
	Meetings *meeting.Hub
	Media    http.Handler // passes participants' signalling below /livekit/ on to the media server

	// Uploads makes the handler of resumable uploads (tus 1.0) below /uploads/. It calls owner for each request and
	// answers its error; the edge has already refused strangers.
	Uploads func(owner func(*http.Request) (triage.Actor, error)) http.Handler

	PublicKeys func() []byte                   // PLATFORM.pub as it is now
	Ready      func(ctx context.Context) error // nil while database and object store answer
	URL        string                          // where browsers find the application, such as "https://proffer.example"; no slash at the end
	Addr       string                          // where the listener listens, host:port
	Log        *slog.Logger

	Demo   bool              // demonstration mode: the person switcher and the outbox page exist
	People []account.Account // whom one can become in demonstration mode, in the order of the switcher
	// StaffPasskeys makes the roles of staff count only in sessions that a passkey opened; demonstration mode asks for none.
	StaffPasskeys bool

	OIDC *oidc.Provider // the house's own sign-in provider for staff; nil: none

	MailOff bool // no mail server is configured; pages say so

	Limits Limits // optional

	// Proxies are the address ranges (CIDR) whose X-Forwarded-For is believed; optional. Rate limits count by the address
	// of the peer where there are none.
	Proxies []string
}

// SessionStore keeps sessions under the SHA-256 of their token.
type SessionStore interface {
	scs.CtxStore

	// Handle is the public handle (account.Session.ID) of the session whose cookie holds the token; NotFound where it
	// is not kept.
	Handle(ctx context.Context, token string) (string, error)
}

// Assets knows the addresses of the bundled files and serves them below /static/.
type Assets interface {
	web.AssetPaths
	http.Handler

	// Name names the whole bundle: people compare it with what was published.
	Name() string
}

// Changes tells of what other requests and jobs change, on any node.
type Changes interface {
	// Subscribe returns changes from now on. The channel is closed when ctx ends. A subscriber that falls behind gets
	// one ChangeResync in place of what it missed, and never slows down anybody else.
	Subscribe(ctx context.Context) <-chan Change
}

// ChangeKind says what changed.
type ChangeKind string

// The kinds of changes.
const (
	ChangeCase    ChangeKind = "case"
	ChangeReport  ChangeKind = "report"
	ChangeExhibit ChangeKind = "exhibit"
	ChangePackage ChangeKind = "package"
	ChangeResync  ChangeKind = "resync" // something was missed: read anew what is shown
)

// Change is one thing that changed. It is a hint only: what subscribers are told is read from the store again.
type Change struct {
	Kind     ChangeKind
	ID       string        // of the case, report, exhibit or package
	Case     triage.CaseID // the case it belongs to
	Lane     triage.Lane   // that case's lane
	Reporter account.ID    // one who reported it; there is one Change for each of them
	Was      triage.Lane   // the lane that the case left with this change; "" where it did not move
}

// check reports what is missing or cannot be right.
func (c Config) check() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "":
		return errors.New("handlers: the URL has to be of the form https://host[:port], without a path")
	case c.Desk == nil || c.Sessions == nil || c.Changes == nil || c.Assets == nil || c.Uploads == nil ||
		c.PublicKeys == nil || c.Ready == nil || c.Log == nil || c.Meetings == nil || c.Media == nil:
		return errors.New("handlers: a part of Config is not set")
	}
	if err := checkAddr(c.Addr); err != nil {
		return err
	}
	for _, p := range c.Proxies {
		if _, err := netip.ParsePrefix(p); err != nil {
			return fmt.Errorf("handlers: %q is not a range of addresses such as 10.0.0.0/8: %w", p, err)
		}
	}
	return nil
}

// secure reports whether browsers reach the application over TLS.
func (c Config) secure() bool { return strings.HasPrefix(c.URL, "https://") }

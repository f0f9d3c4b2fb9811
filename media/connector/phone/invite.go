package phone

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// no is why a call is not taken: a status of SIP, and words for the caller.
type no struct {
	status int
	words  string
}

func (n no) Error() string { return n.words }

var (
	errBusy    = no{sip.StatusBusyHere, "All lines are busy, call again later"}
	errGuess   = no{sip.StatusServiceUnavailable, "Too many wrong PINs, call again in a few minutes"}
	errNoMeet  = no{sip.StatusNotFound, "No running meeting has this PIN"}
	errEvents  = no{sip.StatusNotAcceptableHere, "This telephone sends no digits (telephone-event), so that no PIN could be entered"}
	errClosing = no{sip.StatusServiceUnavailable, "The telephone is being switched off"}
)

// invite answers a call, or a change of one that runs.
func (s *Server) invite(req *sip.Request, tx sip.ServerTransaction) {
	if req.To().Params.Has("tag") {
		s.again(req, tx)
		return
	}
	if err := s.begin(req, tx); err != nil {
		s.refuse(req, tx, err)
	}
}

func (s *Server) refuse(req *sip.Request, tx sip.ServerTransaction, err error) {
	n := no{sip.StatusNotAcceptableHere, err.Error()}
	errors.As(err, &n)
	_ = tx.Respond(n.response(req)) // a caller who is gone needs no answer
}

// response says no to a request.
func (n no) response(req *sip.Request) *sip.Response {
	res := sip.NewResponseFromRequest(req, n.status, plain(n.words), nil)
	res.AppendHeader(reason(n.status, n.words))
	if n.status == sip.StatusServiceUnavailable || n.status == sip.StatusBusyHere {
		res.AppendHeader(sip.NewHeader("Retry-After", "60"))
	}
	return res
}

// begin takes a call and answers it.
func (s *Server) begin(req *sip.Request, tx sip.ServerTransaction) error {
	if s.wrong.full(time.Now()) {
		return errGuess
	}
	o, err := readOffer(req.Body())
	if err != nil {
		return no{sip.StatusNotAcceptableHere, strings.TrimPrefix(err.Error(), "phone: ")}
	}
	pin := s.pinOf(req.Recipient.User)
	if pin == "" && o.digits == 0 {
		return errEvents
	}
	if !s.take() {
		if s.closed.Err() != nil {
			return errClosing
		}
		return errBusy
	}
	c, err := s.prepare(req, tx, o)
	if err != nil {
		s.give()
		return err
	}
	go func() {
		defer s.give()
		c.run(pin)
	}()
	<-c.answered // the transaction is this goroutine's
	return nil
}

// prepare makes the call of an INVITE.
func (s *Server) prepare(req *sip.Request, tx sip.ServerTransaction, o offer) (*call, error) {
	here, err := s.here(req.Source())
	if err != nil {
		return nil, fmt.Errorf("phone: finding this machine's address: %w", err)
	}
	ip := here
	if s.config.IP.IsValid() {
		ip = s.config.IP
	}
	contact := sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: "proffer", Host: ip.String(), Port: int(s.addr.Port())}}
	if req.Transport() == "TCP" {
		contact.Address.UriParams = sip.NewParams()
		contact.Address.UriParams.Add("transport", "tcp")
	}
	ua := &sipgo.DialogUA{Client: s.client, ContactHDR: contact, RewriteContact: true}
	dialog, err := ua.ReadInvite(req, tx)
	if err != nil {
		return nil, no{sip.StatusBadRequest, err.Error()}
	}
	m, err := openMedia(here, s.config.Ports, o)
	if err != nil {
		return nil, no{sip.StatusServiceUnavailable, "No port is free for another call"}
	}
	c := &call{server: s, dialog: dialog, tx: tx, contact: contact, ip: ip, media: m, name: nameOf(req.From().Address.User), answered: make(chan struct{})}
	c.ctx, c.cancel = context.WithCancelCause(s.closed)
	s.keep(c)
	return c, nil
}

// again answers what a caller changes in a running call: to hold it, or to move its sound.
func (s *Server) again(req *sip.Request, tx sip.ServerTransaction) {
	c := s.of(req)
	if c == nil {
		_ = tx.Respond(sip.NewResponseFromRequest(req, sip.StatusCallTransactionDoesNotExists, "There is no such call", nil))
		return
	}
	o, err := readOffer(req.Body())
	if err != nil {
		s.refuse(req, tx, err)
		return
	}
	c.media.change(o)
	res := sip.NewSDPResponseFromRequest(req, c.describe(o))
	res.AppendHeader(&c.contact)
	_ = tx.Respond(res)
}

func (s *Server) ack(req *sip.Request, tx sip.ServerTransaction) {
	if c := s.of(req); c != nil {
		_ = c.dialog.ReadAck(req, tx) // one for another answer of ours counts for nothing
	}
}

func (s *Server) bye(req *sip.Request, tx sip.ServerTransaction) {
	c := s.of(req)
	if c == nil || c.dialog.ReadBye(req, tx) != nil {
		_ = tx.Respond(sip.NewResponseFromRequest(req, sip.StatusCallTransactionDoesNotExists, "There is no such call", nil))
		return
	}
	c.cancel(errHungUp)
}

// options tells a trunk that this is alive.
func (s *Server) options(req *sip.Request, tx sip.ServerTransaction) {
	res := sip.NewResponseFromRequest(req, sip.StatusOK, "OK", nil)
	res.AppendHeader(sip.NewHeader("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS"))
	res.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
	_ = tx.Respond(res)
}

// pinOf is the PIN that a caller dialled at once, in the place of the telephone's number; "" where it was not. Trunks write that number as
// they like, with its prefix or without.
func (s *Server) pinOf(user string) string {
	if len(user) != PINLength || strings.Trim(user, "0123456789") != "" {
		return ""
	}
	for _, number := range strings.Split(s.config.Number, ",") {
		if strings.HasSuffix(digitsOf(number), user) {
			return ""
		}
	}
	return user
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// nameOf is what the roster calls a caller: who takes part sees that it is a telephone and the end of its number, not all of it.
func nameOf(user string) string {
	if digits := strings.TrimPrefix(user, "+"); len(digits) > 4 && len(digits) <= 20 && strings.Trim(digits, "0123456789") == "" {
		return "Telephone …" + digits[len(digits)-4:]
	}
	return "Telephone"
}

// reason says why in a header (RFC 3326).
func reason(status int, words string) sip.Header {
	return sip.NewHeader("Reason", fmt.Sprintf(`SIP ;cause=%d ;text="%s"`, status, plain(words)))
}

// plain is words as they can stand in a line of SIP.
func plain(words string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '’':
			return '\''
		case r < ' ' || r > '~' || r == '"' || r == '\\':
			return ' '
		}
		return r
	}, words)
}

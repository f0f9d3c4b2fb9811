package meeting

import (
	"context"
	"errors"
	"time"
)

// wire is the entry as clients are sent it.
func (e Entry) wire() []byte {
	return marshal(&EntryMessage{Number: e.Number, At: millis(e.At), Message: e.Message})
}

// maxJoins bounds the joins on one board: clients keep no more either.
const maxJoins = 1 << 14

// ruling is what is decided about a message that is to be on the board.
type ruling struct {
	why   string // it is refused, in words
	known bool   // the same bytes are there already
	cause Cause  // what it does to the meeting
}

func deny(why string) ruling { return ruling{why: why} }

// rules decide for each kind, within the modes that have it. Form and signature hold, and the signer is the device of the session.
var rules = map[State]map[string]func(*room, context.Context, *Session, *opened, time.Time) ruling{
	Standard: {"join": (*room).ruleJoin, "leave": (*room).ruleLeave, "upgrade": (*room).ruleUpgrade},
	E2EE: {"join": (*room).ruleJoin, "leave": (*room).ruleLeave, "link": (*room).ruleLink, "keys": (*room).ruleKeys,
		"deny": (*room).ruleDeny, "leader": (*room).ruleLeader, "end": (*room).ruleEnd, "upgrade": (*room).ruleUpgraded},
	Ended: {},
}

// posted puts a message on the board, or says why not.
func (r *room) posted(ctx context.Context, s *Session, b body, now time.Time) {
	message := b.(*Post).Message
	if !s.limits.posts.take(1, now) || !s.limits.bytes.take(float64(len(message)), now) {
		s.refuse("post", "That was too much at once. Wait a moment.")
		return
	}
	o, err := openMessage(message)
	if err != nil || o.signer != s.device {
		s.refuse("post", "The message cannot be read, or it is not signed by this session’s device.")
		return
	}
	for try := 1; ; try++ { // the second time on what others put there meanwhile
		v := r.rule(ctx, s, o, now)
		if v.known {
			return
		} else if v.why != "" {
			s.refuse(o.kind, v.why)
			return
		}
		e := Entry{Number: r.last + 1, At: now, Kind: o.kind, Message: message}
		err := r.h.Store.AppendEntry(ctx, r.id, e, v.cause)
		if err == nil {
			r.took(ctx, s, o, e)
			return
		}
		if !errors.Is(err, ErrTaken) {
			r.h.Log.WarnContext(ctx, "an entry could not be put on the board", "meeting", r.id, "kind", o.kind, "err", err)
		}
		if again := r.catchUp(ctx); again != nil || try == 2 {
			s.refuse(o.kind, "The server could not keep that. Try again.")
			return
		}
	}
}

// rule decides about a message whose form and signature hold.
func (r *room) rule(ctx context.Context, s *Session, o *opened, now time.Time) ruling {
	state := r.m.State()
	rule := rules[state][o.kind]
	switch {
	case state == Ended:
		s.end(OverEnded, errOver.Why)
		return ruling{known: true}
	case rule == nil:
		return deny("A " + string(r.m.Mode) + " meeting’s board has no such message.")
	case o.kind != "join" && (s.join == nil || s.join.left || s.join.out):
		return deny("Only who has joined, and is not out again, can put something on the board.")
	}
	return rule(r, ctx, s, o, now)
}

// ruleJoin: one session speaks for one join. The same bytes again, in a new session of the same device, go on with a join whose
// session broke (§10).
func (r *room) ruleJoin(ctx context.Context, s *Session, o *opened, _ time.Time) ruling {
	b, name := o.body.(*Join), J(o.hash)
	known := r.joins[name]
	switch {
	case b.Meeting != r.id || b.Device != s.device:
		return deny("The join is for another meeting, or of another device.")
	case s.join != nil && s.join != known:
		return deny("This session speaks for another join already.")
	case known != nil && (known.left || known.out):
		return deny("This join is over. Reload the page to come back.")
	case known != nil:
		if s.join == nil {
			r.bind(ctx, s, known)
		}
		return ruling{known: true}
	case len(r.joins) >= maxJoins:
		return deny("This meeting has seen too many joins. Ask the host for a new one.")
	case o.mac != 0 && r.m.Mode == Standard:
		return deny("This meeting is not end-to-end encrypted, and the link that was opened says that it is. Ask the host for the right one.")
	case o.mac == 0 && r.m.Mode == E2EE:
		return deny("The link is not whole: the part after # is missing. Ask for the whole link, and open that.")
	}
	c, err := r.h.Identity.check(b.Certificate, b.Device, r.id, b.Time)
	if err != nil || c.Account != string(s.account) {
		return deny("The certificate in the join does not hold at the join’s time. Is this device’s clock right?")
	}
	if r.m.Mode == Standard && c.Name != StaffName && r.roster.arrive(r.personOf(c, name)) == denied { // nor does it fill the board
		s.end(OverDenied, "The meeting is locked or full. Ask the host to let you in, then open the link again.")
		return ruling{known: true}
	}
	return ruling{}
}

// own reports whether a message speaks for the session's own join, in this meeting.
func (r *room) own(s *Session, meeting string, j J) bool { return meeting == r.id && j == s.join.J }

func (r *room) ruleLeave(_ context.Context, s *Session, o *opened, _ time.Time) ruling {
	if b := o.body.(*Leave); !r.own(s, b.Meeting, b.J) {
		return deny("Nobody leaves for somebody else.")
	}
	return ruling{}
}

func (r *room) ruleLink(_ context.Context, s *Session, o *opened, now time.Time) ruling {
	b := o.body.(*Link)
	if o.hash == r.list.hash {
		return ruling{known: true}
	}
	if b.Meeting != r.id {
		return deny("The link is of another meeting.")
	}
	return deny(r.list.acceptLink(b, author{J: s.join.J, Host: s.join.Owner || s.join.J == r.host}, o.signer, r, now))
}

func (r *room) ruleKeys(_ context.Context, s *Session, o *opened, _ time.Time) ruling {
	b := o.body.(*Keys)
	if o.hash == r.list.keys {
		return ruling{known: true}
	}
	if b.Meeting != r.id {
		return deny("The keys are of another meeting.")
	}
	return deny(r.list.acceptKeys(b, s.join.J))
}

func (r *room) ruleDeny(_ context.Context, s *Session, o *opened, _ time.Time) ruling {
	if b := o.body.(*Deny); b.Meeting != r.id || r.list.leader != s.join.J || r.list.version == 0 || r.joins[b.J] == nil || r.list.members[b.J] {
		return deny("Only the leader refuses somebody, who waits.")
	}
	return ruling{}
}

func (r *room) ruleLeader(_ context.Context, s *Session, o *opened, now time.Time) ruling {
	b := o.body.(*Leader)
	if !r.own(s, b.Meeting, b.J) {
		return deny("Nobody takes over for somebody else.")
	}
	return deny(r.list.acceptClaim(b, r, now))
}

func (r *room) ruleEnd(_ context.Context, s *Session, o *opened, _ time.Time) ruling {
	if b := o.body.(*End); b.Meeting != r.id || r.list.version == 0 || r.list.leader != s.join.J || b.Version > r.list.version {
		return deny("Only the leader ends the meeting for everyone.")
	}
	return ruling{cause: Finished}
}

// ruleUpgrade is the one way from standard to E2EE (§9).
func (r *room) ruleUpgrade(ctx context.Context, s *Session, o *opened, _ time.Time) ruling {
	b := o.body.(*Upgrade)
	if !r.own(s, b.Meeting, b.Host) || !r.roster.hosts(s.join.J) {
		return deny("Only a host of the meeting can make it end-to-end encrypted.")
	}
	for _, j := range b.Carried {
		if at := r.roster.at(j); at == nil || at.kind != Person {
			return deny("Only people who are in the meeting can be carried over.")
		}
	}
	why, err := r.h.MayEncrypt(ctx, r.m.Org)
	if err != nil {
		r.h.Log.WarnContext(ctx, "the plan of an organisation could not be read", "meeting", r.id, "err", err)
		return deny("Whether your plan allows it could not be read. Try again.")
	} else if why != "" {
		return deny(why)
	}
	return ruling{cause: Upgraded}
}

func (r *room) ruleUpgraded(_ context.Context, s *Session, o *opened, _ time.Time) ruling {
	if b := o.body.(*Upgrade); r.own(s, b.Meeting, b.Host) && b.Host == r.host {
		return ruling{known: true} // sent twice
	}
	return deny("This meeting is end-to-end encrypted already.")
}

// apply takes what an entry says into the room's state. It has no other effect, so that a server that starts again comes to the same.
func (r *room) apply(o *opened, e Entry) {
	switch b := o.body.(type) {
	case *Join:
		c := new(Certificate)
		if _, err := open(b.Certificate, c); err == nil { // that it holds was checked when the join came
			r.joins[J(o.hash)] = &seat{person: r.personOf(c, J(o.hash)), order: uint64(len(r.joins))}
		}
	case *Leave:
		r.joins[b.J].left = true
	case *Link:
		r.list.follow(b, o.hash, e.At)
	case *Keys:
		r.list.keys = o.hash
	case *Leader:
		r.list.claim = &b.J
	case *Upgrade:
		r.m.Mode, r.host, r.list = E2EE, b.Host, list{members: setOf(b.Carried)}
	case *End:
		r.m.Ended = e.At
	}
	r.last = e.Number
}

// effects are what entries do beyond the state. s is the poster, or nil for an entry that another process took.
var effects = map[string]func(r *room, ctx context.Context, s *Session, o *opened, before list){
	"join": (*room).didJoin, "leave": (*room).didLeave, "link": (*room).didLink, "upgrade": (*room).didUpgrade, "end": (*room).didEnd,
}

// took follows an entry that is on the board: state, everyone who is told, effects.
func (r *room) took(ctx context.Context, s *Session, o *opened, e Entry) {
	before := r.list
	r.apply(o, e)
	data := e.wire()
	for x := range r.sessions {
		if x.sees || x == s {
			x.out.pushEntry(e, data)
		}
	}
	if effect := effects[o.kind]; effect != nil {
		effect(r, ctx, s, o, before)
	}
}

func (r *room) didJoin(ctx context.Context, s *Session, o *opened, _ list) {
	if p := r.joins[J(o.hash)]; s != nil && p != nil {
		r.bind(ctx, s, p)
	}
}

func (r *room) didLeave(ctx context.Context, _ *Session, o *opened, _ list) {
	j := o.body.(*Leave).J
	r.depart(ctx, j)
	if s := r.joins[j].session; s != nil {
		s.over = true
		s.out.finish()
	}
}

// didLink gives tickets to who is on the list now, and takes out who no longer is (§10). Who was carried over and is not on the first
// list waits.
func (r *room) didLink(ctx context.Context, _ *Session, _ *opened, before list) {
	for _, j := range r.list.gone(before.members) {
		r.expel(j)
		p := r.joins[j]
		if before.version == 0 {
			continue
		}
		p.out = true
		if p.session != nil {
			p.session.end(OverRemoved, "You are no longer on the list of participants. To come back, open the link again.")
		}
	}
	for j := range r.list.members {
		r.ticket(r.joins[j])
		r.attended(ctx, r.joins[j])
	}
}

func (r *room) didEnd(context.Context, *Session, *opened, list) {
	r.finished("The host ended the meeting for everyone.")
}

// bind makes a session speak for a join that is on the board. An older session of it is over.
func (r *room) bind(ctx context.Context, s *Session, p *seat) {
	if old := p.session; old != nil && old != s {
		old.join = nil
		old.end(OverReplaced, "This page was opened again elsewhere.")
	}
	p.session, p.gone, p.ticketed, s.join = s, time.Time{}, false, p
	if r.m.Mode == Standard {
		r.arrive(ctx, p)
		return
	}
	r.see(s)
	if r.list.members[p.J] {
		r.ticket(p)
	}
}

// see lets a session know what happens, and what it asked for before.
func (r *room) see(s *Session) {
	s.sees = true
	if s.wanted != 0 {
		s.out.pushRange(s.wanted, r.last)
		s.wanted = 0
	}
}

// fetched answers with the board. In a standard meeting who waits sees nothing of it yet.
func (r *room) fetched(_ context.Context, s *Session, b body, now time.Time) {
	from := b.(*Fetch).From
	switch {
	case !s.limits.fetches.take(1, now):
	case s.sees || r.m.Mode == E2EE:
		s.out.pushRange(from, r.last)
	case s.wanted == 0 || from < s.wanted:
		s.wanted = from
	}
}

// lived relays a sign of life (§3.3).
func (r *room) lived(_ context.Context, s *Session, b body, now time.Time) {
	signed := b.(*LiveMessage).Signed
	if s.join == nil || !s.sees || s.join.left || s.join.out || !s.limits.lives.take(1, now) {
		return
	}
	l := new(Live)
	if o, err := open(signed, l); err != nil || o.Signer != s.device || !r.own(s, l.Meeting, l.J) {
		return
	}
	s.join.live = now
	r.tell(&LiveMessage{Signed: signed}, nil)
}

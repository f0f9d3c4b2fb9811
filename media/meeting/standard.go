package meeting

import (
	"context"
	"slices"
	"time"
)

// A standard meeting: the server's own list, lobby and key (§9).

// arrive lets a join in, or has it wait, or sends it away.
func (r *room) arrive(ctx context.Context, p *seat) {
	if r.roster.has(p.J) { // its session broke, and this is the next one
		r.welcome(ctx, p)
		return
	}
	if p.Name == StaffName { // by the certificate, which nobody else gets
		r.visit(ctx, p)
		return
	}
	switch r.roster.arrive(p.person) {
	case letIn:
		r.admit(ctx, p)
	case waits:
		r.roster.wait(p.person)
		p.session.send(r.roster.lobbyMessage(r.id, false))
		r.tellLobby()
	case denied:
		p.out = true
		p.session.end(OverDenied, "The meeting is locked or full. Ask the host to let you in, then open the link again.")
	}
}

// admit lets a join in.
func (r *room) admit(ctx context.Context, p *seat) {
	if err := r.haveKey(ctx); err != nil {
		r.failed(ctx, p.session, "the key of a standard meeting", err)
		return
	}
	waited := r.roster.unwait(p.J)
	crowded := r.roster.seat(p.person, p.order)
	if before, known := r.roster.known[p.Device]; !p.Staff { // whom a visit let in, nothing else lets in later
		r.keep(ctx, Seated{Device: p.Device, Account: p.Account, In: true, Host: known && before.Account == p.Account && before.Host})
	}
	r.attended(ctx, p)
	if crowded || p.Staff {
		r.rekey(ctx)
	} else {
		r.tellRoster(p.session)
	}
	r.welcome(ctx, p)
	if waited {
		r.tellLobby()
	}
}

// welcome tells somebody who is in all there is.
func (r *room) welcome(ctx context.Context, p *seat) {
	s := p.session
	if s == nil {
		return
	}
	r.see(s)
	s.send(r.roster.message(r.id, r.epoch))
	if r.key != nil {
		s.send(&Grant{Meeting: r.id, Epoch: r.epoch, Key: *r.key})
	}
	r.ticket(p)
	r.tellHost(ctx, p)
}

// tellHost tells a host what only hosts are told.
func (r *room) tellHost(ctx context.Context, p *seat) {
	if p.session == nil || !r.roster.hosts(p.J) {
		return
	}
	why, err := r.h.MayEncrypt(ctx, r.m.Org)
	if err != nil {
		r.h.Log.WarnContext(ctx, "the plan of an organisation could not be read", "meeting", r.id, "err", err)
		why = "Whether your plan allows it could not be read. Reload the page."
	}
	p.session.send(&Terms{Meeting: r.id, May: why == "", Why: why, Lost: r.roster.lost()})
	p.session.send(r.roster.lobbyMessage(r.id, true))
	if r.h.Number != "" {
		p.session.send(&Phone{Meeting: r.id, Number: r.h.Number, PIN: r.h.Master.pin(r.id)})
	}
}

// tellRoster tells everyone who is there.
func (r *room) tellRoster(but *Session) {
	r.tell(r.roster.message(r.id, r.epoch), but)
	r.tellChairs()
}

// tellHosts tells every host what only hosts are told.
func (r *room) tellHosts(ctx context.Context) {
	for _, s := range r.roster.seats {
		if p := r.joins[s.J]; p != nil {
			r.tellHost(ctx, p)
		}
	}
}

// tellLobby tells the hosts who waits.
func (r *room) tellLobby() {
	data := marshal(r.roster.lobbyMessage(r.id, true))
	for _, s := range r.roster.seats {
		if x := r.joins[s.J]; x != nil && x.session != nil && r.roster.hosts(s.J) {
			x.session.out.push(data)
		}
	}
}

// tellWaiting tells those who wait that the door is another.
func (r *room) tellWaiting() {
	data := marshal(r.roster.lobbyMessage(r.id, false))
	for _, p := range r.roster.waiting {
		if x := r.joins[p.J]; x != nil && x.session != nil {
			x.session.out.push(data)
		}
	}
}

// haveKey makes sure that there is a key: the one that is kept, or a fresh one.
func (r *room) haveKey(ctx context.Context) error {
	if r.key != nil {
		return nil
	}
	w, err := r.h.Store.WrappedKey(ctx, r.id)
	if err != nil {
		return err
	}
	r.epoch = max(r.epoch, w.Epoch)
	if w.Sealed != nil {
		if key, err := r.h.Master.unwrap(r.id, w.Epoch, w.Sealed); err == nil {
			r.key, r.epoch = &key, w.Epoch
			return nil
		}
		r.h.Log.WarnContext(ctx, "the key of a standard meeting does not open under the master key; a new one is drawn", "meeting", r.id)
	}
	return r.newKey(ctx)
}

// newKey draws the key of the next epoch.
func (r *room) newKey(ctx context.Context) error {
	key, epoch := draw(), r.epoch+1
	if err := r.h.Store.PutWrappedKey(ctx, r.id, Wrapped{Epoch: epoch, Sealed: r.h.Master.wrap(r.id, epoch, key)}); err != nil {
		return err
	}
	r.dropKey()
	r.key, r.epoch = &key, epoch
	return nil
}

// destroyKey destroys the key of a meeting that nobody is in.
func (r *room) destroyKey(ctx context.Context) {
	r.dropKey()
	if err := r.h.Store.PutWrappedKey(ctx, r.id, Wrapped{Epoch: r.epoch}); err != nil {
		r.h.Log.WarnContext(ctx, "the key of an empty standard meeting could not be destroyed", "meeting", r.id, "err", err)
	}
}

// dropKey forgets the key in this process.
func (r *room) dropKey() {
	if r.key != nil {
		clear(r.key[:])
		r.key = nil
	}
}

// rekey draws a new key when somebody is gone, and hands it to everyone who is in.
func (r *room) rekey(ctx context.Context) {
	if err := r.newKey(ctx); err != nil {
		r.h.Log.ErrorContext(ctx, "a new key for a standard meeting could not be kept; it goes on with the old one", "meeting", r.id, "err", err)
		r.tellRoster(nil)
		return
	}
	r.tellRoster(nil)
	r.tell(&Grant{Meeting: r.id, Epoch: r.epoch, Key: *r.key}, nil)
}

// depart takes a join out, whatever the mode: of the server's list, if it has one, and of the media server's room.
func (r *room) depart(ctx context.Context, j J) {
	r.expel(j)
	if r.m.State() != Standard {
		return
	}
	if p := r.joins[j]; p != nil && p.session != nil {
		p.session.sees = false
	}
	if r.roster.unwait(j) {
		r.tellLobby()
	}
	if p := r.joins[j]; p != nil && p.Staff && r.roster.has(j) {
		r.visited(p, false)
	}
	if !r.roster.unseat(j) {
		return
	}
	if !r.roster.people() { // who comes next gets a fresh one
		r.loseChairs(func(*Chair) string { return emptied })
		r.unvisit(OverEnded, emptied)
		r.roster.seats = nil
		r.destroyKey(ctx)
		return
	}
	r.rekey(ctx)
}

const emptied = "Nobody is in the meeting any more."

// keep notes the standing of a device, here and in the store.
func (r *room) keep(ctx context.Context, s Seated) {
	if r.roster.known[s.Device] == s {
		return
	}
	r.roster.known[s.Device] = s
	if err := r.h.Store.PutSeated(ctx, r.id, s); err != nil {
		r.h.Log.WarnContext(ctx, "the standing of a device could not be kept", "meeting", r.id, "err", err)
	}
}

func (r *room) failed(ctx context.Context, s *Session, what string, err error) {
	r.h.Log.ErrorContext(ctx, what+" could not be read or kept", "meeting", r.id, "err", err)
	if s != nil {
		s.end(OverRefused, "The server cannot let you in right now. Try again in a minute.")
	}
}

// orders are what hosts can tell the server to do.
var orders = map[string]func(*room, context.Context, *Session, J, bool) (why string){
	OrderAdmit: (*room).orderAdmit, OrderRemove: (*room).orderRemove, OrderHost: (*room).orderHost, OrderLock: (*room).orderLock,
	OrderLobby: (*room).orderLobby, OrderRecord: (*room).orderRecord, OrderEnd: (*room).orderEnd,
}

// ordered carries out a host's order.
func (r *room) ordered(ctx context.Context, s *Session, b body, now time.Time) {
	o := b.(*Order)
	do := orders[o.What]
	var j J
	copy(j[:], o.J)
	var why string
	switch {
	case !s.limits.orders.take(1, now):
		why = "That was too much at once. Wait a moment."
	case r.m.State() != Standard:
		why = "In an end-to-end encrypted meeting the server takes no orders."
	case s.join == nil || !r.roster.hosts(s.join.J):
		why = "Only a host of the meeting can do this."
	case do == nil:
		why = "The server does not know this order."
	default:
		why = do(r, ctx, s, j, o.On)
	}
	if why != "" {
		s.refuse(o.What, why)
	}
}

func (r *room) orderAdmit(ctx context.Context, _ *Session, j J, on bool) string {
	w := r.roster.waiter(j)
	if w == nil {
		return "Nobody waits there any more."
	}
	if c := r.chairs[j]; c != nil && on {
		r.admitChair(ctx, c)
		r.tellLobby()
		return ""
	} else if c != nil {
		r.dismiss(ctx, j, "The host did not let you in.")
		return ""
	}
	p := r.joins[j]
	if on {
		r.admit(ctx, p)
		return ""
	}
	p.out = true
	r.keep(ctx, Seated{Device: p.Device, Account: p.Account})
	r.roster.unwait(j)
	r.tellLobby()
	if p.session != nil {
		p.session.end(OverDenied, "The host did not let you in.")
	}
	return ""
}

// orderRemove takes a device's joins out. Who was removed waits for a host's word when it comes back.
func (r *room) orderRemove(ctx context.Context, s *Session, j J, _ bool) string {
	at := r.roster.at(j)
	switch {
	case at == nil:
		return "They are not in the meeting any more."
	case at.kind == Staff:
		return "Staff of this service are here by the decision of two of them, for a report about this meeting. You can end the meeting, or make it end-to-end encrypted: then they are out."
	case at.kind != Person:
		if c := r.chairs[j]; c != nil {
			c.by = s.orderer()
		}
		r.dismiss(ctx, j, "The host took it out of the meeting.")
		return ""
	case at.Owner && at.J != s.join.J:
		return "The meeting’s own host cannot be removed."
	case at.Device == s.device:
		return "To go yourself, leave the meeting."
	}
	device, account := at.Device, at.Account
	r.keep(ctx, Seated{Device: device, Account: account})
	for _, j := range r.roster.sameDevice(device) {
		r.joins[j].out = true
		r.depart(ctx, j)
		if x := r.joins[j].session; x != nil {
			x.end(OverRemoved, "The host took you out of the meeting.")
		}
	}
	return ""
}

func (r *room) orderHost(ctx context.Context, _ *Session, j J, on bool) string {
	at := r.roster.at(j)
	switch {
	case at == nil:
		return "They are not in the meeting any more."
	case at.kind != Person:
		return "Only people can be hosts."
	case at.Owner:
		return "The meeting’s own host stays its host."
	}
	r.keep(ctx, Seated{Device: at.Device, Account: at.Account, In: true, Host: on})
	r.tellRoster(nil)
	for _, j := range r.roster.sameDevice(at.Device) {
		r.tellHost(ctx, r.joins[j])
	}
	return ""
}

func (r *room) orderLock(ctx context.Context, _ *Session, _ J, on bool) string {
	return r.setDoor(ctx, on, r.roster.lobby)
}

func (r *room) orderLobby(ctx context.Context, _ *Session, _ J, on bool) string {
	return r.setDoor(ctx, r.roster.locked, on)
}

func (r *room) setDoor(ctx context.Context, locked, lobby bool) string {
	if err := r.h.Store.SetDoor(ctx, r.id, locked, lobby); err != nil {
		r.h.Log.ErrorContext(ctx, "lock and lobby could not be kept", "meeting", r.id, "err", err)
		return "The server could not keep that. Try again."
	}
	r.roster.locked, r.roster.lobby, r.m.Locked, r.m.Lobby = locked, lobby, locked, lobby
	r.tellLobby()
	r.tellWaiting()
	return ""
}

func (r *room) orderEnd(ctx context.Context, _ *Session, _ J, _ bool) string {
	if err := r.finish(ctx, "The host ended the meeting for everyone."); err != nil {
		r.h.Log.ErrorContext(ctx, "a meeting could not be ended", "meeting", r.id, "err", err)
		return "The server could not end the meeting. Try again."
	}
	return ""
}

// didUpgrade leaves the standard meeting for good (§9): the key goes (the store's went with the entry), connectors and who is not carried over
// go, and who waited needs the new link.
func (r *room) didUpgrade(_ context.Context, _ *Session, o *opened, _ list) {
	r.dropKey()
	r.loseChairs(func(c *Chair) string { return features[needs[c.kind]] })
	r.unvisit(OverRefused, visitors)
	for _, s := range r.roster.seats {
		if !slices.Contains(o.body.(*Upgrade).Carried, s.J) {
			r.expel(s.J)
		}
	}
	for _, w := range r.roster.waiting {
		p := r.joins[w.J]
		if p == nil {
			continue // a connector: it is out already
		}
		p.out = true
		if p.session != nil {
			p.session.end(OverRefused, "The meeting is end-to-end encrypted now. Ask the host for its new link.")
		}
	}
	r.roster = roster{known: r.roster.known}
}

package meeting

import (
	"context"
	"crypto/rand"
	"slices"

	"github.com/proffer/proffer/media/franking"
)

// A connector is a visible server-side participant of a standard meeting, such as a recorder (§9). It has a chair: a seat of the roster without
// a device and without a control session, in this process. It never outlives the server's key.

// Chair is a connector's place. Its methods may be called by many goroutines.
type Chair struct {
	room    *room
	j       J
	name    string
	kind    uint64
	seated  chan struct{} // closed once it is let in, or lost
	changes chan Change   // the newest only

	// Guarded by room.mu.
	in  bool
	out bool
	why string  // it is out
	by  Orderer // who had it taken out; zero where nobody had
}

// Change is what holds in a standard meeting: its key and who is there.
type Change struct {
	Epoch   uint64
	Key     [32]byte
	Members []Participant
}

// Participant is one line of a roster.
type Participant struct {
	Index  uint64
	Kind   uint64
	J      J
	Device Key // zeros for a connector
	Name   string
}

// maxChairs bounds the connectors of one meeting.
const maxChairs = 100

// needs is the feature that a kind of connector is.
var needs = map[uint64]Feature{Recorder: Recording, Telephone: DialIn}

// Sit gives a connector a chair in a running standard meeting: everyone sees it, under its name, before it has a key. A telephone waits in
// the lobby like anybody; Sit returns when a host has let it in. What is refused is a Refusal in words.
func (h *Hub) Sit(ctx context.Context, id string, kind uint64, name string) (*Chair, error) {
	if node, err := h.keeper(ctx, id); err != nil {
		return nil, err
	} else if node != "" {
		return nil, refusal(Forbidden, "This meeting is held by another server of this installation. Call again, and you may reach that one.")
	}
	r, err := h.enter(ctx, id)
	if err != nil {
		return nil, err
	}
	c := &Chair{room: r, j: franking.ConnectorJoin(rand.Text()), name: name, kind: kind, seated: make(chan struct{}), changes: make(chan Change, 1)}
	r.mu.Lock()
	err = r.sit(ctx, c)
	r.mu.Unlock()
	if err != nil {
		h.leave(r)
		return nil, err
	}
	select {
	case <-c.seated:
	case <-ctx.Done():
		c.Leave()
		return nil, ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !c.in {
		return nil, refusal(Forbidden, "%s", c.why)
	}
	return c, nil
}

// sit lets a connector in, or has it wait.
func (r *room) sit(ctx context.Context, c *Chair) error {
	if why := r.m.Refuses(needs[c.kind]); why != "" {
		return refusal(Forbidden, "%s", why)
	}
	switch {
	case !r.roster.people():
		return refusal(Forbidden, "Nobody is in this meeting. Try again when somebody is.")
	case r.roster.locked && c.kind == Telephone:
		return refusal(Forbidden, "The meeting is locked. Ask its host to unlock it.")
	case len(r.chairs) >= maxChairs || len(r.roster.seats) >= maxMembers:
		return refusal(Crowded, "There is no room for more in this meeting.")
	}
	r.chairs[c.j] = c
	if r.roster.lobby && c.kind == Telephone {
		r.roster.wait(c.person())
		r.tellLobby()
		return nil
	}
	r.admitChair(ctx, c)
	return nil
}

func (c *Chair) person() person { return person{J: c.j, Name: c.name} }

// admitChair seats a connector. With it begins a new epoch: it can open nothing of before.
func (r *room) admitChair(ctx context.Context, c *Chair) {
	r.roster.unwait(c.j)
	r.roster.seatConnector(c.person(), c.kind)
	r.rekey(ctx)
	c.in = true
	close(c.seated)
	r.tellChairs() // this one too
	r.tellHosts(ctx)
}

// tellChairs tells every connector that is in what holds now.
func (r *room) tellChairs() {
	if r.key == nil {
		return
	}
	var members []Participant
	for _, s := range r.roster.seats {
		members = append(members, Participant{Index: s.index, Kind: s.kind, J: s.J, Device: s.Device, Name: s.Name})
	}
	for _, c := range r.chairs {
		if !c.in {
			continue
		}
		select {
		case <-c.changes: // not taken yet, and old
		default:
		}
		c.changes <- Change{Epoch: r.epoch, Key: *r.key, Members: slices.Clone(members)} // only this sends, under room.mu, so there is room
	}
}

// loseChair takes a connector's chair away. The caller sees to the roster's key.
func (r *room) loseChair(j J, why string) {
	c := r.chairs[j]
	if c == nil {
		return
	}
	delete(r.chairs, j)
	select {
	case <-c.changes: // no key is left lying there
	default:
	}
	c.why, c.out = why, true
	if !c.in {
		close(c.seated)
	}
	close(c.changes)
	r.expel(j)
	r.h.leave(r)
}

// loseChairs takes every chair away.
func (r *room) loseChairs(why func(*Chair) string) {
	for j, c := range r.chairs {
		r.loseChair(j, why(c))
	}
}

// J is what stands for the connector in the roster.
func (c *Chair) J() J { return c.j }

// Meeting is the meeting's number.
func (c *Chair) Meeting() string { return c.room.id }

// Next waits for what holds from now on: the first is there at once, and of several that came only the newest is given. more is false
// when the chair is lost: the key must be forgotten at once.
func (c *Chair) Next() (x Change, more bool) {
	x, more = <-c.changes
	return x, more
}

// Why tells, after Next said that there is no more, why the chair was lost.
func (c *Chair) Why() string {
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	return c.why
}

// By tells, after Next said that there is no more, which host had the chair taken away; zero where none had.
func (c *Chair) By() Orderer {
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	return c.by
}

// Ticket tells how to reach the media server. It is asked anew for each connection.
func (c *Chair) Ticket() (address, token string, err error) {
	r := c.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.out {
		return "", "", refusal(Gone, "%s", c.why)
	}
	token, err = r.h.Rooms.Ticket(r.id, c.j.Identity())
	return r.h.LiveKit, token, err
}

// Leave gives the chair up. A second time does nothing.
func (c *Chair) Leave() {
	r := c.room
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !c.out {
		r.dismiss(ctx, c.j, "It left.")
	}
}

// dismiss takes one connector out of the meeting that goes on.
func (r *room) dismiss(ctx context.Context, j J, why string) {
	r.loseChair(j, why)
	if r.roster.unwait(j) {
		r.tellLobby()
	}
	if r.roster.unseat(j) {
		r.rekey(ctx)
		r.tellHosts(ctx)
	}
}

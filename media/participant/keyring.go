package participant

import (
	"slices"
	"sync"

	"github.com/proffer/proffer/media/e2ee"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/sframe"
)

// keyring holds the keys of one join's meeting for the goroutines that seal and open frames. The participant's own goroutine tells it
// what has changed; it never waits for that goroutine.
type keyring struct {
	meeting string
	join    e2ee.J                            // of this client
	derived func(sframe.KID, e2ee.StreamKeys) // nil but in tests

	mu      sync.RWMutex // over all that follows
	epochs  map[sframe.KID]*e2ee.Epoch
	newest  *e2ee.Epoch
	members map[uint16]seat
	found   map[sframe.KID]sframe.Source // of streams of which a frame has opened, and of no others (PROTOCOL.md section 6)
	sending bool
	senders []*sframe.Sender
	ended   []*sframe.Sender
	in      sframe.KID // what senders use: term, epoch and index; not set while none may send
}

// seat is who has an index, by the newest list or roster.
type seat struct {
	join   e2ee.J
	device e2ee.Key // zeros for a connector, which has none
}

func newKeyring(meeting string, join e2ee.J) *keyring {
	return &keyring{meeting: meeting, join: join, epochs: map[sframe.KID]*e2ee.Epoch{}, members: map[uint16]seat{}, found: map[sframe.KID]sframe.Source{}}
}

// epochOf is a key identifier's epoch alone.
func epochOf(k sframe.KID) sframe.KID { return sframe.KID{Term: k.Term, Epoch: k.Epoch} }

func named(n e2ee.EpochName) sframe.KID {
	return sframe.KID{Term: uint16(n.Term), Epoch: uint32(n.Epoch)}
}

// install takes an epoch into use: what is sent from now on is sent in it.
func (r *keyring) install(e *e2ee.Epoch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epochs[named(e.Name)], r.newest = e, e
	r.rekey()
}

// drop forgets an epoch and all that was derived from it.
func (r *keyring) drop(n e2ee.EpochName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gone := named(n)
	delete(r.epochs, gone)
	if r.newest != nil && r.newest.Name == n {
		r.newest = nil
	}
	for kid := range r.found {
		if epochOf(kid) == gone {
			delete(r.found, kid)
		}
	}
	r.rekey()
}

// send allows or forbids sending.
func (r *keyring) send(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sending = on
	r.rekey()
}

// seats says who the members are now.
func (r *keyring) seats(members map[uint16]seat) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = members
	for kid, s := range r.found {
		if members[kid.Index].join != e2ee.J(s.Join) {
			delete(r.found, kid)
		}
	}
	r.rekey()
}

// has tells whether somebody is a member now.
func (r *keyring) has(j e2ee.J) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, s := range r.members {
		if s.join == j {
			return true
		}
	}
	return false
}

// add makes a sender use the ring's keys. It is a sender of this join's Streams.
func (r *keyring) add(s *sframe.Sender) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Record()
	r.senders = append(r.senders, s)
	r.in = sframe.KID{} // so that rekey looks at it
	r.rekey()
}

// all gives the senders that there are, and once those that have ended.
func (r *keyring) all() []*sframe.Sender {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := append(slices.Clone(r.senders), r.ended...)
	r.ended = nil
	return all
}

// remove makes a sender stop, and forgets it.
func (r *keyring) remove(s *sframe.Sender) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.senders = slices.DeleteFunc(r.senders, func(other *sframe.Sender) bool { return other == s })
	r.ended = append(r.ended, s) // what it sealed last goes to the notary yet
	s.Stop()
}

// rekey makes all senders go on with the newest epoch, or stop. It is called with mu held.
func (r *keyring) rekey() {
	now, ok := r.own()
	if ok && now == r.in {
		return
	}
	r.in = sframe.KID{}
	for _, s := range r.senders {
		if !ok || !r.use(s, now) {
			s.Stop()
		}
	}
	if ok {
		r.in = now
	}
}

// own is where this client sends, if it may.
func (r *keyring) own() (sframe.KID, bool) {
	if r.newest == nil || !r.sending {
		return sframe.KID{}, false
	}
	for index, s := range r.members {
		if s.join == r.join {
			kid := named(r.newest.Name)
			kid.Index = index
			return kid, true
		}
	}
	return sframe.KID{}, false
}

func (r *keyring) use(s *sframe.Sender, kid sframe.KID) bool {
	kid.Stream = s.Stream()
	k, err := r.derive(kid, r.members[kid.Index])
	return err == nil && s.Use(k.Key, k.Franking) == nil
}

// derive makes what a stream is sealed and opened with. It is called with mu held.
func (r *keyring) derive(kid sframe.KID, s seat) (sframe.Source, error) {
	packed, err := kid.Pack()
	if err != nil {
		return sframe.Source{}, err
	}
	keys, err := r.epochs[epochOf(kid)].Keys(s.join, uint64(kid.Stream))
	if err != nil {
		return sframe.Source{}, err
	}
	if r.derived != nil {
		r.derived(kid, keys)
	}
	key, err := sframe.NewKey(keys.Base[:], packed)
	o := franking.Origin{Meeting: r.meeting, Term: kid.Term, Epoch: kid.Epoch, Device: s.device, Join: s.join, Stream: kid.Stream}
	return sframe.Source{Join: s.join, Key: key, Franking: franking.NewKey(o, keys.Franking)}, err
}

// Find gives what opens frames of kid. It keeps nothing: see keep.
func (r *keyring) Find(kid sframe.KID) (sframe.Source, sframe.Fault) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s, ok := r.found[kid]; ok {
		return s, 0
	}
	if r.epochs[epochOf(kid)] == nil {
		return sframe.Source{}, sframe.NoEpoch
	}
	m, ok := r.members[kid.Index]
	if !ok {
		return sframe.Source{}, sframe.NoMember
	}
	s, err := r.derive(kid, m)
	if err != nil { // dropped in this moment
		return sframe.Source{}, sframe.NoEpoch
	}
	return s, 0
}

// keep spares Find the derivation for a stream of which a frame has opened.
func (r *keyring) keep(kid sframe.KID) {
	r.mu.RLock()
	_, kept := r.found[kid]
	r.mu.RUnlock()
	if kept {
		return
	}
	s, fault := r.Find(kid)
	if fault != 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.epochs[epochOf(kid)] != nil && r.members[kid.Index].join == e2ee.J(s.Join) { // it may have gone meanwhile
		r.found[kid] = s
	}
}

package connector

import (
	"slices"
	"sync"
	"time"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/sframe"
)

// grace is how long an epoch's key is kept for frames that were under way when the next one began (PROTOCOL.md section 5).
const grace = 10 * time.Second

// keyring holds the keys of one standard meeting, for the goroutines that seal and open frames.
type keyring struct {
	meeting string
	join    [32]byte // of this connector

	mu      sync.RWMutex // over all that follows
	secrets map[uint32][32]byte
	epoch   uint32 // the newest
	members map[uint16]Member
	found   map[sframe.KID]sframe.Source // of streams of which a frame has opened, and of no others (PROTOCOL.md section 6)
	senders []*sframe.Sender
	in      sframe.KID // what senders use: epoch and index
	gone    bool       // forget was called: for good
}

func newKeyring(meeting string, join [32]byte) *keyring {
	return &keyring{meeting: meeting, join: join, secrets: map[uint32][32]byte{}, found: map[sframe.KID]sframe.Source{}}
}

// apply takes what holds from now on.
func (r *keyring) apply(c Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return
	}
	if old := r.epoch; c.Epoch != old {
		time.AfterFunc(grace, func() { r.drop(old) })
	}
	r.epoch, r.secrets[c.Epoch] = c.Epoch, c.Key
	r.members = make(map[uint16]Member, len(c.Members))
	for _, m := range c.Members {
		r.members[m.Index] = m
	}
	for kid, s := range r.found {
		if r.members[kid.Index].Join != s.Join {
			delete(r.found, kid)
		}
	}
	r.rekey()
}

// drop forgets an epoch that is not the newest.
func (r *keyring) drop(epoch uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if epoch == r.epoch {
		return
	}
	delete(r.secrets, epoch)
	for kid := range r.found {
		if kid.Epoch == epoch {
			delete(r.found, kid)
		}
	}
}

// forget drops every key, for good.
func (r *keyring) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.senders {
		s.Stop()
	}
	r.gone, r.senders, r.members = true, nil, nil
	clear(r.secrets)
	clear(r.found)
}

// add makes a sender use the ring's keys.
func (r *keyring) add(s *sframe.Sender) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return
	}
	s.Record()
	r.senders = append(r.senders, s)
	r.in = sframe.KID{} // so that rekey looks at it
	r.rekey()
}

// all gives the senders that there are.
func (r *keyring) all() []*sframe.Sender {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(r.senders)
}

// rekey makes all senders go on in the newest epoch, or stop. It is called with mu held.
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

// own is where this connector sends, if the roster names it.
func (r *keyring) own() (sframe.KID, bool) {
	for index, m := range r.members {
		if m.Join == r.join {
			return sframe.KID{Epoch: r.epoch, Index: index}, true
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
func (r *keyring) derive(kid sframe.KID, m Member) (sframe.Source, error) {
	packed, err := kid.Pack()
	if err != nil {
		return sframe.Source{}, err
	}
	secret := r.secrets[kid.Epoch]
	o := franking.Origin{Meeting: r.meeting, Epoch: kid.Epoch, Device: m.Device, Join: m.Join, Stream: kid.Stream}
	base, commit, err := o.DeriveKeys(secret[:], franking.StandardLink(r.meeting, kid.Epoch))
	if err != nil {
		return sframe.Source{}, err
	}
	key, err := sframe.NewKey(base[:], packed)
	return sframe.Source{Join: m.Join, Key: key, Franking: franking.NewKey(o, commit)}, err
}

// Find gives what opens frames of kid. It keeps nothing: see keep.
func (r *keyring) Find(kid sframe.KID) (sframe.Source, sframe.Fault) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s, ok := r.found[kid]; ok {
		return s, 0
	}
	if _, ok := r.secrets[kid.Epoch]; !ok || !kid.Standard() {
		return sframe.Source{}, sframe.NoEpoch
	}
	m, ok := r.members[kid.Index]
	if !ok {
		return sframe.Source{}, sframe.NoMember
	}
	s, err := r.derive(kid, m)
	if err != nil {
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
	if _, held := r.secrets[kid.Epoch]; held && r.members[kid.Index].Join == s.Join { // it may have gone meanwhile
		r.found[kid] = s
	}
}

// name is what the roster calls a join.
func (r *keyring) name(join [32]byte) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, m := range r.members {
		if m.Join == join {
			return m.Name
		}
	}
	return ""
}

package e2ee

import (
	"sync"

	"github.com/proffer/proffer/media/franking"
)

// EpochName names an epoch beyond doubt: two epochs of one number, on two sides of a split, differ in Link.
type EpochName struct {
	Term, Epoch uint64
	Link        Hash // of the link that named it first; in a standard meeting the name of §9
}

// Epoch is one epoch's secret and what its keys are bound to (§5). Keys may be asked for by many goroutines while a Member steps.
type Epoch struct {
	Name    EpochName
	Meeting string
	dropAt  uint64 // when the keys go, in milliseconds; 0 while it is the newest

	mu     sync.RWMutex // over both below
	secret Secret
	gone   bool // the secret is erased
}

// StreamKeys are the two keys of one stream of one join in one epoch.
type StreamKeys struct {
	Base     Secret // for SFrame
	Franking Secret // for commitments
}

// Keys derives the keys of a stream (§5), unless the epoch has been dropped: keys of an erased secret would be anybody's.
func (e *Epoch) Keys(j J, stream uint64) (StreamKeys, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.gone || stream > maxStream {
		return StreamKeys{}, ErrKID
	}
	o := franking.Origin{Meeting: e.Meeting, Join: j, Stream: uint16(stream)}
	base, commit, err := o.DeriveKeys(e.secret[:], e.Name.Link)
	return StreamKeys{Base: base, Franking: commit}, err
}

// erase forgets the secret. Keys gives nothing from here on.
func (e *Epoch) erase() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.secret, e.gone = Secret{}, true
}

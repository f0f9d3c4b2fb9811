package sframe

import "sync"

// reorder is how far below the highest counter of a stream a frame may still be accepted.
const reorder = 1024

// Seen is what a client has accepted, of every stream: no counter is accepted twice, however often the media server makes the client
// take a track anew. It lives as long as the client's join, is shared by all its Receivers, and must not be made anew while keys are
// held that it was made for.
type Seen struct {
	mu      sync.Mutex
	streams map[origin]*window
}

type origin struct {
	join   [32]byte
	stream uint16
}

// fresh tells whether a counter could be accepted. It changes nothing: what claims it has not been opened yet.
func (s *Seen) fresh(o origin, counter uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.streams[o]
	return w == nil || w.fresh(counter)
}

// accept takes a counter that has opened, or says why not.
func (s *Seen) accept(o origin, counter, time uint64) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.streams[o]
	if w == nil {
		w = &window{}
	}
	if f := w.accept(counter, time); f != 0 {
		return f
	}
	if s.streams == nil {
		s.streams = map[origin]*window{}
	}
	s.streams[o] = w
	return 0
}

// leave shrinks what is kept of a stream that is not shown any more to its highest counter: what is older is not accepted later.
func (s *Seen) leave(o origin) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.streams[o]; w != nil {
		w.floor, w.low, w.slots = w.next, w.last, nil
	}
}

// Forget drops everything about a join. Only one whose keys are all erased may be forgotten: nothing of it opens any more.
func (s *Seen) Forget(join [32]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o := range s.streams {
		if o.join == join {
			delete(s.streams, o)
		}
	}
}

// window is one stream's record: the counters accepted among the last ones, and their times, which rise with them.
type window struct {
	next, last uint64 // the highest counter plus one, and its time
	floor      uint64 // no counter below is accepted
	low        uint64 // the highest time that has fallen out of slots
	slots      []slot // by counter modulo reorder; nil until needed
}

type slot struct {
	next, time uint64 // the counter plus one: 0 is an empty slot
}

func (w *window) fresh(counter uint64) bool {
	switch {
	case counter >= w.next:
		return true
	case counter < w.floor || counter+reorder < w.next:
		return false
	}
	return w.slots[counter%reorder].next != counter+1
}

func (w *window) accept(counter, time uint64) Fault {
	if !w.fresh(counter) {
		return Replayed
	}
	if low, high := w.around(counter); time <= low || time >= high {
		return TimeTurned
	}
	if w.slots == nil {
		w.slots = make([]slot, reorder)
	}
	s := &w.slots[counter%reorder]
	w.low = max(w.low, s.time) // of a counter that is at least reorder lower, and so below every one still to come
	*s = slot{counter + 1, time}
	if counter >= w.next {
		w.next, w.last = counter+1, time
	}
	return 0
}

// around gives the times of the nearest accepted counters below and above. Times start at 1, so 0 is below all.
func (w *window) around(counter uint64) (low, high uint64) {
	if counter >= w.next {
		return w.last, maxTime
	}
	low, high = w.low, maxTime
	for _, s := range w.slots {
		switch {
		case s.next == 0:
		case s.next <= counter:
			low = max(low, s.time)
		default:
			high = min(high, s.time)
		}
	}
	return low, high
}

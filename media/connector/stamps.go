package connector

import (
	"time"

	"github.com/proffer/proffer/media/franking"
)

// batchEvery is how often what was sealed goes to the notary (PROTOCOL.md section 15).
const batchEvery = 250 * time.Millisecond

// stamp has everything that the participant says stamped, until the seat is lost.
func (p *Participant) stamp() {
	tick := time.NewTicker(batchEvery)
	defer tick.Stop()
	var batches franking.Batcher
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-tick.C:
		}
		for _, s := range p.ring.all() {
			if first, commitments := s.Commitments(nil); len(commitments) > 0 {
				batches.Add(s.Stream(), first, commitments)
			}
		}
		for runs := batches.Next(); len(runs) > 0; runs = batches.Next() {
			p.seat.Stamp(runs)
			for i := range runs {
				batches.Stamped(&runs[i]) // the notary is in this process
			}
		}
	}
}

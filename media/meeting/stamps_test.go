package meeting_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
)

func run1(stream uint16, sequence, first uint64, n int) franking.Run {
	return franking.Run{Stream: stream, Sequence: sequence, First: first, Commitments: bytes.Repeat([]byte{7}, 32*n)}
}

// stamps reads a stamped message and tells whether its stamps hold for a client.
func (w *world) stamps(v []any, of *client, account string) (n int) {
	w.t.Helper()
	if !bytes.Equal(v[1].([]byte), of.j[:]) {
		w.t.Fatalf("a stamp is of %x", v[1])
	}
	for _, s := range v[4].([]any) {
		pair := s.([]any)
		raw := pair[0].([]any)
		r := franking.Run{Stream: uint16(raw[0].(uint64)), Sequence: raw[1].(uint64), First: raw[2].(uint64), Commitments: raw[3].([]byte)}
		stamp := franking.Stamp{Key: v[2].(uint64), At: v[3].(uint64), MAC: [32]byte(pair[1].([]byte))}
		key, ok := w.config.Notary.Key(stamp.Key)
		if !ok || !key.Holds(&franking.Sender{Meeting: id, Account: account, Device: of.d.Key, Join: of.j}, &r, &stamp) {
			w.t.Errorf("a stamp does not hold: %v", v)
		}
		if key.Holds(&franking.Sender{Meeting: id, Account: "A-OTHER", Device: of.d.Key, Join: of.j}, &r, &stamp) {
			w.t.Error("a stamp holds for another account")
		}
		n++
	}
	return n
}

func TestStamps(t *testing.T) {
	run(t, meeting.Standard, true, func(w *world) {
		h := w.standardHost()
		waits := w.join("", "Waits")
		g := w.join("", "Gus")
		h.send(meetingtest.Order(meeting.OrderAdmit, g.j, true))
		g.take("ticket")
		g.send(meetingtest.Batch(run1(1, 0, 0, 8), run1(2, 0, 0, 256)))
		for _, c := range []*client{h, g} { // the sender too
			if n := w.stamps(c.take("stamped"), g, ""); n != 2 {
				t.Errorf("%d runs are stamped", n)
			}
		}
		waits.none("stamped")
		h.send(meetingtest.Batch(run1(1, 0, 0, 1)))
		w.stamps(g.take("stamped"), h, string(host))
		waits.send(meetingtest.Batch(run1(1, 0, 0, 1)))
		waits.refused("batch")
		h.none("refused")
	})
}

// TestStampsAtAnUpgrade holds that what was sent just before an upgrade is stamped, also while there is no list yet, and of nobody who is not carried over.
func TestStampsAtAnUpgrade(t *testing.T) {
	run(t, meeting.Standard, false, func(w *world) {
		h, g, o := w.standardHost(), w.guestIn("Gus"), w.guestIn("Olga")
		h.post(h.upgrade(h.j, g.j))
		g.send(meetingtest.Batch(run1(1, 0, 0, 8)))
		if n := w.stamps(h.take("stamped"), g, ""); n != 1 {
			t.Errorf("%d runs are stamped", n)
		}
		o.send(meetingtest.Batch(run1(1, 0, 0, 8)))
		o.refused("batch")
		g.send(meetingtest.Line([]byte("sealed for nobody")))
		g.refused("line")
	})
}

func TestBatchesAreBounded(t *testing.T) {
	run(t, meeting.Standard, false, func(w *world) {
		h := w.standardHost()
		for i := range 200 {
			h.send(meetingtest.Batch(run1(1, uint64(i), uint64(i), 1)))
		}
		h.refused("batch")
		time.Sleep(time.Minute)
		synctest.Wait()
		h.got = nil
		h.send(meetingtest.Batch(run1(1, 500, 500, 1)))
		w.stamps(h.take("stamped"), h, string(host))
		for _, bad := range []franking.Run{run1(1, 0, 0, 0), run1(1, 0, 0, 257), run1(1, 0, 1<<48, 1), {Stream: 1, Commitments: make([]byte, 33)}} {
			c := w.guestIn("Bad")
			c.send(meetingtest.Batch(bad))
			c.over(meeting.OverRefused)
		}
	})
}

func TestPresent(t *testing.T) {
	run(t, meeting.Standard, false, func(w *world) {
		h := w.standardHost()
		came := time.Now()
		time.Sleep(time.Minute)
		h.post(h.d.Message("leave", nil, id, h.j[:], uint64(1)))
		left := time.Now()
		at := func(j meeting.J, from, to time.Time) string {
			why, err := meeting.Present(w.ctx, w.store, id, j, from, to)
			if err != nil {
				t.Fatal(err)
			}
			return why
		}
		if why := at(h.j, came.Add(10*time.Second), came.Add(20*time.Second)); why != "" {
			t.Error("who was there was not:", why)
		}
		if at(h.j, left.Add(time.Minute), left.Add(2*time.Minute)) == "" || at(h.j, came.Add(-time.Hour), came.Add(-time.Minute)) == "" {
			t.Error("somebody was there before or after")
		}
		if at(meeting.J{1}, came, left) == "" {
			t.Error("nobody was there")
		}
	})
	run(t, meeting.E2EE, false, func(w *world) {
		l, guests := w.encrypted("Gus", "Greta")
		begun := time.Now()
		time.Sleep(time.Minute)
		l.post(l.links(l.j, guests[0].j))
		time.Sleep(time.Minute)
		for _, c := range []struct {
			of   *client
			from time.Duration
			was  bool
		}{{guests[1], 0, true}, {guests[1], 90 * time.Second, false}, {guests[0], 90 * time.Second, true}, {l.client, 90 * time.Second, true}} {
			why, err := meeting.Present(w.ctx, w.store, id, c.of.j, begun.Add(c.from), begun.Add(c.from+5*time.Second))
			if err != nil || (why == "") != c.was {
				t.Errorf("after %v: %q, %v", c.from, why, err)
			}
		}
	})
}

package meeting_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
)

// newest takes the newest change that came, and reports whether the chair is held still.
func newest(c *meeting.Chair) (last meeting.Change, held bool) {
	synctest.Wait()
	for {
		select {
		case x, open := <-c.Changes():
			if !open {
				return meeting.Change{}, false
			}
			last = x
		default:
			return last, true
		}
	}
}

func (w *world) refusesChair(kind uint64, words string) {
	w.t.Helper()
	c, err := w.hub.Sit(w.ctx, id, kind, "Recorder")
	var r *meeting.Refusal
	if !errors.As(err, &r) || !strings.Contains(r.Why, words) || c != nil {
		w.t.Errorf("a connector was answered %v, %v, want %q", c, err, words)
	}
}

// TestConnectors holds that a connector is seen before it has a key, opens nothing of before, and loses its key with the upgrade.
func TestConnectors(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		w.refusesChair(meeting.Recorder, "Nobody is in this meeting")
		w.refusesChair(meeting.Person, "no such feature")
		h := w.standardHost()
		h.send(meetingtest.Order(meeting.OrderLock, meeting.J{}, true))
		w.refusesChair(meeting.Telephone, "locked")
		h.send(meetingtest.Order(meeting.OrderLock, meeting.J{}, false))
		rec, err := w.hub.Sit(w.ctx, id, meeting.Recorder, "Recorder")
		if err != nil {
			t.Fatal(err)
		}
		epoch, key := h.grant()
		if got := h.members(); len(got) != 2 || got[1] != "Recorder" || epoch != 2 {
			t.Errorf("the roster of epoch %d is %v", epoch, got)
		}
		for v := h.take("terms"); v != nil; v = h.find("terms", nil) {
			if lost := v[4].([]any); len(lost) != 1 || !strings.Contains(lost[0].(string), "no cloud recording") {
				t.Errorf("what will stop is %v", lost)
			}
		}
		x, held := newest(rec)
		if !held || x.Epoch != epoch || !bytes.Equal(x.Key[:], key) || len(x.Members) != 2 || x.Members[0].Device != h.d.Key || x.Members[1].J != rec.J() {
			t.Errorf("the recorder is told %+v", x)
		}
		if address, token, err := rec.Ticket(); err != nil || address != "wss://proffer.example/livekit" || token != "ticket "+rec.J().Identity() {
			t.Errorf("its ticket is %s %s, %v", address, token, err)
		}
		h.send(meetingtest.Order(meeting.OrderHost, rec.J(), true))
		h.refused(meeting.OrderHost)
		g := w.guestIn("Gerd")
		if x, _ = newest(rec); len(x.Members) != 3 || x.Epoch != epoch {
			t.Errorf("after another came it is told %+v", x)
		}
		phone, err := w.hub.Sit(w.ctx, id, meeting.Telephone, "+49 30 1")
		if err != nil {
			t.Fatal(err)
		}
		phone.Leave()
		phone.Leave()
		if _, held := newest(phone); held || phone.Why() == "" {
			t.Error("who left sits there still")
		}
		if _, _, err := phone.Ticket(); err == nil {
			t.Error("who left gets a ticket")
		}
		if x, _ = newest(rec); x.Epoch != epoch+2 {
			t.Errorf("the key is that of epoch %d after a connector came and went", x.Epoch)
		}
		h.post(h.upgrade(h.j, rec.J()))
		h.refused("upgrade")
		h.post(h.upgrade(h.j, g.j))
		if _, held := newest(rec); held || !strings.Contains(rec.Why(), "no cloud recording") {
			t.Errorf("after the upgrade: %v %q", held, rec.Why())
		}
		if w.rooms.times(rec.J()) == 0 {
			t.Error("it is in the media server's room still")
		}
		w.refusesChair(meeting.Recorder, "no cloud recording")
		w.refusesChair(meeting.Telephone, "nobody can dial into")
	})
}

// TestTelephoneWaits holds that a lobby is one for telephones, too.
func TestTelephoneWaits(t *testing.T) {
	run(t, meeting.Standard, lobby, func(w *world) {
		h := w.standardHost()
		call := func(ctx context.Context) (got chan *meeting.Chair) {
			got = make(chan *meeting.Chair, 1)
			go func() {
				c, err := w.hub.Sit(ctx, id, meeting.Telephone, "+49 30 1")
				if (c == nil) == (err == nil) {
					t.Error("neither a chair nor a reason")
				}
				got <- c
			}()
			synctest.Wait()
			return got
		}
		waits := func() meeting.J {
			v := h.take("lobby")[4].([]any)[0].([]any)
			return meeting.J(v[0].([]byte))
		}
		refused := call(w.ctx)
		h.send(meetingtest.Order(meeting.OrderAdmit, waits(), false))
		if <-refused != nil {
			t.Error("who was refused sits")
		}
		h.waiting()
		hangs, hang := context.WithCancel(w.ctx)
		gone := call(hangs)
		hang()
		if <-gone != nil {
			t.Error("who hung up sits")
		}
		if got := h.waiting(); len(got) != 0 {
			t.Errorf("%v wait", got)
		}
		calls := call(w.ctx)
		h.send(meetingtest.Order(meeting.OrderAdmit, waits(), true))
		phone := <-calls
		if _, held := newest(phone); !held {
			t.Fatal("who was let in does not sit")
		}
		h.send(meetingtest.Order(meeting.OrderRemove, phone.J(), true))
		if _, held := newest(phone); held {
			t.Error("who was removed sits")
		}
		again := call(w.ctx)
		h.read()
		h.got = nil
		h.send(meetingtest.Order(meeting.OrderLobby, meeting.J{}, true))
		h.send(meetingtest.Order(meeting.OrderAdmit, waits(), true))
		last := <-again
		h.close()
		time.Sleep(time.Minute)
		if _, held := newest(last); held || last.Why() == "" || w.hub.HoldsKey(id) {
			t.Error("a connector is there alone")
		}
	})
}

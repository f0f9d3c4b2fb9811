package meeting_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/media/meeting/meetingtest"
)

// TestRecord holds that hosts alone begin and end a recording, that there is one at a time, and that they are told why there is none.
func TestRecord(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		record := meetingtest.Order(meeting.OrderRecord, meeting.J{}, true)
		stop := meetingtest.Order(meeting.OrderRecord, meeting.J{}, false)
		h, g := w.standardHost(), w.guestIn("Gerd")
		h.send(record)
		h.refused(meeting.OrderRecord) // nobody records on this server
		var chair *meeting.Chair
		var fails error
		var by meeting.Orderer
		w.hub.Record = func(ctx context.Context, id string, who meeting.Orderer) (err error) {
			by = who
			if fails != nil {
				return fails
			}
			chair, err = w.hub.Sit(ctx, id, meeting.Recorder, "Recording")
			return err
		}
		g.send(record)
		g.refused(meeting.OrderRecord)
		h.send(stop)
		h.refused(meeting.OrderRecord)
		fails = errors.New("the disk is full")
		h.send(record)
		synctest.Wait()
		h.refused(meeting.OrderRecord)
		fails = nil

		h.send(meetingtest.Order(meeting.OrderLock, meeting.J{}, true)) // which is against those who come
		h.send(record)
		h.send(record) // at once again, while the first one begins
		h.refused(meeting.OrderRecord)
		synctest.Wait()
		h.none("refused")
		if got := g.members(); len(got) != 3 || got[2] != "Recording" {
			t.Fatalf("the roster is %v", got)
		}
		h.send(record)
		h.refused(meeting.OrderRecord)
		h.send(stop)
		if _, held := newest(chair); held || chair.Why() != "The host stopped the recording." {
			t.Errorf("%v, %q", held, chair.Why())
		}
		if want := (meeting.Orderer{Account: host, J: h.j}); by != want || chair.By() != want {
			t.Errorf("it is begun by %v and stopped by %v, not by %v", by, chair.By(), want)
		}
		if got := g.members(); len(got) != 2 {
			t.Errorf("the roster is %v", got)
		}
	})
}

// TestPhone holds that hosts are told how to dial in, and that a PIN leads to its meeting as long as that is open.
func TestPhone(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		before := w.standardHost()
		before.none("phone") // there is no telephone
		w.hub.Number = "+1 555 0100"
		g := w.guestIn("Gerd")
		before.send(meetingtest.Order(meeting.OrderHost, g.j, true))
		v := g.take("phone")
		if v[1] != id || v[2] != "+1 555 0100" || len(v[3].(string)) != 10 {
			t.Errorf("a host is told %v", v)
		}
		w.guestIn("Greta").none("phone")
		pin := v[3].(string)
		if got, ok := w.hub.ByPIN(pin); !ok || got != id {
			t.Errorf("the PIN leads to %q", got)
		}
		for _, wrong := range []string{"", "0000000000", pin + "0", pin[1:]} {
			if got, ok := w.hub.ByPIN(wrong); ok {
				t.Errorf("%q leads to %q", wrong, got)
			}
		}
		other := w.config
		other.Master = meeting.NewMaster(random32())
		w.config = other
		w.start()
		if got, ok := w.hub.ByPIN(pin); ok {
			t.Errorf("under another master key, with nobody there, it leads to %q", got)
		}
	})
}

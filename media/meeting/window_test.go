package meeting_test

import (
	"testing"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage/account"
)

// TestWindow has everybody in a meeting told the window that was set when it began, also after it was changed, and those of the next one the new one.
func TestWindow(t *testing.T) {
	run(t, meeting.Standard, !lobby, func(w *world) {
		says := func(when string, want uint64) {
			t.Helper()
			c := w.open(nil)
			if v := c.take("welcome"); len(v) != 6 || v[5] != want {
				t.Errorf("%s, the welcome is %v", when, v)
			}
			m, err := w.store.LoadMeeting(w.ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := w.hub.Window(w.ctx, m); err != nil || uint64(got) != want {
				t.Errorf("%s, the page is told %d, %v", when, got, err)
			}
		}
		says("at first", 60)
		w.standing.set(func() { w.standing.window = account.MinWindow })
		says("changed meanwhile", 60)
		if got, err := w.hub.Window(w.ctx, meeting.Meeting{ID: "M-OTHER", Org: "O-1"}); err != nil || got != account.MinWindow {
			t.Errorf("of a meeting that has not begun: %d, %v", got, err)
		}
		w.start()
		says("from a server that starts again", 15)
		if got, err := w.hub.Window(w.ctx, meeting.Meeting{ID: "M-NOBODYS"}); err != nil || got != account.DefaultWindow {
			t.Errorf("of a meeting of no organisation: %d, %v", got, err)
		}
	})
}

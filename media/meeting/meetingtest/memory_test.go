package meetingtest_test

import (
	"testing"

	"github.com/proffer/proffer/media/meeting/meetingtest"
)

func TestMemory(t *testing.T) {
	meetingtest.Run(t, func(*testing.T) meetingtest.Subject {
		m := meetingtest.NewMemory()
		return meetingtest.Subject{Store: m, Org: "O-1", Host: "A-1", Other: "A-2", Attendees: m.Attendees, Guests: m.Guests}
	})
}

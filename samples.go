package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/proffer/proffer/media/derive"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// sample is one sample report: its clip is made on the spot from ffmpeg's test sources and says SIMULATED in every frame.
type sample struct {
	ago     time.Duration // filed this long before the start
	meeting int           // index of demoMeetings
	policy  triage.PolicyID
	people  []int // indexes of demoAttendees
	words   string
	clip    derive.SampleOptions
}

var demoAttendees = []struct{ name, email string }{
	{"Mallory M.", "mallory@guest.example"},
	{"zoombomber_42", "zb42@guest.example"},
	{"Trudy Tan", "trudy@guest.example"},
	{"iPhone (2)", ""},
	{"Pat Newcomer", "pat@guest.example"},
}

var demoMeetings = []struct {
	title string
	mode  triage.MeetingMode
	ago   time.Duration
}{
	{"Monday choir rehearsal", triage.ModeE2EE, 3 * time.Hour},
	{"Parents' evening, class 7b", triage.ModeE2EE, 9 * time.Hour},
	{"Beginners' Spanish", triage.ModeStandard, 27 * time.Hour},
	{"Book club", triage.ModeStandard, 50 * time.Hour},
}

var demoSamples = []sample{
	{40 * time.Minute, 0, "threat", []int{0}, "He said on camera that he knows where one of our singers lives and would wait for her.", derive.SampleOptions{Pattern: derive.PatternTest, ToneHz: 440}},
	{2 * time.Hour, 0, "disruption", []int{1, 3}, "Two people played loud music over the rehearsal and shared their screens until I removed them.", derive.SampleOptions{Pattern: derive.PatternFractal, ToneHz: 880}},
	{3 * time.Hour, 1, "harassment", []int{2}, "Read out a teacher's home address and telephone number, and would not stop.", derive.SampleOptions{Pattern: derive.PatternBars, ToneHz: 330}},
	{5 * time.Hour, 1, "hate", []int{0}, "Shouted slurs at one family as soon as they spoke.", derive.SampleOptions{Pattern: derive.PatternLife, ToneHz: 550, Encoding: derive.EncodeMP4}},
	{9 * time.Hour, 1, "nudity", []int{3}, "Exposed themselves on camera for a few seconds. Only adults were in the meeting.", derive.SampleOptions{Pattern: derive.PatternGradient, ToneHz: 220}},
	{26 * time.Hour, 2, "fraud", []int{2}, "Pretended to be from our payment office and asked everyone for card numbers in the chat.", derive.SampleOptions{Pattern: derive.PatternTest, ToneHz: 660, Encoding: derive.EncodeMPEG4}},
	{27 * time.Hour, 2, "disruption", []int{1}, "The same account as last week. Noise, then a shared screen with drawings.", derive.SampleOptions{Pattern: derive.PatternAutomaton, ToneHz: 990}},
	{30 * time.Hour, 3, "self-harm", []int{4}, "She said she does not want to live any more. I am worried; please look at this first.", derive.SampleOptions{Pattern: derive.PatternGradient, ToneHz: -1}},
	{50 * time.Hour, 3, "ban-evasion", []int{1}, "I removed this person twice; he came back under a new name within a minute.", derive.SampleOptions{Pattern: derive.PatternBars, ToneHz: 770}},
	{4 * time.Hour, 1, "exposure-to-minors", []int{0}, "Showed something sexual while pupils were in the room. I ended the meeting at once.", derive.SampleOptions{Pattern: derive.PatternFractal, ToneHz: 300}},
}

// sampleKey is the form key of a sample, by which it is known to be there already.
func sampleKey(i int) string { return fmt.Sprintf("demonstration-sample-%02d", i+1) }

// fill makes the sample reports of an empty database, one after another, so that the desk is alive within a minute. What a
// kill left out is made by the next start.
func (d *demo) fill(ctx context.Context) {
	missing, err := d.missing(ctx)
	if err != nil || len(missing) == 0 {
		d.sampleFailed(ctx, err)
		return
	}
	attendees, err := d.makeAttendees(ctx)
	if err != nil {
		d.sampleFailed(ctx, err)
		return
	}
	meetings, err := d.makeMeetings(ctx, attendees)
	if err != nil {
		d.sampleFailed(ctx, err)
		return
	}
	for _, i := range missing {
		d.sampleFailed(ctx, d.file(ctx, i, demoSamples[i], meetings, attendees))
	}
}

func (d *demo) sampleFailed(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		d.app.log.Error("a sample report could not be made", "err", err)
	}
}

// missing lists the samples that are still to be made: none where the host has reports, but not the first sample.
func (d *demo) missing(ctx context.Context) (list []int, err error) {
	host := d.people[0].ID
	err = d.app.store.View(ctx, func(tx triage.Tx) error {
		list = nil
		for i := range demoSamples {
			if _, err := tx.ReportByKey(ctx, host, sampleKey(i)); errors.Is(err, triage.ErrNotFound) {
				list = append(list, i)
			} else if err != nil {
				return err
			}
		}
		if len(list) < len(demoSamples) {
			return nil
		}
		filed, err := tx.ReportsBy(ctx, host, triage.ReportCursor{}, 1)
		if len(filed) > 0 {
			list = nil
		}
		return err
	})
	return list, err
}

// makeAttendees finds or makes the accounts of those who disturb.
func (d *demo) makeAttendees(ctx context.Context) (out []triage.Attendee, err error) {
	var org account.OrgID
	for _, p := range demoAttendees {
		at := triage.Attendee{Name: p.name}
		if p.email != "" {
			acc, err := d.app.accountByEmail(ctx, p.email)
			if errors.Is(err, triage.ErrNotFound) {
				if org, err = d.selfService(ctx, org); err != nil {
					return nil, err
				}
				acc, err = d.app.desk.AddAccount(ctx, account.System, p.name, p.email, org, nil)
			}
			if err != nil {
				return nil, err
			}
			at.Account, org = acc.ID, acc.Org
		}
		out = append(out, at)
	}
	return out, nil
}

// selfService is the organisation of the attendees, made for the first of them.
func (d *demo) selfService(ctx context.Context, org account.OrgID) (account.OrgID, error) {
	if org != "" {
		return org, nil
	}
	o, err := d.app.desk.AddOrganisation(ctx, "Self-service accounts", account.PlanFree, false)
	return o.ID, err
}

// makeMeetings finds or makes the host's meetings.
func (d *demo) makeMeetings(ctx context.Context, attendees []triage.Attendee) ([]triage.MeetingID, error) {
	host := d.people[0]
	var there []triage.Meeting
	err := d.app.store.View(ctx, func(tx triage.Tx) (err error) {
		there, err = tx.MeetingsHostedBy(ctx, host.ID, 100)
		return err
	})
	if err != nil {
		return nil, err
	}
	var ids []triage.MeetingID
	for _, m := range demoMeetings {
		i := slices.IndexFunc(there, func(x triage.Meeting) bool { return x.Title == m.title })
		if i >= 0 {
			ids = append(ids, there[i].ID)
			continue
		}
		started := time.Now().Add(-m.ago - time.Hour).UTC().Truncate(time.Microsecond)
		meeting, err := d.app.desk.AddMeeting(ctx, triage.Meeting{Org: host.Org, Host: host.ID, Title: m.title, Mode: m.mode,
			Started: started, Ended: started.Add(50 * time.Minute)}, attendees)
		if err != nil {
			return nil, err
		}
		ids = append(ids, meeting.ID)
	}
	return ids, nil
}

// file makes one clip, takes it in, and files its report as the host did at the time: through the same desk, by a clock
// that is set back.
func (d *demo) file(ctx context.Context, i int, s sample, meetings []triage.MeetingID, attendees []triage.Attendee) error {
	host := d.people[0]
	actor := triage.Actor{Account: host.ID, Org: host.Org, Name: host.Name}
	s.clip.Label = fmt.Sprintf("Sample %d: %s", i+1, s.policy.Title())
	upload, err := d.makeClip(ctx, actor, s.clip)
	if err != nil {
		return err
	}
	then := func() time.Time { return time.Now().Add(-s.ago) }
	desk := *d.app.desk
	desk.Clock = then
	n := triage.NewReport{Key: sampleKey(i), Meeting: meetings[s.meeting], Occurred: then().Add(-10 * time.Minute), Policy: s.policy,
		Words: s.words, Uploads: []triage.UploadID{upload}, Declared: true, Simulated: true}
	for _, p := range s.people {
		n.People = append(n.People, triage.Person{Name: attendees[p].Name, Account: attendees[p].Account})
	}
	_, err = desk.FileReport(ctx, actor, n)
	return err
}

func (d *demo) makeClip(ctx context.Context, actor triage.Actor, o derive.SampleOptions) (triage.UploadID, error) {
	b, err := d.app.sandbox.Sample(ctx, o)
	if err != nil {
		return "", err
	}
	name := "simulated.webm"
	if o.Encoding == derive.EncodeMP4 || o.Encoding == derive.EncodeMPEG4 {
		name = "simulated.mp4"
	}
	return d.app.intake.Put(ctx, actor, name, bytes.NewReader(b), int64(len(b)), sha256.Sum256(b))
}

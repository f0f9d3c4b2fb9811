package handlers

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

// meetingsPage is how many of one's own meetings the page shows.
const meetingsPage = 50

func meetingID(r *http.Request) (string, error) { return pathID[string](r, "id", "M") }

func (s *server) meetings(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	return s.showMeetings(w, r, a, http.StatusOK, web.MeetingForm{Mode: string(meeting.Standard)}, nil)
}

func (s *server) showMeetings(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, f web.MeetingForm, m web.Messages) error {
	list, err := s.Meetings.Store.HostedMeetings(r.Context(), a.Account, meetingsPage)
	if err != nil {
		return err
	}
	why, err := s.Meetings.MayEncrypt(r.Context(), a.Org)
	if err != nil {
		return err
	}
	p, err := s.page(r, "My meetings", "/meetings")
	if err != nil {
		return err
	}
	return s.render(w, r, status, web.Meetings(web.MeetingsView{Page: p, Meetings: list, Form: f, Messages: m, WhyNot: why}))
}

func (s *server) makeMeeting(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	typed := web.MeetingForm{Title: v.Get("title"), When: v.Get("when"), Mode: v.Get("mode"), Lobby: v.Get("lobby") == "yes"}
	made, err := s.desk.NewMeeting(a, typed.Title)
	starts, wrong := parseLocal(typed.When, v.Get("tz"))
	if wrong != nil && err == nil {
		err = fieldError("when", "That is not a date and time. Write it like 2026-11-30 14:05, or leave it empty for now.")
	}
	if starts.IsZero() {
		starts = s.desk.Clock().UTC().Truncate(time.Microsecond)
	}
	if err == nil {
		_, err = s.Meetings.Create(r.Context(), meeting.Meeting{ID: string(made.ID), Org: made.Org, Host: made.Host, Title: made.Title,
			Mode: meeting.State(typed.Mode), Lobby: typed.Lobby, Starts: starts})
		err = inField("mode", err)
	}
	if status, ok := again(err); ok {
		return s.showMeetings(w, r, a, status, typed, web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	return seeOther(w, r, "/meetings/"+string(made.ID)+"?new=1")
}

// ownMeeting is the meeting in the path, if the actor may do something with it.
func (s *server) ownMeeting(r *http.Request, a triage.Actor, do triage.Action) (m meeting.Meeting, err error) {
	id, err := meetingID(r)
	if err != nil {
		return m, err
	}
	if m, err = s.Meetings.Store.LoadMeeting(r.Context(), id); err != nil {
		return m, err
	}
	return m, triage.Allow(a, do, triage.Target{Owner: m.Host})
}

func (s *server) meeting(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	m, err := s.ownMeeting(r, a, triage.MeetingRead)
	if err != nil {
		return err
	}
	recorded, err := s.desk.ListRecordings(r.Context(), a, triage.MeetingID(m.ID))
	if err != nil && !errors.Is(err, triage.ErrNotFound) { // of an organisation that the host has left
		return err
	}
	sees := err == nil
	p, err := s.page(r, m.Title, "/meetings/"+m.ID)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, web.Meeting(web.MeetingView{Page: p, Meeting: m, Link: s.URL + "/m/" + m.ID, Fresh: !m.Opened && r.URL.Query().Has("new"),
		Recorded: sees, Recordings: len(recorded.Recordings)}))
}

func (s *server) endMeeting(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	m, err := s.ownMeeting(r, a, triage.MeetingEnd)
	if err != nil {
		return err
	}
	if err := s.Meetings.End(r.Context(), m.ID); err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "The meeting is over for everyone.")
	return seeOther(w, r, "/meetings/"+m.ID)
}

// room is the meeting's own page. Whoever has the link may open it.
func (s *server) room(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := meetingID(r)
	if err != nil {
		return err
	}
	m, err := s.Meetings.Store.LoadMeeting(r.Context(), id)
	if err != nil {
		return err
	}
	if m.State() == meeting.Ended {
		return errOver
	}
	window, err := s.Meetings.Window(r.Context(), m)
	if err != nil {
		return err
	}
	v := web.RoomView{Window: window, Page: s.bare(r, m.Title), ID: m.ID, MeetingName: m.Title, Mode: string(m.Mode), Name: a.Name, Host: a.Account == m.Host, Bundle: s.Assets.Name(), Policies: triage.Offered()}
	if m.Mode == meeting.Standard && a.Account != "" && !v.Host {
		if v.Visitor, err = s.desk.Visiting(r.Context(), a.Account, m.ID); err != nil {
			return err
		}
		if v.Visitor {
			v.Name = meeting.StaffName
		}
	}
	w.Header().Set("Content-Security-Policy", s.roomPolicy())
	w.Header().Set("Permissions-Policy", roomPermissions)
	return s.render(w, r, http.StatusOK, web.Room(v))
}

// certificateRequest is what a room's script asks for.
type certificateRequest struct {
	Device string `json:"device"` // 32 bytes in base64url
	Name   string `json:"name"`   // that a guest chose; of an account, its own counts
}

// certificate vouches for who uses a device: for the account that is signed in, or for a guest under the name they chose (PROTOCOL §2).
func (s *server) certificate(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := meetingID(r)
	if err != nil {
		return err
	}
	ask, device, err := readCertificateRequest(r)
	if err != nil {
		return err
	}
	who := meeting.Subject{Name: ask.Name}
	if a.Account != "" {
		org, err := s.desk.Organisation(r.Context(), a.Org)
		if err != nil {
			return err
		}
		who = meeting.Subject{Account: a.Account, Name: a.Name, Organisation: org.Name}
	}
	c, err := s.Meetings.Certify(r.Context(), id, who, device)
	if err != nil {
		return err
	}
	key := s.Meetings.Identity.Key()
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]string{"certificate": base64.RawURLEncoding.EncodeToString(c),
		"identity": base64.RawURLEncoding.EncodeToString(key[:])})
}

func readCertificateRequest(r *http.Request) (ask certificateRequest, device meeting.Key, err error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return ask, device, errFormType
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&ask); err != nil {
		return ask, device, errForm
	}
	if _, err := d.Token(); err != io.EOF {
		return ask, device, errForm
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(ask.Device)
	if err != nil || len(raw) != len(device) {
		return ask, device, fieldError("device", "A device is named by its public key, 32 bytes in base64url.")
	}
	return ask, meeting.Key(raw), nil
}

func fieldError(field, words string) error {
	e := triage.Errorf(triage.Invalid, "%s", words)
	e.Field = field
	return e
}

package handlers

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

// reportsPage is how many of one's own reports a page shows.
const reportsPage = 50

func (s *server) reports(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	var after triage.ReportCursor
	raw := r.URL.Query().Get("after")
	if raw != "" {
		var ok bool
		if after, ok = parseReportCursor(raw); !ok {
			return errNothing
		}
	}
	list, err := s.desk.MyReports(r.Context(), a, after, reportsPage+1)
	if err != nil {
		return err
	}
	uploads, err := s.desk.MyUploads(r.Context(), a)
	if err != nil {
		return err
	}
	p, err := s.page(r, "My reports", r.URL.RequestURI())
	if err != nil {
		return err
	}
	v := web.ReportsView{Page: p, Unfinished: len(usable(uploads))}
	if len(list) > reportsPage {
		list = list[:reportsPage]
		v.More = "/reports?after=" + formatReportCursor(list[reportsPage-1].Report)
	}
	if raw != "" {
		v.First = "/reports"
	}
	for _, x := range list {
		v.Reports = append(v.Reports, web.ReportItem{Report: x.Report, State: web.HostStateOf(x.State, !x.Report.Withdrawn.IsZero())})
	}
	return s.render(w, r, http.StatusOK, web.Reports(v))
}

// formatReportCursor writes a place in the list as time and report: "1795996800000000.R-XXXXX-XXXXX".
func formatReportCursor(r triage.Report) string {
	return strconv.FormatInt(r.Filed.UnixMicro(), 10) + "." + string(r.ID)
}

// parseReportCursor accepts nothing but what formatReportCursor writes.
func parseReportCursor(s string) (triage.ReportCursor, bool) {
	at, number, _ := strings.Cut(s, ".")
	micros, err := strconv.ParseInt(at, 10, 64)
	id, ok := triage.ParseID("R", number)
	if err != nil || !ok || micros < 0 || micros > lastMicro {
		return triage.ReportCursor{}, false
	}
	c := triage.ReportCursor{Filed: time.UnixMicro(micros).UTC(), Report: triage.ReportID(id)}
	return c, formatReportCursor(triage.Report{ID: c.Report, Filed: c.Filed}) == s
}

// usable leaves out uploads that came to nothing.
func usable(us []triage.Upload) (out []triage.Upload) {
	for _, u := range us {
		if u.State == triage.UploadOpen || u.State == triage.UploadSealed {
			out = append(out, u)
		}
	}
	return out
}

func (s *server) newReport(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	f := web.ReportForm{Key: rand.Text()}
	return s.showReportForm(w, r, a, http.StatusOK, f, nil)
}

func (s *server) showReportForm(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, f web.ReportForm, m web.Messages) error {
	meetings, rosters, err := s.desk.MyMeetings(r.Context(), a)
	if err != nil {
		return err
	}
	uploads, err := s.desk.MyUploads(r.Context(), a)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Report abuse", "/reports/new")
	if err != nil {
		return err
	}
	if len(f.People) == 0 {
		f.People = []triage.Person{{}}
	}
	v := web.ReportFormView{Page: p, Form: f, Messages: m, Policies: triage.Offered(), Uploads: uploads}
	for _, x := range meetings {
		v.Meetings = append(v.Meetings, web.MeetingChoice{Meeting: x, Roster: rosters[x.ID]})
	}
	return s.render(w, r, status, web.NewReport(v))
}

func (s *server) fileReport(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	values, err := form(r)
	if err != nil {
		return err
	}
	typed, asked, wrong := readReport(values)
	var filed triage.Report
	if err = s.reporting.check(w, r, a); err == nil {
		if filed, err = s.desk.FileReport(r.Context(), a, asked); wrong.Err() != nil {
			err = withField(err, wrong) // nothing was filed: what is wrong here left its field empty
		}
	}
	if status, ok := again(err); ok {
		m := web.MessagesOf(err)
		if m.Has("key") {
			typed.Key = rand.Text()
		}
		return s.showReportForm(w, r, a, status, typed, m)
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Your report has arrived and is sealed. Keep the receipt: it proves what we hold.")
	return seeOther(w, r, "/reports/"+string(filed.ID))
}

// withField puts messages of the edge in place of the use case's about the same fields.
func withField(err error, wrong triage.FieldErrors) error {
	var all triage.FieldErrors
	if !errors.As(err, &all) {
		return wrong
	}
	for _, e := range all {
		if !hasField(wrong, e.Field) {
			wrong = append(wrong, e)
		}
	}
	return wrong
}

func hasField(fe triage.FieldErrors, field string) bool {
	for _, e := range fe {
		if e.Field == field {
			return true
		}
	}
	return false
}

// readReport reads the form, as it was typed and as the use case takes it. What cannot be read at all is in wrong, and its
// field is left empty, so that the use case refuses the form too.
func readReport(v url.Values) (typed web.ReportForm, asked triage.NewReport, wrong triage.FieldErrors) {
	typed = web.ReportForm{Key: v.Get("key"), Meeting: triage.MeetingID(v.Get("meeting")), MeetingName: v.Get("meeting_name"),
		Occurred: v.Get("occurred"), Policy: triage.PolicyID(v.Get("policy")), Words: v.Get("words"),
		Uploads: idList[triage.UploadID](v[web.FieldUpload]), Declared: v.Get("declared") == "yes"}
	at, err := parseLocal(typed.Occurred, v.Get("tz"))
	if err != nil {
		wrong.Add("occurred", "That is not a date and time. Write it like 2026-11-30 14:05.")
	}
	people, ok := readPeople(v)
	if !ok {
		wrong.Add("people", "The list of people could not be read. Fill it in once more.")
	}
	typed.People = people
	asked = triage.NewReport{Key: typed.Key, Meeting: typed.Meeting, MeetingName: typed.MeetingName, Occurred: at, Policy: typed.Policy,
		Words: typed.Words, People: append([]triage.Person(nil), people...), Uploads: typed.Uploads, Declared: typed.Declared}
	return typed, asked, wrong
}

// readPeople reads the three columns of the people's table; rows without anything in them are no people.
func readPeople(v url.Values) (ps []triage.Person, ok bool) {
	names, identifiers, accounts := v[web.FieldPersonName], v[web.FieldPersonIdentifier], v[web.FieldPersonAccount]
	if len(names) != len(identifiers) || len(names) != len(accounts) {
		return nil, false
	}
	for i := range names {
		p := triage.Person{Name: names[i], Identifier: identifiers[i], Account: account.ID(accounts[i])}
		if strings.TrimSpace(p.Name) != "" || strings.TrimSpace(p.Identifier) != "" || p.Account != "" {
			ps = append(ps, p)
		}
	}
	return ps, true
}

func (s *server) report(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	return s.showReport(w, r, a, http.StatusOK, "", nil)
}

func (s *server) showReport(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, addition string, m web.Messages) error {
	id, err := reportID(r)
	if err != nil {
		return err
	}
	x, err := s.desk.MyReport(r.Context(), a, id)
	if err != nil {
		return err
	}
	var uploads []triage.Upload
	if x.Open {
		if uploads, err = s.desk.MyUploads(r.Context(), a); err != nil {
			return err
		}
	}
	p, err := s.page(r, "Report "+string(id), "/reports/"+string(id))
	if err != nil {
		return err
	}
	v := web.ReportView{Page: p, Report: x.Report, State: web.HostStateOf(x.State, !x.Report.Withdrawn.IsZero()), Outcome: outcomeWords(x),
		CanChange: x.Open, Addition: addition, Messages: m, Uploads: uploads, PublicKey: string(s.PublicKeys())}
	for _, r := range x.Reached {
		v.Reached = append(v.Reached, web.ReachedStep{Step: web.HostStateOf(r.State, false).Step, At: r.At})
	}
	for _, e := range x.Exhibits {
		v.Clips = append(v.Clips, clipView(e))
	}
	return s.render(w, r, status, web.Report(v))
}

func clipView(x triage.Exhibit) web.ClipView {
	c := web.ClipView{Name: x.Name, SHA256: x.SHA256, Size: x.Size, Received: x.Received, State: "Sealed and prepared", Tone: "done"}
	switch x.Processing { // the exhibit's own words are for staff
	case triage.ProcessingWaiting:
		c.State, c.Tone = "Sealed, waits to be prepared", "quiet"
	case triage.ProcessingRunning:
		c.State, c.Tone = "Sealed, being prepared", "active"
	case triage.ProcessingFailed:
		c.State, c.Tone, c.Why = "Sealed, not prepared", "warn", "We could not make stills of it. The team has the original and is told; if the file does not play for you either, add another one."
	case triage.ProcessingAltered:
		c.State, c.Tone, c.Why = "Not what was sealed", "warn", "What is stored is no longer what your receipt names. If you still have the file, report it again with the number of this report."
	}
	return c
}

// outcomeWords is what came of a report, one sentence for each person it named.
func outcomeWords(x triage.ReportView) string {
	var parts []string
	for _, p := range x.Report.People {
		for _, f := range x.Outcome {
			if f.Person == p.ID {
				parts = append(parts, account.CleanName(p.Name, triage.MaxName)+": "+f.Words()+".")
			}
		}
	}
	return strings.Join(parts, " ")
}

func (s *server) addToReport(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := reportID(r)
	if err != nil {
		return err
	}
	v, err := form(r)
	if err != nil {
		return err
	}
	words := v.Get("words")
	if err = s.reporting.check(w, r, a); err == nil {
		_, err = s.desk.AddToReport(r.Context(), a, id, words, idList[triage.UploadID](v[web.FieldUpload]))
	}
	if status, ok := again(err); ok {
		return s.showReport(w, r, a, status, words, web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Added to your report.")
	return seeOther(w, r, "/reports/"+string(id))
}

func (s *server) withdrawReport(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := reportID(r)
	if err != nil {
		return err
	}
	v, err := form(r)
	if err != nil {
		return err
	}
	if v.Get("confirm") != "yes" {
		err = triage.Errorf(triage.Invalid, "Confirm that you want to withdraw the report: it cannot be undone.")
	} else {
		err = s.desk.WithdrawReport(r.Context(), a, id)
	}
	if status, ok := again(err); ok {
		return s.showReport(w, r, a, status, "", web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "You have withdrawn the report.")
	return seeOther(w, r, "/reports/"+string(id))
}

// receipt hands out the signed note over a report's clips, or with a number over those of its n-th addition.
func (s *server) receipt(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := reportID(r)
	if err != nil {
		return err
	}
	x, err := s.desk.MyReport(r.Context(), a, id)
	if err != nil {
		return err
	}
	text, name := x.Report.Receipt, "receipt-"+string(id)
	if raw := chi.URLParam(r, "n"); raw != "" {
		n, err := strconv.Atoi(raw)
		if err != nil || n < 1 || n > len(x.Report.Additions) || strconv.Itoa(n) != raw {
			return errNothing
		}
		text, name = x.Report.Additions[n-1].Receipt, name+"-"+raw
	}
	if len(text) == 0 {
		return errNothing
	}
	return download(w, name+".txt", text)
}

func (s *server) upload(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	if r.Method == post {
		if err := s.uploading.check(w, r, a); err != nil {
			return err
		}
	}
	s.uploads.ServeHTTP(patient{w}, r)
	return nil
}

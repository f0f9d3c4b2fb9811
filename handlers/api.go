package handlers

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

// The JSON API (openapi.go describes it): reports from clients of meetings, this one's page among them. Clips and proofs are uploaded first, by
// tus at /uploads/.

// apiReport is a report as a client files it.
type apiReport struct {
	Key      string           `json:"key"` // 16 to 64 letters and digits that the client drew; the same key files one report
	Meeting  triage.MeetingID `json:"meeting"`
	Title    string           `json:"title"` // of a meeting that is not known here
	Occurred time.Time        `json:"occurred"`
	Policy   triage.PolicyID  `json:"policy"`
	Words    string           `json:"words"`
	People   []apiPerson      `json:"people"`
	Clips    []apiClip        `json:"clips"`
	Declared bool             `json:"declared"` // that it is made in good faith
}

type apiPerson struct {
	Name       string     `json:"name"`
	Identifier string     `json:"identifier"`
	Account    account.ID `json:"account"` // by the meeting's certificates; "" for guests
}

// apiClip names two uploads that have arrived whole.
type apiClip struct {
	Upload triage.UploadID `json:"upload"`
	Proof  triage.UploadID `json:"proof"` // "" where there is none
}

// apiFiled is a report that was filed, as its reporter sees it.
type apiFiled struct {
	Report  triage.ReportID `json:"report"`
	URL     string          `json:"url"`
	State   string          `json:"state"` // in words
	Filed   time.Time       `json:"filed"`
	Receipt string          `json:"receipt"` // a signed note over all clips and proofs
	Clips   []apiSealed     `json:"clips"`
}

type apiSealed struct {
	SHA256 string       `json:"sha256"`
	Size   int64        `json:"size"`
	State  string       `json:"state"`           // of its preparation, in words
	Trust  triage.Trust `json:"trust,omitempty"` // once it was looked at
}

// readJSON reads a body that is one JSON value of a known form.
func readJSON(r *http.Request, v any) error {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return errJSONType
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			return err
		}
		return triage.Errorf(triage.Invalid, "The JSON could not be read: %s.", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return triage.Errorf(triage.Invalid, "There is more than one JSON value.")
	}
	return nil
}

var errJSONType = &problem{http.StatusUnsupportedMediaType, "Not JSON", "What was sent is not JSON.", "Send application/json."}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(v)
}

// fileByAPI files a report. The same report sent twice is one, and gets the same answer.
func (s *server) fileByAPI(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	var in apiReport
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if err := s.reporting.check(w, r, a); err != nil {
		return err
	}
	filed, err := s.desk.FileReport(r.Context(), a, in.form())
	if err != nil {
		return err
	}
	v, err := s.desk.MyReport(r.Context(), a, filed.ID)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, s.apiFiled(v))
}

// form is the report as the use case takes it.
func (in *apiReport) form() triage.NewReport {
	n := triage.NewReport{Key: in.Key, Meeting: in.Meeting, MeetingName: in.Title, Occurred: in.Occurred, Policy: in.Policy, Words: in.Words, Declared: in.Declared}
	for _, p := range in.People {
		n.People = append(n.People, triage.Person{Name: p.Name, Identifier: p.Identifier, Account: p.Account})
	}
	proofs := false
	for _, c := range in.Clips {
		n.Uploads = append(n.Uploads, c.Upload)
		n.Proofs = append(n.Proofs, c.Proof)
		proofs = proofs || c.Proof != ""
	}
	if !proofs {
		n.Proofs = nil
	}
	return n
}

// reportByAPI tells how far one's own report has come.
func (s *server) reportByAPI(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := reportID(r)
	if err != nil {
		return err
	}
	v, err := s.desk.MyReport(r.Context(), a, id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, s.apiFiled(v))
}

func (s *server) apiFiled(v triage.ReportView) apiFiled {
	out := apiFiled{Report: v.Report.ID, URL: s.desk.URL + "/reports/" + string(v.Report.ID), State: web.HostStateOf(v.State, !v.Report.Withdrawn.IsZero()).Title,
		Filed: v.Report.Filed, Receipt: string(v.Report.Receipt), Clips: []apiSealed{}}
	for _, x := range v.Exhibits {
		c := apiSealed{SHA256: x.SHA256.String(), Size: x.Size, State: clipView(x).State}
		if x.Processing == triage.ProcessingDone {
			c.Trust = x.Trust
		}
		out.Clips = append(out.Clips, c)
	}
	return out
}

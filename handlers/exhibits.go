package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
)

func (s *server) original(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := exhibitID(r)
	if err != nil {
		return err
	}
	pb, err := s.desk.OpenOriginal(r.Context(), a, id)
	if err != nil {
		return err
	}
	return serveBytes(w, r, pb, false)
}

func (s *server) derivative(kind triage.DerivativeKind) handler {
	return func(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
		id, err := exhibitID(r)
		if err != nil {
			return err
		}
		pb, err := s.desk.OpenDerivative(r.Context(), a, id, kind)
		if err != nil {
			return err
		}
		return serveBytes(w, r, pb, false)
	}
}

// shown are the types that a browser may show; anything else is a download of bytes without meaning.
var shown = map[string]bool{"video/webm": true, "video/mp4": true, "image/jpeg": true, "image/png": true, "application/json": true}

// maxRanges is how many ranges of a clip one request may ask for. RFC 9110 section 14.2 lets a server reject more: each
// costs a read of its own.
const maxRanges = 16

// serveBytes answers with bytes or ranges of them (RFC 9110 section 14). Nothing may keep them, and whatever they are, a
// browser runs nothing of them. The answer begins with the first byte that could be read, so that a failure before it is
// told in words; one that comes later breaks the answer off.
func serveBytes(w http.ResponseWriter, r *http.Request, pb triage.Playback, attach bool) error {
	defer pb.Close()
	h := w.Header()
	h.Set("Content-Security-Policy", evidencePolicy)
	h.Set("Cache-Control", "private, "+noStore)
	h.Set("X-Content-Type-Options", "nosniff")
	contentType, disposition := pb.ContentType, "inline"
	if !shown[contentType] && !attach {
		contentType, attach = "application/octet-stream", true
	}
	if attach {
		disposition = "attachment"
	}
	h.Set("Content-Type", contentType)
	params := map[string]string{}
	if pb.Name != "" {
		params["filename"] = pb.Name
	}
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, params))
	if strings.Count(r.Header.Get("Range"), ",") >= maxRanges {
		h.Set("Content-Range", fmt.Sprintf("bytes */%d", pb.Size))
		return errRanges
	}
	out, in := &late{ResponseWriter: steady{w}}, &source{ReadSeeker: pb}
	http.ServeContent(out, r, "", pb.Modified, in)
	if in.err != nil {
		h.Del("Content-Range")
		return in.err
	}
	out.begin()
	return nil
}

// source remembers why a clip could not be read on.
type source struct {
	io.ReadSeeker
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.ReadSeeker.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// late holds the head of an answer back until its first byte.
type late struct {
	http.ResponseWriter
	status int // to be sent; 0 where there is none
}

func (l *late) WriteHeader(status int) { l.status = status }

func (l *late) Write(p []byte) (int, error) {
	l.begin()
	return l.ResponseWriter.Write(p)
}

func (l *late) begin() {
	if l.status != 0 {
		l.ResponseWriter.WriteHeader(l.status)
	}
	l.status = 0
}

// maxWatch is the most that one message about what was watched may hold, in bytes.
const maxWatch = 64 << 10

// maxPosition is the last place of a clip that can be meant, in seconds.
const maxPosition = 24 * 60 * 60

// watched is one message about what somebody really had before their eyes.
type watched struct {
	Session   string     `json:"session"`
	Intervals []interval `json:"intervals"`
}

// interval is a stretch of a clip, in seconds.
type interval struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Clear bool    `json:"clear"`
	Sound bool    `json:"sound"`
}

// parseWatched reads a message strictly: one object, no unknown fields, numbers that are places of a clip.
func parseWatched(in io.Reader) (watched, error) {
	var m watched
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	err := d.Decode(&m)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.Join(errors.New("more than one value"), more)
		}
	}
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return watched{}, err
	}
	if err != nil || m.Session == "" || len(m.Session) > 64 || len(m.Intervals) == 0 {
		return watched{}, triage.Errorf(triage.Invalid, "The message about what was watched could not be read.")
	}
	for _, i := range m.Intervals {
		if !(i.From >= 0 && i.To > i.From && i.To <= maxPosition) {
			return watched{}, triage.Errorf(triage.Invalid, "An interval runs from an earlier to a later place of the clip.")
		}
	}
	return m, nil
}

func (m watched) watches() (ws []triage.Watch) {
	for _, i := range m.Intervals {
		w := triage.Watch{Session: m.Session, From: position(i.From), To: position(i.To), Clear: i.Clear, Sound: i.Sound}
		if w.To > w.From { // what is shorter than a microsecond was not seen
			ws = append(ws, w)
		}
	}
	return ws
}

// position is a place in a clip, in whole microseconds as the store keeps it.
func position(seconds float64) time.Duration {
	return time.Duration(math.Round(seconds*1e6)) * time.Microsecond
}

func (s *server) watch(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := exhibitID(r)
	if err != nil {
		return err
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return errFormType
	}
	m, err := parseWatched(http.MaxBytesReader(w, r.Body, maxWatch))
	if err != nil {
		return err
	}
	for ws := m.watches(); len(ws) > 0; {
		n := min(len(ws), triage.MaxWatches)
		if err := s.desk.LogWatch(r.Context(), a, id, ws[:n]); err != nil {
			return err
		}
		ws = ws[n:]
	}
	if err := s.tellExposure(r.Context(), w.Header(), a, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *server) retryExhibit(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := exhibitID(r)
	if err != nil {
		return err
	}
	x, err := s.desk.RetryExhibit(r.Context(), a, id)
	if err != nil {
		return err
	}
	return seeOther(w, r, "/cases/"+string(x.Case))
}

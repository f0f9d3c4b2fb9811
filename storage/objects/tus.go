package objects

import (
	"context"
	"errors"
	"io"
	"net/http"

	tus "github.com/tus/tusd/v2/pkg/handler"

	"github.com/proffer/proffer/triage"
)

var (
	_ tus.DataStore           = (*Intake)(nil)
	_ tus.TerminaterDataStore = (*Intake)(nil)
)

// visit is what Handler found out about a request before tusd saw it.
type visit struct {
	actor  triage.Actor
	method string
	decl   declaration // of a POST
}

type visitKey struct{}

func visitOf(ctx context.Context) visit {
	v, _ := ctx.Value(visitKey{}).(visit)
	return v
}

// session is one upload as one request sees it. It implements tusd's Upload.
type session struct {
	in *Intake
	u  triage.Upload
}

// NewUpload implements tusd's DataStore. It takes the declaration from Handler's strict parser and not from tusd's.
func (in *Intake) NewUpload(ctx context.Context, _ tus.FileInfo) (tus.Upload, error) {
	v := visitOf(ctx)
	u, err := in.create(ctx, v.actor, v.decl)
	if err != nil {
		return nil, in.tell(ctx, err)
	}
	return &session{in, u}, nil
}

// GetUpload implements tusd's DataStore. An upload that is whole but was kept from being sealed is sealed now, so that
// a page that asks how far it is never waits for a request that nobody sends.
func (in *Intake) GetUpload(ctx context.Context, id string) (tus.Upload, error) {
	v := visitOf(ctx)
	u, err := in.owned(ctx, v.actor, triage.UploadID(id))
	if err == nil && u.State == triage.UploadOpen && u.Offset == u.Size && v.method != http.MethodDelete {
		u, err = in.seal(ctx, u)
	}
	if err == nil {
		err = gone(u)
	}
	if err != nil {
		return nil, in.tell(ctx, err)
	}
	return &session{in, u}, nil
}

// gone is why an upload cannot go on, or nil.
func gone(u triage.Upload) error {
	switch u.State {
	case triage.UploadRefused:
		return triage.Errorf(triage.Invalid, "%s", u.Why)
	case triage.UploadCancelled, triage.UploadExpired:
		return errNoUpload()
	}
	return nil
}

// AsTerminatableUpload implements tusd's TerminaterDataStore.
func (in *Intake) AsTerminatableUpload(u tus.Upload) tus.TerminatableUpload { return u.(*session) }

// GetInfo implements tusd's Upload.
func (s *session) GetInfo(context.Context) (tus.FileInfo, error) {
	return tus.FileInfo{ID: string(s.u.ID), Size: s.u.Size, Offset: s.u.Offset}, nil
}

// WriteChunk implements tusd's Upload. It returns how many bytes are safe now.
func (s *session) WriteChunk(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	if s.u.State != triage.UploadOpen || offset != s.u.Offset {
		return 0, tus.ErrMismatchOffset
	}
	err := s.in.write(ctx, &s.u, src)
	return s.u.Offset - offset, s.in.tell(ctx, err)
}

// FinishUpload implements tusd's Upload.
func (s *session) FinishUpload(ctx context.Context) (err error) {
	s.u, err = s.in.seal(ctx, s.u)
	return s.in.tell(ctx, err)
}

// Terminate implements tusd's TerminatableUpload.
func (s *session) Terminate(ctx context.Context) error {
	return s.in.tell(ctx, s.in.cancel(ctx, visitOf(ctx).actor, s.u.ID))
}

// GetReader implements tusd's Upload; there is no way out of the intake.
func (s *session) GetReader(context.Context) (io.ReadCloser, error) {
	return nil, tus.ErrNotImplemented
}

// tell turns an error into what the page may read. The status decides what tus-js-client does: it repeats a request
// after 409, 423 and 5xx, and gives up after any other 4xx.
func (in *Intake) tell(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	status, msg := http.StatusInternalServerError, "Something went wrong here, and it was noted. Nothing that arrived is lost; try again in a minute."
	var e *triage.Error
	if errors.As(err, &e) {
		msg = e.Msg
		status = statuses[e.Kind]
	}
	if status >= 500 {
		in.Log.ErrorContext(ctx, "an upload was interrupted", "status", status, "error", err)
	}
	r := tus.NewError("ERR_PROFFER", msg, status)
	r.HTTPResponse.Body = msg + "\n"
	r.HTTPResponse.Header["Cache-Control"] = "no-store"
	if status == http.StatusServiceUnavailable {
		r.HTTPResponse.Header["Retry-After"] = "5"
	}
	return r
}

var statuses = map[triage.Kind]int{
	triage.Invalid:     http.StatusBadRequest,
	triage.NotFound:    http.StatusNotFound,
	triage.Forbidden:   http.StatusForbidden,
	triage.Conflict:    http.StatusConflict,
	triage.Unavailable: http.StatusServiceUnavailable,
	triage.Altered:     http.StatusServiceUnavailable,
	triage.TooOften:    http.StatusTooManyRequests,
	triage.Full:        http.StatusInsufficientStorage,
}

package objects

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"

	tus "github.com/tus/tusd/v2/pkg/handler"
	tuslog "golang.org/x/exp/slog"

	"github.com/proffer/proffer/triage"
)

// Handler serves tus 1.0 (core, creation, creation-with-upload, termination) below IntakeConfig.BasePath, which must
// still be on the request's path. owner says who asks; its error is told as its kind says. Whoever may not report may
// not upload, and somebody else's upload does not exist.
//
// Creation takes the metadata filename, sha256 (64 lower-case hex digits) and, ignored, filetype. Answers to
// mistakes are plain text that a person can read.
func (in *Intake) Handler(owner func(*http.Request) (triage.Actor, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, err := owner(r)
		if err == nil {
			err = triage.Allow(actor, triage.ReportCreate, triage.Target{})
		}
		if err == nil {
			r, err = in.admitRequest(r, actor)
		}
		if err != nil {
			in.answer(w, r, err)
			return
		}
		in.tus.ServeHTTP(&answers{ResponseWriter: w}, r)
	})
}

// admitRequest checks a request before tusd sees it and returns the one that tusd may see.
func (in *Intake) admitRequest(r *http.Request, actor triage.Actor) (*http.Request, error) {
	path, ok := strings.CutPrefix(r.URL.Path, in.BasePath)
	if !ok {
		return r, errNoUpload()
	}
	v := visit{actor: actor, method: r.Method}
	var err error
	switch {
	case r.Method == http.MethodOptions:
	case path == "" && r.Method == http.MethodPost:
		v.decl, err = parseDeclaration(r.Header)
	case path != "" && (r.Method == http.MethodHead || r.Method == http.MethodPatch || r.Method == http.MethodDelete):
		err = in.admitToUpload(r, actor, path)
	default:
		err = errMethod
	}
	if err != nil {
		return r, err
	}
	out := r.Clone(context.WithValue(r.Context(), visitKey{}, v))
	out.URL.Path, out.URL.RawPath = path, ""
	out.Header.Del("X-HTTP-Method-Override") // what was checked above is what is done
	return out, nil
}

// admitToUpload keeps strangers away before tusd takes the upload's lock, since that breaks off whoever holds it.
func (in *Intake) admitToUpload(r *http.Request, actor triage.Actor, path string) error {
	id, ok := triage.ParseID("U", path)
	if !ok || id != path {
		return errNoUpload()
	}
	if r.Method == http.MethodPatch {
		offset, err := single(r.Header, "Upload-Offset")
		if err != nil {
			return err
		}
		if _, err := parseCount(offset); err != nil {
			return triage.Errorf(triage.Invalid, "The request's Upload-Offset is not a number of bytes.")
		}
	}
	_, err := in.owned(r.Context(), actor, triage.UploadID(id))
	return err
}

var errMethod = errors.New("method not allowed")

// answer tells an error without tusd.
func (in *Intake) answer(w http.ResponseWriter, r *http.Request, err error) {
	h := w.Header()
	h.Set("Tus-Resumable", "1.0.0")
	h.Set("X-Content-Type-Options", "nosniff")
	if errors.Is(err, errMethod) {
		h.Set("Allow", "OPTIONS, POST, HEAD, PATCH, DELETE")
		http.Error(w, "Uploads cannot be used in this way.", http.StatusMethodNotAllowed)
		return
	}
	var e tus.Error
	errors.As(in.tell(r.Context(), err), &e)
	for k, v := range e.HTTPResponse.Header {
		h.Set(k, v)
	}
	w.WriteHeader(e.HTTPResponse.StatusCode)
	if r.Method != http.MethodHead {
		io.WriteString(w, e.HTTPResponse.Body)
	}
}

// quietLogger silences tusd, which logs every request and header; Intake logs what matters.
func quietLogger() *tuslog.Logger {
	return tuslog.New(tuslog.NewTextHandler(io.Discard, &tuslog.HandlerOptions{Level: tuslog.Level(math.MaxInt)}))
}

package handlers

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // browsers send the names of time zones, and a server may have no list of them

	"github.com/go-chi/chi/v5"

	"github.com/proffer/proffer/triage"
)

// form reads a form's fields. What is not an ordinary form is refused: no route takes files in forms.
func form(r *http.Request) (url.Values, error) {
	if r.Header.Get("Content-Type") == "" && r.ContentLength == 0 {
		return url.Values{}, nil
	}
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || t != "application/x-www-form-urlencoded" {
		return nil, errFormType
	}
	if err := r.ParseForm(); err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			return nil, err
		}
		return nil, errForm
	}
	return r.PostForm, nil
}

// pathID is the identifier in the path, in its one canonical form. Anything else is under no address.
func pathID[T ~string](r *http.Request, name, prefix string) (T, error) {
	raw := chi.URLParam(r, name)
	id, ok := triage.ParseID(prefix, raw)
	if !ok || id != raw {
		return "", errNothing
	}
	return T(id), nil
}

func caseID(r *http.Request) (triage.CaseID, error)     { return pathID[triage.CaseID](r, "id", "C") }
func reportID(r *http.Request) (triage.ReportID, error) { return pathID[triage.ReportID](r, "id", "R") }
func exhibitID(r *http.Request) (triage.ExhibitID, error) {
	return pathID[triage.ExhibitID](r, "id", "X")
}
func packageID(r *http.Request) (triage.PackageID, error) {
	return pathID[triage.PackageID](r, "id", "P")
}

// idList is a repeated field as identifiers, without empty ones.
func idList[T ~string](values []string) (ids []T) {
	for _, v := range values {
		if v != "" {
			ids = append(ids, T(v))
		}
	}
	return ids
}

// localTime is the layout of an <input type="datetime-local">; browsers add seconds when they are not zero.
const localTime = "2006-01-02T15:04"

// parseLocal reads a local time with its zone: an IANA name, or minutes as JavaScript's getTimezoneOffset gives them
// (UTC minus local time, so −120 two hours east). An empty zone is UTC. The zero time stands for an empty field.
func parseLocal(value, zone string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	loc, err := parseZone(zone)
	if err != nil {
		return time.Time{}, err
	}
	for _, layout := range []string{localTime, localTime + ":05", localTime + ":05.000"} {
		if t, err := time.ParseInLocation(layout, value, loc); err == nil && t.Year() >= 1970 && t.Year() < 10000 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("not a local time")
}

// maxOffset is more than any zone is away from UTC, in minutes.
const maxOffset = 15 * 60

func parseZone(s string) (*time.Location, error) {
	if s == "" {
		return time.UTC, nil
	}
	if n, err := strconv.Atoi(s); err == nil {
		if n < -maxOffset || n > maxOffset {
			return nil, errors.New("not an offset of a time zone")
		}
		return time.FixedZone("", -60*n), nil
	}
	if s == "Local" || len(s) > 64 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/") != "" {
		return nil, errors.New("not a time zone")
	}
	return time.LoadLocation(s)
}

// safeReturn is a path of this site to go to after signing in, or "". Nothing that a browser could read as another
// site's address passes: no scheme, no host, no backslash, no control character.
func safeReturn(s string) string {
	if len(s) > 1024 || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.HasPrefix(s, "/sign-in") {
		return ""
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < 0x21 || r == '\\' || r >= 0x7f }) {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, "\\") {
		return ""
	}
	return s
}

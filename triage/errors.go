package triage

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure an Error is; the HTTP edge turns it into a status in one place.
type Kind int

// The kinds of failure.
const (
	Invalid     Kind = iota + 1 // what was sent cannot be accepted; Msg says what to change
	NotFound                    // it does not exist, or the actor may not know that it does
	Forbidden                   // it exists and the actor may know, but may not do this
	Conflict                    // somebody else was quicker, or the state does not allow it now
	Unavailable                 // a part that is needed does not answer; trying again later may work
	Altered                     // stored evidence is not what was sealed; nothing of it may be relied on
	TooOften                    // one account did it too often; it works again after a while, which Msg names
	Full                        // there is no room left for it
)

// Error is a failure that a person can be told of. Msg is in plain words and says what to do next; it never holds
// internals. Err, where set, is for the log only.
type Error struct {
	Kind  Kind
	Field string // the form field it is about, or ""
	Msg   string
	Err   error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrNotFound) and its like true for every error of the same kind.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Msg == "" && t.Kind == e.Kind
}

// Sentinels for errors.Is: each matches every Error of its kind.
var (
	ErrInvalid     error = &Error{Kind: Invalid}
	ErrNotFound    error = &Error{Kind: NotFound}
	ErrForbidden   error = &Error{Kind: Forbidden}
	ErrConflict    error = &Error{Kind: Conflict}
	ErrUnavailable error = &Error{Kind: Unavailable}
	ErrAltered     error = &Error{Kind: Altered}
	ErrTooOften    error = &Error{Kind: TooOften}
	ErrFull        error = &Error{Kind: Full}
)

// Errorf makes an Error of a kind.
func Errorf(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Msg: fmt.Sprintf(format, args...)}
}

// FieldErrors collects everything that is wrong with a form, so that a person can mend it in one go.
type FieldErrors []*Error

func (fe FieldErrors) Error() string { return fmt.Sprintf("%d fields need attention", len(fe)) }

// Unwrap lets errors.Is see each of them.
func (fe FieldErrors) Unwrap() []error {
	errs := make([]error, len(fe))
	for i, e := range fe {
		errs[i] = e
	}
	return errs
}

// Add notes that a field is wrong.
func (fe *FieldErrors) Add(field, format string, args ...any) {
	e := Errorf(Invalid, format, args...)
	e.Field = field
	*fe = append(*fe, e)
}

// Err is nil when nothing was added.
func (fe FieldErrors) Err() error {
	if len(fe) == 0 {
		return nil
	}
	return fe
}

// KindOf is the kind of the first Error in err's chain, or 0.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

package web

import (
	"errors"
	"maps"
	"slices"

	"github.com/proffer/proffer/triage"
)

// Messages are what is wrong with a form, by field; "" holds what is about the form as a whole.
type Messages map[string][]string

// MessagesOf collects the messages of an error: each triage.Error of a triage.FieldErrors under its field, any other
// triage.Error under its own. It is nil for an error that no person can be told of.
func MessagesOf(err error) Messages {
	var all triage.FieldErrors
	var one *triage.Error
	switch {
	case errors.As(err, &all):
	case errors.As(err, &one):
		all = triage.FieldErrors{one}
	default:
		return nil
	}
	m := Messages{}
	for _, e := range all {
		m[e.Field] = append(m[e.Field], e.Msg)
	}
	return m
}

// Has reports whether the field has a message.
func (m Messages) Has(field string) bool { return len(m[field]) > 0 }

// Count is the number of messages.
func (m Messages) Count() int {
	n := 0
	for _, msgs := range m {
		n += len(msgs)
	}
	return n
}

// describedBy is the value of aria-describedby for a field with a hint and perhaps messages.
func (m Messages) describedBy(field string, hint bool) string {
	s := ""
	if hint {
		s = "hint-" + field
	}
	if m.Has(field) {
		if s != "" {
			s += " "
		}
		s += "error-" + field
	}
	return s
}

// fieldMessage is one message with its field.
type fieldMessage struct{ field, msg string }

// list is every message, ordered by field so that a page is the same each time.
func (m Messages) list() []fieldMessage {
	var all []fieldMessage
	for _, field := range slices.Sorted(maps.Keys(m)) {
		for _, msg := range m[field] {
			all = append(all, fieldMessage{field, msg})
		}
	}
	return all
}

package web

import (
	"cmp"
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

// formOrder is the order in which the forms ask; what is not in it comes after, by name.
var formOrder = []string{"", "meeting", "occurred", "people", "policy", "words", "clips", "declared", "exhibits", "recipient", "basis", "reference", "scope"}

// list is every message in the order of the form, so that the first leads to the first field.
func (m Messages) list() []fieldMessage {
	place := func(field string) int {
		if i := slices.Index(formOrder, field); i >= 0 {
			return i
		}
		return len(formOrder)
	}
	fields := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
	})
	var all []fieldMessage
	for _, field := range fields {
		for _, msg := range m[field] {
			all = append(all, fieldMessage{field, msg})
		}
	}
	return all
}

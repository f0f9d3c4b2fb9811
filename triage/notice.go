package triage

import (
	"time"

	"github.com/proffer/proffer/triage/account"
)

// MessageState is how far the delivery of a message has come.
type MessageState string

// The states of a message.
const (
	MessageWaiting   MessageState = "waiting"
	MessageDelivered MessageState = "delivered"
	MessageFailed    MessageState = "failed"    // the last try failed; it is tried again until it is given up
	MessageWithdrawn MessageState = "withdrawn" // what it tells of was undone before it was sent
	MessageKept      MessageState = "kept"      // no mail server is configured: it is only in the outbox
)

// Message is one e-mail of the outbox. Its text is written once, in the transaction of the act that it tells of.
type Message struct {
	ID        string
	To        account.ID
	Address   string
	Subject   string
	Body      string     // plain text; {{url}} was already filled in
	Case      CaseID     // "" where it is about none
	Decision  DecisionID // that it tells of, or ""
	Created   time.Time
	State     MessageState
	Tries     int
	Error     string // of the last try, in words
	Delivered time.Time
	Version   int
}

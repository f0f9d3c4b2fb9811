package triage

import (
	"context"
	"slices"
	"time"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/routing"
)

// QueueID names a queue.
type QueueID string

// NoQueue asks, in a QueueQuery, for the cases of no queue: those that everybody takes.
const NoQueue QueueID = "-"

// WorkQueue is a part of a lane's cases that some people take.
type WorkQueue struct {
	ID      QueueID
	Lane    Lane
	Name    string
	Members []account.ID // who is offered its cases; none: everybody, as if there were no queue. A lead can take any by hand
	Closed  bool         // its cases are everybody's, and no rule leads to it
	Version int
}

// takes reports whether somebody is offered the queue's cases.
func (q WorkQueue) takes(id account.ID) bool {
	return q.Closed || len(q.Members) == 0 || slices.Contains(q.Members, id)
}

// RuleID names a routing rule.
type RuleID string

// Bounds of queues and rules.
const (
	MaxQueues  = 100
	MaxRules   = 200
	MaxPoints  = 100
	trialCases = 300 // newest ones that a rule is tried on
)

// RoutingRule is a routing.Rule of one lane. It begins switched off, and is switched on once it was tried as it is.
type RoutingRule struct {
	ID       RuleID
	Lane     Lane
	Position int // among its lane's rules, from 0; the first that holds applies
	routing.Rule
	On      bool
	Tried   time.Time // when it was last tried out as it is now; zero: not yet
	By      account.ID
	Changed time.Time
	Version int
}

// RoutingTx keeps queues and the rules that put cases into them.
type RoutingTx interface {
	WorkQueues(ctx context.Context) ([]WorkQueue, error)     // by name, then number
	InsertWorkQueue(ctx context.Context, q WorkQueue) error  // Conflict where its lane has an open queue of that name
	SaveWorkQueue(ctx context.Context, q WorkQueue) error    // Name, Members and Closed only
	RoutingRules(ctx context.Context) ([]RoutingRule, error) // by lane, position, number
	InsertRoutingRule(ctx context.Context, r RoutingRule) error
	SaveRoutingRule(ctx context.Context, r RoutingRule) error // all but ID and Lane
	DeleteRoutingRule(ctx context.Context, id RuleID) error   // the log keeps what it was; NotFound where there is none
}

package triage

import (
	"context"
	"strings"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// MessageToDeliver fetches a message for the job that delivers it.
func (d *Desk) MessageToDeliver(ctx context.Context, id string) (m Message, err error) {
	err = d.Store.View(ctx, func(tx Tx) error {
		m, err = tx.Message(ctx, id)
		return err
	})
	return m, err
}

// Delivered writes what became of one try to deliver a message.
func (d *Desk) Delivered(ctx context.Context, m Message, state MessageState, failure error) error {
	m.State, m.Error = state, ""
	m.Tries++
	act := custody.NoticeSent
	if failure != nil {
		act, m.Error = custody.NoticeFailed, account.CleanName(failure.Error(), 300)
	}
	if state == MessageDelivered {
		m.Delivered = d.now()
		m.Body = forgetLink(m.Body)
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		if err := tx.SaveMessage(ctx, m); err != nil {
			return err
		}
		return d.record(ctx, tx, account.System, entry{act, m.Case, "message/" + m.ID, custody.Detail{"state": string(state), "error": m.Error}})
	})
}

// forgetLink takes a sign-in link out of a text that was delivered: only the mailbox needs it from then on.
func forgetLink(body string) string {
	before, after, found := strings.Cut(body, "/sign-in/")
	if !found {
		return body
	}
	_, rest, _ := strings.Cut(after, "\n")
	return before + "/sign-in/(the link is not kept)\n" + rest
}

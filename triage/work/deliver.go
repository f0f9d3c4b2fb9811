package work

import (
	"context"

	"github.com/proffer/proffer/triage"
)

// Deliver hands one message to the mail server. A message whose delivery fails stays visible as failed and is tried
// again; without a mail server it is kept in the outbox.
func (w *Worker) Deliver(ctx context.Context, j triage.DeliverMessage) error {
	m, err := w.Desk.MessageToDeliver(ctx, j.Message)
	if err != nil || m.State == triage.MessageDelivered || m.State == triage.MessageKept || m.State == triage.MessageWithdrawn {
		return err
	}
	if w.Mailer == nil {
		return w.Desk.Delivered(ctx, m, triage.MessageKept, nil)
	}
	if sendErr := w.Mailer.Send(ctx, m); sendErr != nil {
		if err := w.Desk.Delivered(ctx, m, triage.MessageFailed, sendErr); err != nil {
			return err
		}
		return sendErr
	}
	return w.Desk.Delivered(ctx, m, triage.MessageDelivered, nil)
}

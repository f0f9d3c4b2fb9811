package meeting

import (
	"context"

	"github.com/proffer/proffer/triage/account"
)

// Window is for how many seconds devices of hosts of a meeting keep what they received: the one that its people are told where it runs on this
// node, and else the one that is set for its organisation.
func (h *Hub) Window(ctx context.Context, m Meeting) (account.Window, error) {
	h.mu.Lock()
	r := h.rooms[m.ID]
	h.mu.Unlock()
	if r != nil && r.loaded.Load() {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.window, nil
	}
	return h.windowSet(ctx, m.Org)
}

// windowSet is what is set for an organisation; meetings without one have the default.
func (h *Hub) windowSet(ctx context.Context, org account.OrgID) (account.Window, error) {
	if org == "" {
		return account.DefaultWindow, nil
	}
	o, err := h.Standing.Organisation(ctx, org)
	return o.Window, err
}

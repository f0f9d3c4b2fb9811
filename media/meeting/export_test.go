package meeting

// HoldsKey reports whether this process holds the key of a standard meeting.
func (h *Hub) HoldsKey(id string) bool {
	h.mu.Lock()
	r := h.rooms[id]
	h.mu.Unlock()
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.key != nil
}

// Changes is what Next reads.
func (c *Chair) Changes() <-chan Change { return c.changes }

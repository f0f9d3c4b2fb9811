package sfu

import "log/slog"

// Remote is how another process would connect to the server.
func (s *Server) Remote() Remote {
	return Remote{URL: s.url.String(), Key: s.key, Secret: s.secret, Log: slog.New(slog.DiscardHandler)}
}

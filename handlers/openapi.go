package handlers

import (
	"bytes"
	_ "embed"
	"net/http"

	"github.com/proffer/proffer/triage"
)

// openAPI describes the addresses of clients (OpenAPI 3.1). Tests hold it against the routes, and its examples against what they answer.
//
//go:embed openapi.json
var openAPI []byte

// openAPIWith is the document with the policies that a report can be about.
func openAPIWith(offered []triage.Policy) []byte {
	quoted := make([][]byte, len(offered))
	for i, p := range offered {
		quoted[i] = []byte(`"` + p.ID + `"`)
	}
	return bytes.Replace(openAPI, []byte(`"{policies}"`), bytes.Join(quoted, []byte(", ")), 1)
}

func (s *server) describe(w http.ResponseWriter, _ *http.Request, _ triage.Actor) error {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openAPIWith(triage.Offered())) // the peer is gone; there is nobody left to tell
	return nil
}

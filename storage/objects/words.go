package objects

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// answers makes tusd's answers the house's. The Location header is cut to its path: tusd makes it of the Host header, which
// is the sender's to choose. And what tusd itself says of an error (a code and half a sentence, or the text of whatever
// went wrong while it read the request) is put into words that say what to do next; Intake.tell's words stay.
type answers struct {
	http.ResponseWriter
	held int // status of an error whose text comes next
}

func (w *answers) WriteHeader(status int) {
	h := w.Header()
	if u, err := url.Parse(h.Get("Location")); err == nil && u.Path != "" {
		h.Set("Location", u.Path)
	}
	if status >= 400 && h.Get("Content-Length") != "" { // tusd announces a text and then writes it at once
		w.held = status
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answers) Write(p []byte) (int, error) {
	if w.held == 0 {
		return w.ResponseWriter.Write(p)
	}
	text := inWords(w.held, string(p))
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.ResponseWriter.WriteHeader(w.held)
	w.held = 0
	if _, err := w.ResponseWriter.Write([]byte(text)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Unwrap lets http.ResponseController reach the deadlines of the connection.
func (w *answers) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// tusdWords says tusd's errors in words, by their codes.
var tusdWords = map[string]string{
	"ERR_MISMATCHED_OFFSET":    "The server holds more or less of this file than the request says. Ask how much it holds, and go on from there.",
	"ERR_UPLOAD_SIZE_EXCEEDED": "More arrived than the size that was said first. Cancel this upload and choose the file again.",
	"ERR_MAX_SIZE_EXCEEDED":    "The file is too large. Trim it and try again.",
	"ERR_INVALID_CONTENT_TYPE": "A piece of an upload has the content type application/offset+octet-stream. Reload the page and try again.",
	"ERR_UNSUPPORTED_VERSION":  "Uploads speak tus 1.0 here, and the request does not say that it does. Reload the page and try again.",
	"ERR_UPLOAD_LOCKED":        "This upload is busy. Try again in a moment.",
	"ERR_LOCK_TIMEOUT":         "This upload is busy. Try again in a moment.",
	"ERR_UPLOAD_INTERRUPTED":   "Another request took this upload over. Ask how much the server holds, and go on from there.",
	"ERR_SERVER_SHUTDOWN":      "The server is being started again. What arrived is kept; the upload goes on in a moment.",
	"ERR_READ_TIMEOUT":         "Nothing came for a while. What arrived is kept; go on from there.",
	"ERR_UNEXPECTED_EOF":       "The connection ended early. What arrived is kept; go on from there.",
	"ERR_CONNECTION_RESET":     "The connection ended early. What arrived is kept; go on from there.",
}

func inWords(status int, text string) string {
	code, _, _ := strings.Cut(text, ":")
	switch words, known := tusdWords[code]; {
	case known:
		return words + "\n"
	case !strings.HasPrefix(code, "ERR_"):
		return text // our own
	case status >= 500:
		return "The request could not be read to its end. What arrived is kept; go on from there.\n"
	}
	return "The upload cannot go on like this. Reload the page and choose the file again.\n"
}

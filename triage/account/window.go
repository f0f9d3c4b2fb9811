package account

import (
	"errors"
	"strconv"
	"strings"
)

// Window is for how many seconds the devices of hosts of an organisation's meetings keep what they received, so that abuse can be reported
// (media/PROTOCOL.md, section 16).
type Window int

// The windows that an organisation can have.
const (
	MinWindow     Window = 15
	DefaultWindow Window = 60
	MaxWindow     Window = 120
)

// ErrWindow is for a window that no organisation can have.
var ErrWindow = errors.New("the window is 15 to 120 seconds, a whole number")

// ParseWindow reads a window as people write it, in seconds.
func ParseWindow(s string) (Window, error) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if w := Window(n); err == nil && w >= MinWindow && w <= MaxWindow {
		return w, nil
	}
	return 0, ErrWindow
}

package web

// SignInView is the first step: the form for an e-mail address.
type SignInView struct {
	Page
	Email    string // as typed
	Messages Messages
	Provider bool // the house's own sign-in provider is there
	MailOff  bool // no mail server: outside demonstration mode, say whom to ask
}

// SignInSentView is the second step. It says the same whether or not the address is known.
type SignInSentView struct {
	Page
	Email   string
	Minutes int // for which the link works
}

// SignInConfirmView is the third step: a page with one button, so that a mail scanner that follows the link does not
// use it up.
type SignInConfirmView struct {
	Page
	Token string
}

// ErrorView is a page about something that did not work; NotFound is one of them.
type ErrorView struct {
	Page
	Status int    // HTTP status
	What   string // what happened, one sentence
	Next   string // what to do next, one sentence
	Back   string // address to go to, or "" for the start page
	Label  string // words of that link
	Retry  bool   // trying again may help: offer to reload
}

// NotFound is the page for an address under which there is nothing that the actor may see. It says the same whether or
// not something exists there.
func NotFound(p Page) ErrorView {
	p.Title = "Nothing here"
	return ErrorView{Page: p, Status: 404, What: "There is nothing here under that address, or it is not yours to see.",
		Next: "Check the address, or start from the beginning."}
}

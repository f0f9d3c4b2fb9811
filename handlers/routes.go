package handlers

import (
	"net/http"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

// kind is how a route talks: it decides deadlines and the form of errors.
type kind int

// The kinds.
const (
	kindPage   kind = iota // HTML; a stranger is sent to sign in
	kindText               // plain text or a download of one; errors as a page for browsers
	kindAPI                // called by scripts; errors in JSON
	kindBytes              // evidence and packages, by byte ranges
	kindStream             // server-sent events
	kindUpload             // tus 1.0
	kindLong               // a page that may take minutes
	kindFile               // a form with a file, which may take minutes to come
)

// handler serves one route for the actor who asks; the zero actor is a stranger.
type handler func(http.ResponseWriter, *http.Request, triage.Actor) error

// route is one line of the table.
type route struct {
	Method, Pattern string
	Needs           triage.Action // "" for routes that everyone may use
	Scope           account.Scope // that a token has to have; "" for routes that no token opens
	Demo            bool          // exists in demonstration mode only
	kind            kind
	serve           handler
	limits          []func(http.Handler) http.Handler
}

// Shorthands of the table.
const (
	get  = http.MethodGet // answers HEAD as well
	head = http.MethodHead
	post = http.MethodPost
	open = triage.Action("")
)

// routes is every address that the application answers, but /static/, /livekit/, /healthz and /readyz. What a route names under
// Needs is what the actor needs in general; the use case behind it asks triage.Can again about the thing itself.
func (s *server) routes() []route {
	asking := s.rate(10, time.Minute)   // sign-in links, for each address of a peer
	entering := s.rate(30, time.Minute) // uses of links
	rts := []route{
		{Method: get, Pattern: "/sign-in", Needs: open, serve: s.signInForm},
		{Method: post, Pattern: "/sign-in", Needs: open, serve: s.requestLink, limits: asking},
		{Method: get, Pattern: "/sign-in/{token}", Needs: open, serve: s.confirmSignIn},
		{Method: post, Pattern: "/sign-in/{token}", Needs: open, serve: s.signIn, limits: entering},
		{Method: get, Pattern: "/platform.pub", Needs: open, kind: kindText, serve: s.publicKeys},
		{Method: post, Pattern: "/demo/switch", Needs: open, Demo: true, serve: s.switchPerson},

		{Method: get, Pattern: "/", Needs: triage.SelfManage, serve: s.start},
		{Method: post, Pattern: "/sign-out", Needs: open, serve: s.signOut},
		{Method: get, Pattern: "/me", Needs: triage.SelfManage, serve: s.me},
		{Method: post, Pattern: "/me/sessions/{id}/end", Needs: triage.SelfManage, serve: s.endSession},
		{Method: post, Pattern: "/me/sessions/end-others", Needs: triage.SelfManage, serve: s.endOthers},
		{Method: post, Pattern: "/me/tokens", Needs: triage.SelfManage, serve: s.makeToken},
		{Method: post, Pattern: "/me/tokens/{id}/revoke", Needs: triage.SelfManage, serve: s.revokeToken},
		{Method: get, Pattern: "/outbox", Needs: triage.SelfManage, Demo: true, serve: s.outbox},
		{Method: get, Pattern: "/events", Needs: triage.SelfManage, kind: kindStream, serve: s.events},
	}
	rts = append(rts, s.passkeyRoutes()...)
	rts = append(rts, s.hostRoutes()...)
	rts = append(rts, s.meetingRoutes()...)
	rts = append(rts, s.caseRoutes()...)
	rts = append(rts, s.viewRoutes()...)
	rts = append(rts, s.bulkRoutes()...)
	rts = append(rts, s.visitRoutes()...)
	rts = append(rts, s.moveRoutes()...)
	rts = append(rts, s.reviewRoutes()...)
	rts = append(rts, s.routingRoutes()...)
	rts = append(rts, s.peopleRoutes()...)
	rts = append(rts, s.hashRoutes()...)
	return append(rts, s.officeRoutes()...)
}

func (s *server) hostRoutes() []route {
	rts := []route{
		{Method: get, Pattern: "/reports", Needs: triage.ReportRead, serve: s.reports},
		{Method: get, Pattern: "/reports/new", Needs: triage.ReportCreate, serve: s.newReport},
		{Method: post, Pattern: "/reports", Needs: triage.ReportCreate, serve: s.fileReport},
		{Method: get, Pattern: "/reports/{id}", Needs: triage.ReportRead, serve: s.report},
		{Method: post, Pattern: "/reports/{id}/additions", Needs: triage.ReportChange, serve: s.addToReport},
		{Method: post, Pattern: "/reports/{id}/withdraw", Needs: triage.ReportChange, serve: s.withdrawReport},
		{Method: get, Pattern: "/reports/{id}/receipt", Needs: triage.ReportRead, kind: kindText, serve: s.receipt},
		{Method: get, Pattern: "/reports/{id}/receipt/{n}", Needs: triage.ReportRead, kind: kindText, serve: s.receipt},
	}
	rts = append(rts,
		route{Method: get, Pattern: "/api/v1/openapi.json", Needs: open, Scope: anyScope, kind: kindAPI, serve: s.describe},
		route{Method: post, Pattern: "/api/v1/reports", Needs: triage.ReportCreate, Scope: account.ReportsWrite, kind: kindAPI, serve: s.fileByAPI},
		route{Method: get, Pattern: "/api/v1/reports/{id}", Needs: triage.ReportRead, Scope: account.ReportsRead, kind: kindAPI, serve: s.reportByAPI})
	for _, m := range []string{http.MethodPost, http.MethodOptions} {
		rts = append(rts, route{Method: m, Pattern: "/uploads/", Needs: triage.ReportCreate, Scope: account.Uploads, kind: kindUpload, serve: s.upload})
	}
	for _, m := range []string{http.MethodHead, http.MethodPatch, http.MethodDelete} {
		rts = append(rts, route{Method: m, Pattern: "/uploads/{id}", Needs: triage.ReportCreate, Scope: account.Uploads, kind: kindUpload, serve: s.upload})
	}
	return rts
}

func (s *server) meetingRoutes() []route {
	certifying := s.rate(60, time.Minute) // for each address of a peer: a school may have one for all
	testifying := s.rate(20, time.Minute)
	connecting := s.rate(240, time.Minute) // everyone there comes back when their network does
	return []route{
		{Method: get, Pattern: "/meetings", Needs: triage.MeetingRead, serve: s.meetings},
		{Method: post, Pattern: "/meetings", Needs: triage.MeetingCreate, serve: s.makeMeeting},
		{Method: get, Pattern: "/meetings/{id}", Needs: triage.MeetingRead, serve: s.meeting},
		{Method: post, Pattern: "/meetings/{id}/end", Needs: triage.MeetingEnd, serve: s.endMeeting},
		{Method: get, Pattern: "/meetings/{id}/recordings", Needs: triage.RecordingRead, serve: s.recordings},
		{Method: get, Pattern: "/meetings/{id}/recordings/files/{file}", Needs: triage.RecordingDownload, kind: kindBytes, serve: s.downloadRecording},
		{Method: post, Pattern: "/meetings/{id}/recordings/files/{file}/delete", Needs: triage.RecordingDelete, serve: s.deleteRecordingFile},
		{Method: post, Pattern: "/meetings/{id}/recordings/{recording}/delete", Needs: triage.RecordingDelete, serve: s.deleteRecording},
		{Method: get, Pattern: "/m/{id}", Needs: open, serve: s.room},
		{Method: post, Pattern: "/m/{id}/certificate", Needs: open, kind: kindAPI, serve: s.certificate, limits: certifying},
		{Method: post, Pattern: "/m/{id}/reports", Needs: open, kind: kindAPI, serve: s.fileAsGuest, limits: testifying},
		{Method: get, Pattern: "/m/{id}/session", Needs: open, kind: kindStream, serve: s.control, limits: connecting},
	}
}

func (s *server) caseRoutes() []route {
	return []route{
		{Method: get, Pattern: "/queue", Needs: triage.QueueRead, serve: s.queue},
		{Method: get, Pattern: "/search", Needs: triage.QueueRead, serve: s.search},
		{Method: post, Pattern: "/queue/next", Needs: triage.CaseClaim, serve: s.nextCase},
		{Method: get, Pattern: "/cases/{id}", Needs: triage.CaseRead, serve: s.showCase},
		{Method: post, Pattern: "/cases/{id}/claim", Needs: triage.CaseClaim, serve: s.claim},
		{Method: post, Pattern: "/cases/{id}/renew", Needs: triage.CaseWork, kind: kindAPI, serve: s.renew},
		{Method: post, Pattern: "/cases/{id}/release", Needs: triage.CaseClaim, serve: s.release},
		{Method: post, Pattern: "/cases/{id}/skip", Needs: triage.CaseClaim, serve: s.skip},
		{Method: post, Pattern: "/cases/{id}/escalate", Needs: triage.CaseWork, serve: s.escalate},
		{Method: post, Pattern: "/cases/{id}/notes", Needs: triage.CaseNote, serve: s.note},
		{Method: post, Pattern: "/cases/{id}/reopen", Needs: triage.CaseReopen, serve: s.reopen},
		{Method: post, Pattern: "/cases/{id}/decisions", Needs: triage.CaseWork, serve: s.decide},
		{Method: post, Pattern: "/cases/{id}/decisions/ask", Needs: triage.CaseWork, kind: kindAPI, serve: s.askDecide},
		{Method: post, Pattern: "/cases/{id}/decisions/{decision}/ask", Needs: triage.DecisionApprove, kind: kindAPI, serve: s.askAnswer},
		{Method: post, Pattern: "/cases/{id}/decisions/{decision}/approve", Needs: triage.DecisionApprove, serve: s.answerDecision(true)},
		{Method: post, Pattern: "/cases/{id}/decisions/{decision}/refuse", Needs: triage.DecisionApprove, serve: s.answerDecision(false)},
		{Method: post, Pattern: "/cases/{id}/decisions/{decision}/undo", Needs: triage.DecisionUndo, serve: s.undoDecision},

		{Method: get, Pattern: "/exhibits/{id}/original", Needs: triage.ExhibitView, kind: kindBytes, serve: s.original},
		{Method: get, Pattern: "/exhibits/{id}/preview", Needs: triage.ExhibitView, kind: kindBytes, serve: s.derivative(triage.DerivedPreview)},
		{Method: get, Pattern: "/exhibits/{id}/poster", Needs: triage.ExhibitView, kind: kindBytes, serve: s.derivative(triage.DerivedPoster)},
		{Method: get, Pattern: "/exhibits/{id}/contact", Needs: triage.ExhibitView, kind: kindBytes, serve: s.derivative(triage.DerivedContact)},
		{Method: get, Pattern: "/exhibits/{id}/waveform", Needs: triage.ExhibitView, kind: kindBytes, serve: s.derivative(triage.DerivedWaveform)},
		{Method: post, Pattern: "/exhibits/{id}/watch", Needs: triage.ExhibitView, kind: kindAPI, serve: s.watch},
		{Method: post, Pattern: "/exhibits/{id}/verify", Needs: triage.ExhibitVerify, serve: s.verifyExhibit},
		{Method: post, Pattern: "/exhibits/{id}/retry", Needs: triage.ExhibitRetry, serve: s.retryExhibit},
	}
}

func (s *server) officeRoutes() []route {
	return []route{
		{Method: get, Pattern: "/packages", Needs: triage.PackageRead, serve: s.packages},
		{Method: get, Pattern: "/packages/new", Needs: triage.PackageRequest, serve: s.newPackage},
		{Method: post, Pattern: "/packages", Needs: triage.PackageRequest, serve: s.requestPackage},
		{Method: get, Pattern: "/packages/{id}", Needs: triage.PackageRead, serve: s.showPackage},
		{Method: post, Pattern: "/packages/ask", Needs: triage.PackageRequest, kind: kindAPI, serve: s.askRequest},
		{Method: post, Pattern: "/packages/{id}/ask", Needs: triage.PackageApprove, kind: kindAPI, serve: s.askAnswerPackage},
		{Method: post, Pattern: "/packages/{id}/approve", Needs: triage.PackageApprove, serve: s.answerPackage(true)},
		{Method: post, Pattern: "/packages/{id}/refuse", Needs: triage.PackageApprove, serve: s.answerPackage(false)},
		{Method: post, Pattern: "/packages/{id}/retry", Needs: triage.PackageDownload, serve: s.retryPackage},
		{Method: get, Pattern: "/packages/{id}/download", Needs: triage.PackageDownload, kind: kindBytes, serve: s.download},

		{Method: get, Pattern: "/log", Needs: triage.LogRead, serve: s.log},
		{Method: post, Pattern: "/log/verify", Needs: triage.LogRead, kind: kindLong, serve: s.verifyLog},
		{Method: get, Pattern: "/log/checkpoint", Needs: triage.LogRead, kind: kindText, serve: s.checkpoint},
		{Method: get, Pattern: "/log/kept", Needs: triage.LogRead, kind: kindText, serve: s.kept},
		{Method: get, Pattern: "/log/events/{event}/proof", Needs: triage.LogRead, kind: kindText, serve: s.inclusion},
		{Method: get, Pattern: "/log/consistency", Needs: triage.LogRead, kind: kindText, serve: s.consistency},

		{Method: post, Pattern: "/organisations/{id}/window", Needs: triage.PeopleChange, serve: s.setWindow},
	}
}

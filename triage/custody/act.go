package custody

import "slices"

// Act says what was done. The set is closed: an event with any other act is refused.
type Act string

// The acts. Their meaning in words is in the table below, which the pages and the package's cover print.
const (
	UploadStarted   Act = "upload.started"
	UploadRefused   Act = "upload.refused"
	UploadCancelled Act = "upload.cancelled"
	UploadExpired   Act = "upload.expired"

	ReportSubmitted Act = "report.submitted"
	ReportAmended   Act = "report.amended"
	ReportWithdrawn Act = "report.withdrawn"
	ReportRead      Act = "report.read"

	ExhibitSealed      Act = "exhibit.sealed"
	ExhibitMeasured    Act = "exhibit.measured"
	ExhibitAltered     Act = "exhibit.altered"
	ExhibitProcessed   Act = "exhibit.processed"
	ExhibitFailed      Act = "exhibit.failed"
	ExhibitRetried     Act = "exhibit.retried"
	ExhibitDerived     Act = "exhibit.derived"
	ExhibitVerifyAsked Act = "exhibit.verify_asked"
	ExhibitVerified    Act = "exhibit.verified"
	ExhibitViewed      Act = "exhibit.viewed"
	ExhibitPlayed      Act = "exhibit.played"
	ExhibitExported    Act = "exhibit.exported"

	CaseOpened       Act = "case.opened"
	CaseQueued       Act = "case.queued"
	CaseJoined       Act = "case.joined"
	CaseRead         Act = "case.read"
	CaseClaimed      Act = "case.claimed"
	CaseReleased     Act = "case.released"
	CaseLeaseExpired Act = "case.lease_expired"
	CaseSkipped      Act = "case.skipped"
	CaseDeferred     Act = "case.deferred"
	CaseEscalated    Act = "case.escalated"
	CaseMoved        Act = "case.moved"
	CaseRated        Act = "case.rated"
	CasePlaced       Act = "case.placed"
	CaseClosed       Act = "case.closed"
	CaseReopened     Act = "case.reopened"
	CaseMerged       Act = "case.merged"
	CaseAbsorbed     Act = "case.absorbed"
	CaseSplit        Act = "case.split"
	CaseRestored     Act = "case.restored"
	CaseUnmerged     Act = "case.unmerged"
	ReportMoved      Act = "report.moved"
	ExhibitMoved     Act = "exhibit.moved"

	ExhibitListed    Act = "exhibit.listed"
	HashListImported Act = "hashlist.imported"
	HashListRemoved  Act = "hashlist.removed"

	NoteAdded Act = "note.added"

	DecisionMade     Act = "decision.made"
	DecisionFinding  Act = "decision.finding"
	DecisionApproved Act = "decision.approved"
	DecisionRejected Act = "decision.rejected"
	DecisionUndone   Act = "decision.undone"
	DecisionLapsed   Act = "decision.lapsed"
	BulkConfirmed    Act = "bulk.confirmed"

	OpinionDrawn    Act = "opinion.drawn"
	OpinionTaken    Act = "opinion.taken"
	OpinionReturned Act = "opinion.returned"
	OpinionGiven    Act = "opinion.given"
	OpinionFinding  Act = "opinion.finding"
	OpinionSettled  Act = "opinion.settled"
	SamplingChanged Act = "sampling.changed"

	QueueChanged Act = "queue.changed"
	RuleChanged  Act = "rule.changed"
	RuleTried    Act = "rule.tried"

	PolicyChanged Act = "policy.changed"

	AppealFiled   Act = "appeal.filed"
	AppealDecided Act = "appeal.decided"

	EnforcementStarted  Act = "enforcement.started"
	EnforcementEnded    Act = "enforcement.ended"
	EnforcementReversed Act = "enforcement.reversed"
	EnforcementFailed   Act = "enforcement.failed"

	NoticeSent   Act = "notice.sent"
	NoticeFailed Act = "notice.failed"

	RequestReceived   Act = "request.received"
	PackageRequested  Act = "package.requested"
	PackageApproved   Act = "package.approved"
	PackageRefused    Act = "package.refused"
	PackageBuilt      Act = "package.built"
	PackageFailed     Act = "package.failed"
	PackageRetried    Act = "package.retried"
	PackageDownloaded Act = "package.downloaded"

	RetentionExtended Act = "retention.extended"
	RetentionErased   Act = "retention.erased"
	HoldPlaced        Act = "hold.placed"
	HoldReleased      Act = "hold.released"

	VisitRequested Act = "visit.requested"
	VisitApproved  Act = "visit.approved"
	VisitRefused   Act = "visit.refused"
	VisitEnded     Act = "visit.ended"
	VisitorEntered Act = "visitor.entered"
	VisitorLeft    Act = "visitor.left"

	RecordingStarted    Act = "recording.started"
	RecordingStopped    Act = "recording.stopped"
	RecordingDownloaded Act = "recording.downloaded"
	RecordingDeleted    Act = "recording.deleted"
	RecordingErased     Act = "recording.erased"

	SessionStarted Act = "session.started"
	SessionEnded   Act = "session.ended"
	SessionRevoked Act = "session.revoked"

	TokenMade    Act = "token.made"
	TokenRevoked Act = "token.revoked"
	RoleChanged  Act = "role.changed"

	WindowChanged      Act = "window.changed"
	ReporterMuted      Act = "reporter.muted"
	ReporterUnmuted    Act = "reporter.unmuted"
	PreferencesChanged Act = "preferences.changed"
	ViewShared         Act = "view.shared"
	ViewChanged        Act = "view.changed"
	ViewWithdrawn      Act = "view.withdrawn"
	BudgetLifted       Act = "budget.lifted"
	PasskeyAdded       Act = "passkey.added"
	PasskeyRemoved     Act = "passkey.removed"
	PasskeyCopied      Act = "passkey.copied"
	ActSigned          Act = "act.signed"

	IdentityLinked  Act = "identity.linked"
	RecoveryAsked   Act = "recovery.asked"
	RecoveryAgreed  Act = "recovery.agreed"
	RecoveryRefused Act = "recovery.refused"

	KeyRotated    Act = "key.rotated"
	LogRead       Act = "log.read"
	LogVerified   Act = "log.verified"
	LogVerifyFail Act = "log.verification_failed"
	LogRestored   Act = "log.restored"
)

// ActInfo explains an act to people.
type ActInfo struct {
	Act      Act
	Title    string // a few words, for a list
	Sentence string // one sentence, for a page, a tooltip or the package's cover
	Evidence bool   // somebody or something touched evidence itself
}

// acts is the one table of acts, in the order in which a case meets them.
var acts = []ActInfo{
	{UploadStarted, "Upload started", "A host's browser began to send a clip.", false},
	{UploadRefused, "Upload refused", "What arrived was not the file that was declared, or the store lost a part of it; nothing was kept.", false},
	{UploadCancelled, "Upload cancelled", "The host cancelled an upload before it was part of a report, and its bytes were removed.", false},
	{UploadExpired, "Upload expired", "An upload was never finished or never reported, and its bytes were removed.", false},

	{ReportSubmitted, "Report submitted", "A host filed a report and was given a signed receipt.", false},
	{ReportAmended, "Report added to", "The host added words or clips to the report.", false},
	{ReportWithdrawn, "Report withdrawn", "The host withdrew the report; the evidence stays for as long as retention says.", false},
	{ReportRead, "Report read", "The host opened the page of the report.", false},

	{ExhibitSealed, "Exhibit sealed", "The original bytes of a clip were stored under a write-once lock, and their hash was recorded.", true},
	{ExhibitMeasured, "Exhibit measured", "The whole original was read and agreed with its hash, and the digest of its chunks was recorded.", true},
	{ExhibitAltered, "Original altered", "The original was found not to be what was sealed; it is not shown until the whole of it agrees again.", true},
	{ExhibitProcessed, "Exhibit prepared", "The clip was examined in the sandbox and prepared for review; the original was not changed.", true},
	{ExhibitFailed, "Exhibit not prepared", "The clip could not be decoded; the original is kept, and the case says why.", true},
	{ExhibitRetried, "Preparation repeated", "Somebody asked for the preparation of the clip to be tried again.", true},
	{ExhibitDerived, "Derivative made", "A still, contact sheet, waveform or preview was made from the original.", true},
	{ExhibitVerifyAsked, "Verification asked for", "Somebody asked for the exhibit to be held against its proof again.", true},
	{ExhibitVerified, "Exhibit verified again", "The exhibit was held against its proof again, and what was found was compared with what was found before.", true},
	{ExhibitViewed, "Exhibit viewed", "A person was shown the clip or something made from it; this was recorded before the first byte was served.", true},
	{ExhibitPlayed, "Exhibit played", "A person had one interval of the clip before their eyes or ears; the detail says which, and how blurred.", true},
	{ExhibitExported, "Exhibit exported", "The original was copied into a package for law enforcement.", true},

	{ExhibitListed, "Found on a hash list", "The clip, or a picture of it, is on a list of known hashes; that decides nothing by itself.", false},

	{CaseOpened, "Case opened", "A case was opened for a report.", false},
	{CaseQueued, "Case queued", "The case became ready for review and entered the queue.", false},
	{CaseJoined, "Report joined", "A further report about the same matter joined the case.", false},
	{CaseRead, "Case read", "A person opened the page of the case.", false},
	{CaseClaimed, "Case claimed", "A reviewer took the case for a limited time.", false},
	{CaseReleased, "Case released", "The reviewer gave the case back to the queue.", false},
	{CaseLeaseExpired, "Claim expired", "The reviewer's time ran out, and the case went back to the queue.", false},
	{CaseSkipped, "Case skipped", "A reviewer passed the case over, and others will be offered it.", false},
	{CaseDeferred, "Case deferred", "A reviewer put the case off until a later time.", false},
	{CaseEscalated, "Case escalated", "A reviewer handed the case to a lead.", false},
	{CaseMoved, "Case moved", "The case moved to another lane or policy.", false},
	{CaseRated, "Case rated", "Rules changed how urgent the case is or which queue it belongs to.", false},
	{CasePlaced, "Case placed", "A member of staff chose the queue of the case.", false},
	{CaseClosed, "Case closed", "Nothing more is to be done in the case.", false},
	{CaseReopened, "Case reopened", "A decided or closed case was taken up again.", false},
	{CaseMerged, "Case merged", "All reports of the case went into another case, in which it ended.", false},
	{CaseAbsorbed, "Another case merged in", "All reports of another case came into this one.", false},
	{CaseSplit, "Case split", "Some reports of the case went into a case of their own.", false},
	{CaseRestored, "Merge undone", "The merge was undone, and the case has its reports back.", false},
	{CaseUnmerged, "Merged case taken out", "The merge was undone, and the reports of the other case went back to it.", false},
	{ReportMoved, "Report moved", "The report came into this case from another one; nothing that it says changed.", false},
	{ExhibitMoved, "Exhibit moved", "The exhibit came into this case with its report, under a number of this case; its bytes did not change.", true},

	{NoteAdded, "Note added", "A person wrote a note on the case.", false},

	{DecisionMade, "Decision made", "A person decided the case; a severe act waits for a second person.", false},
	{DecisionFinding, "Finding recorded", "What a decision says about one of the reported people, with its reasons.", false},
	{DecisionApproved, "Decision approved", "A second person approved the decision.", false},
	{DecisionRejected, "Decision rejected", "A second person refused the decision, and the case went back to the queue.", false},
	{DecisionUndone, "Decision undone", "Whoever took the decision took it back within minutes, before anybody was told of it.", false},
	{DecisionLapsed, "Proposal lapsed", "The case went to the child-safety lane before a second person answered, so nothing came of the proposal.", false},
	{BulkConfirmed, "Bulk confirmed", "A person confirmed one decision on many cases; each case has its own entries.", false},

	{OpinionDrawn, "Drawn for a second opinion", "The decision was drawn at random, when it was taken, for a second opinion.", false},
	{OpinionTaken, "Second opinion begun", "Another person was given the evidence, and not the decision, to say what they think.", false},
	{OpinionReturned, "Second opinion given back", "The person gave the evidence back without saying what they think.", false},
	{OpinionGiven, "Second opinion given", "The person said what they would have decided; the decision stays as it is.", false},
	{OpinionFinding, "Second opinion on a person", "What the second opinion says about one of the reported people, with its reasons.", false},
	{OpinionSettled, "Second opinion settled", "A lead said which of two opinions that differ stands.", false},
	{SamplingChanged, "Sampling changed", "A lead changed how many decisions are drawn for a second opinion.", false},

	{QueueChanged, "Queue changed", "Somebody made a queue, or changed its name or its members.", false},
	{RuleChanged, "Rule changed", "Somebody wrote a routing rule, changed it, moved it, or switched it on or off.", false},
	{RuleTried, "Rule tried", "A routing rule was tried out on past cases.", false},
	{PolicyChanged, "Policy changed", "An administrator added a policy, or changed its words, weight or service levels.", false},

	{AppealFiled, "Appeal filed", "The person concerned asked for the decision to be looked at again.", false},
	{AppealDecided, "Appeal decided", "A person who neither made nor approved the decision decided the appeal.", false},

	{EnforcementStarted, "Measure started", "A measure against an account took effect.", false},
	{EnforcementEnded, "Measure ended", "A measure against an account ended when its time had run.", false},
	{EnforcementReversed, "Measure reversed", "A measure against an account was taken back.", false},
	{EnforcementFailed, "Measure not carried out", "A system that should carry out a measure did not confirm it; it is tried again.", false},

	{NoticeSent, "Notice sent", "A notice about the outcome went to the person it concerns.", false},
	{NoticeFailed, "Notice not delivered", "A notice could not be delivered; it stays visible and is tried again.", false},

	{RequestReceived, "Legal request received", "A request from an authority was recorded with its legal basis.", false},
	{PackageRequested, "Package requested", "The liaison asked for named exhibits to be disclosed to a named recipient.", false},
	{PackageApproved, "Package approved", "A second person approved the disclosure.", false},
	{PackageRefused, "Package refused", "A second person refused the disclosure.", false},
	{PackageBuilt, "Package built", "The package was built, signed and stored.", true},
	{PackageFailed, "Package not built", "The package could not be built; the detail says why.", false},
	{PackageRetried, "Building repeated", "Somebody asked for the package to be built again.", false},
	{PackageDownloaded, "Package downloaded", "The liaison took the finished package out.", true},

	{RetentionExtended, "Retention extended", "The time for which the evidence is locked was moved later.", false},
	{RetentionErased, "Content erased", "Content whose retention had ended was erased, with the salts of its log entries.", true},
	{HoldPlaced, "Legal hold placed", "The evidence was put under a legal hold and cannot be erased.", false},
	{HoldReleased, "Legal hold released", "Two people released a legal hold.", false},

	{VisitRequested, "Visit asked for", "A member of staff asked to enter a standard meeting, visibly, with a reason.", false},
	{VisitApproved, "Visit approved", "A second person agreed that a member of staff enters a standard meeting, visibly.", false},
	{VisitRefused, "Visit refused", "A second person refused that a member of staff enters a meeting.", false},
	{VisitEnded, "Visit ended", "A visit was ended, or its request taken back, by somebody's word.", false},
	{VisitorEntered, "Visitor entered", "A member of staff came into the meeting; everybody in it saw that.", false},
	{VisitorLeft, "Visitor left", "A member of staff was out of the meeting again.", false},

	{RecordingStarted, "Recording started", "A host began to record a standard meeting on the server; everyone in it was told.", false},
	{RecordingStopped, "Recording stopped", "A recording ended: a host stopped it, the meeting was over, or it could not be kept any longer.", false},
	{RecordingDownloaded, "Recording downloaded", "The host of a recorded meeting took a file of the recording out.", false},
	{RecordingDeleted, "Recording deleted", "The host of a recorded meeting deleted a file of the recording for good.", false},
	{RecordingErased, "Recording erased", "A file of a recording was erased because its retention had ended.", false},

	{SessionStarted, "Signed in", "A member of staff signed in.", false},
	{SessionEnded, "Signed out", "A member of staff signed out.", false},
	{SessionRevoked, "Session revoked", "A session was ended by its owner from elsewhere, or by an administrator.", false},
	{TokenMade, "Access token made", "Somebody made a token with which another program may act for them.", false},
	{TokenRevoked, "Access token revoked", "A token for another program was revoked by its owner.", false},
	{PasskeyAdded, "Passkey added", "Somebody made a passkey of theirs known, which from then on can sign for them.", false},
	{PasskeyRemoved, "Passkey removed", "A passkey was removed, and can sign nothing any more.", false},
	{PasskeyCopied, "Passkey perhaps copied", "A passkey's counter did not grow: somebody may have a copy of it. It was refused.", false},
	{ActSigned, "Signed with a passkey", "Somebody's passkey signed exactly what they proposed or approved; the signature is kept.", false},
	{IdentityLinked, "Identity known", "Somebody of the house's sign-in provider came for the first time; from then on the account is theirs.", false},
	{RecoveryAsked, "Recovery asked for", "A member of staff said that all their passkeys are lost.", false},
	{RecoveryAgreed, "Recovery agreed to", "An administrator agreed that somebody may start anew; it takes two.", false},
	{RecoveryRefused, "Recovery refused", "An administrator refused that somebody starts anew.", false},
	{RoleChanged, "Role changed", "An administrator changed what a person may do.", false},
	{WindowChanged, "Window changed", "An administrator changed for how many seconds devices of hosts keep what they received in an organisation's meetings.", false},
	{HashListImported, "Hash list imported", "A list of hashes of known clips was imported; the detail says whose, and the digest of its file.", false},
	{HashListRemoved, "Hash list removed", "A list of hashes was removed, and what matched it is no longer shown.", false},
	{ReporterMuted, "Reporter muted", "A lead put the further reports of an account last, until a date; the detail says why.", false},
	{ReporterUnmuted, "Reporter unmuted", "A lead undid that an account's reports are put last.", false},
	{PreferencesChanged, "Preferences changed", "A person changed how clips are shown to them, or which policies they are not given.", false},
	{ViewShared, "View shared", "A lead shared saved filters of the queue with all staff.", false},
	{ViewChanged, "Shared view changed", "A lead changed filters of the queue that are shared with all staff.", false},
	{ViewWithdrawn, "Shared view withdrawn", "A lead deleted filters of the queue that were shared, or keeps them for themselves again.", false},
	{BudgetLifted, "Budget lifted", "A lead gave a person more time with clips than a shift allows, for a while; the detail says why.", false},

	{KeyRotated, "Key replaced", "A signing key was replaced; the old public key stays valid for what it signed.", false},
	{LogRead, "Log read", "An auditor opened the custody log or took a proof from it.", false},
	{LogVerified, "Log verified", "The whole custody log was recomputed and agreed with its signed checkpoints.", false},
	{LogVerifyFail, "Log verification failed", "The custody log was recomputed and did not agree with its signed checkpoints.", false},
	{LogRestored, "Log restored", "An operator put an older database back from a backup; the log goes on from there.", false},
}

// Acts lists every act with its explanation, in the order in which a case meets them.
func Acts() []ActInfo { return slices.Clone(acts) }

// Info explains the act, or reports false if there is no such act.
func (a Act) Info() (ActInfo, bool) {
	i := slices.IndexFunc(acts, func(in ActInfo) bool { return in.Act == a })
	if i < 0 {
		return ActInfo{}, false
	}
	return acts[i], true
}

// Title is the act in a few words; for an unknown act it is the act itself.
func (a Act) Title() string {
	if in, ok := a.Info(); ok {
		return in.Title
	}
	return string(a)
}

package triage

import (
	"context"
	"io"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Clock tells the time. The real one is time.Now; tests move theirs by hand.
type Clock func() time.Time

// Store keeps everything but the bytes of clips. triagetest holds the conformance suite that every Store must pass.
type Store interface {
	// View runs f in a read-only transaction that sees one consistent state.
	View(ctx context.Context, f func(Tx) error) error

	// Update runs f in a transaction that commits when f returns nil and otherwise leaves nothing behind. f may be run
	// again after a serialisation failure, so it must have no effects but through its Tx. An error of f comes back as
	// it is. When the store cannot be reached, the error is of kind Unavailable, and whether the transaction
	// committed may be unknown: every use case can be repeated safely.
	Update(ctx context.Context, f func(Tx) error) error
}

// Tx is one transaction. Methods that fetch one thing return NotFound when it is not there. Save methods are guarded:
// they write only over the version that was read (the Version field), add one to it, and return Conflict when somebody
// was quicker. Times are UTC with microsecond precision. Lists are never nil-versus-empty sensitive.
type Tx interface {
	AccountTx
	PasskeyTx
	IntakeTx
	PrintTx
	HashTx
	CaseTx
	PackageTx
	RecordingTx
	ReviewTx
	StrikeTx
	MuteTx
	VisitTx
	MoveTx
	FigureTx
	WellbeingTx
	OpinionTx
	RoutingTx
	PolicyTx
	ViewTx
	BulkTx
	LogTx

	// Enqueue makes a job exist if and only if the transaction commits. A job equal to one that has not begun yet
	// is not added twice.
	Enqueue(ctx context.Context, j Job) error
}

// AccountTx keeps people, their sign-in links and their sessions.
type AccountTx interface {
	Organisation(ctx context.Context, id account.OrgID) (account.Organisation, error)
	InsertOrganisation(ctx context.Context, o account.Organisation) error
	Organisations(ctx context.Context) ([]account.Organisation, error) // by name
	SetWindow(ctx context.Context, id account.OrgID, w account.Window) error
	Account(ctx context.Context, id account.ID) (account.Account, error)
	AccountByEmail(ctx context.Context, email string) (account.Account, error)
	// InsertAccount returns Conflict when the e-mail address is taken.
	InsertAccount(ctx context.Context, a account.Account) error
	// SetRoles replaces an account's roles.
	SetRoles(ctx context.Context, id account.ID, roles account.Roles) error
	// SetClosed closes or opens an account.
	SetClosed(ctx context.Context, id account.ID, closed bool) error
	// Accounts finds accounts: staff only, or everyone; by name, at most 500.
	Accounts(ctx context.Context, staffOnly bool) ([]account.Account, error)
	// Names maps account ids to display names; unknown ids are left out.
	Names(ctx context.Context, ids []account.ID) (map[account.ID]string, error)

	// InsertLink keeps the SHA-256 of a one-time sign-in token.
	InsertLink(ctx context.Context, hash SHA256, to account.ID, expires time.Time) error
	// TakeLink uses a token up: it returns the account once, and NotFound for unknown, used and expired tokens.
	TakeLink(ctx context.Context, hash SHA256, now time.Time) (account.ID, error)
	// DeleteLinks makes every token of an account unknown.
	DeleteLinks(ctx context.Context, of account.ID) error
	// LinksSince counts the links made for an account since a time; it limits how many e-mails one can cause.
	LinksSince(ctx context.Context, to account.ID, since time.Time) (int, error)

	Sessions(ctx context.Context, of account.ID) ([]account.Session, error) // newest first, not expired ones
	// DeleteSession ends one session of an account; NotFound if it is not theirs.
	DeleteSession(ctx context.Context, of account.ID, id string) error
	DeleteSessions(ctx context.Context, of account.ID) error

	// InsertToken keeps a token under the SHA-256 of its secret.
	InsertToken(ctx context.Context, hash SHA256, t account.Token) error
	// Token finds one that is good now; NotFound for unknown, revoked and expired ones.
	Token(ctx context.Context, hash SHA256, now time.Time) (account.Token, error)
	// TouchToken notes a use.
	TouchToken(ctx context.Context, hash SHA256, now time.Time) error
	Tokens(ctx context.Context, of account.ID) ([]account.Token, error) // newest first, not expired ones
	// DeleteToken revokes one of an account; NotFound if it is not theirs.
	DeleteToken(ctx context.Context, of account.ID, id string) error
	DeleteTokens(ctx context.Context, of account.ID) error

	InsertMessage(ctx context.Context, m Message) error
	Message(ctx context.Context, id string) (Message, error)
	// SaveMessage saves what became of the delivery, and the text, which loses its sign-in link once it is delivered.
	SaveMessage(ctx context.Context, m Message) error
	// NoticesOf lists the messages that tell of a decision, oldest first.
	NoticesOf(ctx context.Context, d DecisionID) ([]Message, error)
	MessagesTo(ctx context.Context, to account.ID, limit int) ([]Message, error) // newest first
	// Undelivered lists messages that are waiting or failed, oldest first: about cases of some lanes, and about none.
	Undelivered(ctx context.Context, lanes []Lane, limit int) ([]Message, error)
}

// IntakeTx keeps meetings, uploads, stored bytes, reports and exhibits.
type IntakeTx interface {
	InsertMeeting(ctx context.Context, m Meeting, roster []Attendee) error
	Meeting(ctx context.Context, id MeetingID) (Meeting, []Attendee, error)
	// Guest is a guest who was let into a meeting, by the device that they joined with.
	Guest(ctx context.Context, meeting MeetingID, device [32]byte) (Guest, error)
	MeetingsHostedBy(ctx context.Context, host account.ID, limit int) ([]Meeting, error) // newest first

	InsertUpload(ctx context.Context, u Upload) error
	Upload(ctx context.Context, id UploadID) (Upload, error)
	SaveUpload(ctx context.Context, u Upload) error
	// UploadsOf lists an account's uploads that no report has taken and that were not cancelled, newest first.
	UploadsOf(ctx context.Context, owner account.ID) ([]Upload, error)
	// DeclaredSince is how many bytes an account's uploads have that began since and are open or sealed, reported or not.
	DeclaredSince(ctx context.Context, owner account.ID, since time.Time) (int64, error)
	// StaleUploads lists open uploads not touched since before, oldest first.
	StaleUploads(ctx context.Context, before time.Time, limit int) ([]Upload, error)
	// ForgottenUploads lists sealed uploads that no report has taken, not touched since before, oldest first.
	ForgottenUploads(ctx context.Context, before time.Time, limit int) ([]Upload, error)

	// LockBlob serialises everyone who completes bytes with one digest until the transaction ends, and returns the
	// blob if it is stored already (NotFound otherwise).
	LockBlob(ctx context.Context, sum SHA256) (Blob, error)
	InsertBlob(ctx context.Context, b Blob) error
	Blob(ctx context.Context, sum SHA256) (Blob, error)
	// KeepChunks gives a blob its chunks; Conflict where it has some.
	KeepChunks(ctx context.Context, sum SHA256, c Chunks) error
	// BlobInUse reports whether an exhibit, or a sealed upload that no report has taken, has these bytes.
	BlobInUse(ctx context.Context, sum SHA256) (bool, error)
	// DeleteBlob forgets bytes of which no exhibit is made and whose lock has ended; anything else fails.
	DeleteBlob(ctx context.Context, sum SHA256) error
	// ExtendBlob moves RetainUntil later; an earlier time changes nothing.
	ExtendBlob(ctx context.Context, sum SHA256, until time.Time) error

	InsertReport(ctx context.Context, r Report) error // Conflict when reporter and key exist already
	Report(ctx context.Context, id ReportID) (Report, error)
	ReportByKey(ctx context.Context, reporter account.ID, key string) (Report, error)
	// ReportByGuest is ReportByKey of the guest who joined with a device.
	ReportByGuest(ctx context.Context, device [32]byte, key string) (Report, error)
	SaveReport(ctx context.Context, r Report) error                                                      // Withdrawn, Additions and Receipt only; the rest never changes
	ReportsBy(ctx context.Context, reporter account.ID, after ReportCursor, limit int) ([]Report, error) // newest first
	ReportsOf(ctx context.Context, c CaseID) ([]Report, error)                                           // oldest first
	// ReportsOn lists other reports, within lanes, that name the same account (same true) or, where the person has no
	// account, the same identifier or name; newest first.
	ReportsOn(ctx context.Context, p Person, not CaseID, lanes []Lane, limit int) ([]EarlierReport, error)

	InsertExhibit(ctx context.Context, x Exhibit) error
	Exhibit(ctx context.Context, id ExhibitID) (Exhibit, error)
	SaveExhibit(ctx context.Context, x Exhibit) error
	ExhibitsOf(ctx context.Context, c CaseID) ([]Exhibit, error) // by number
	// ExhibitsWith lists exhibits of other cases that have the same bytes, as far as q reaches: the newest first.
	ExhibitsWith(ctx context.Context, sum SHA256, not CaseID, q KnownQuery) ([]Exhibit, error)
	// PutDerivative writes or replaces the derivative of that exhibit and kind.
	PutDerivative(ctx context.Context, d Derivative) error
	Derivatives(ctx context.Context, x ExhibitID) ([]Derivative, error)
	InsertVerification(ctx context.Context, v Verification) error // Conflict while another of the exhibit is not done
	// FinishVerification keeps Done and what was found; NotFound where it is done already, since that is never changed.
	FinishVerification(ctx context.Context, v Verification) error
	Verifications(ctx context.Context, x ExhibitID) ([]Verification, error) // oldest first
	InsertWatch(ctx context.Context, w Watch) error
	Watches(ctx context.Context, x ExhibitID) ([]Watch, error) // oldest first
	// Viewed notes that an account opened something of a subject (such as the "stills" of "exhibit/X-…") and reports
	// whether that is the first time since the given moment, so that one viewing is one event of the log.
	Viewed(ctx context.Context, subject string, by account.ID, kind string, now, since time.Time) (first bool, err error)
}

// EarlierReport is a report on the same person as seen from another case.
type EarlierReport struct {
	Report   ReportID
	Case     CaseID
	State    State
	Policy   PolicyID
	Filed    time.Time
	Person   string // name there
	Same     bool   // the same account; false: only the name or identifier is the same
	Outcome  ActionKind
	Reporter account.ID
}

// QueueQuery asks for one page of cases.
type QueueQuery struct {
	Lanes    []Lane
	States   []State
	Policy   PolicyID   // "" for all
	Claimant account.ID // "" for all
	Proposer account.ID // cases whose open proposal is not by this account; "" for all
	Without  account.ID // leaves out the cases to which this account is a party; "" leaves out none
	Queue    QueueID    // "" for all; NoQueue for those of no queue
	Awake    time.Time  // leaves out what is deferred beyond it; zero leaves out none
	Text     string     // a case, report or meeting number, or part of a reported name; "" for all
	After    Cursor     // the last row of the page before; the zero Cursor starts
	Limit    int        // 1 to 200
	Recent   bool       // newest first instead of priority, then age
}

// Cursor is a place in the queue's order.
type Cursor struct {
	Priority int
	Opened   time.Time
	Case     CaseID
}

// ReportCursor is the last report of the page before; the zero ReportCursor starts.
type ReportCursor struct {
	Filed  time.Time
	Report ReportID
}

// CaseRow is a case as a list shows it.
type CaseRow struct {
	Case
	ClaimantName string
	People       []string // names, at most 3
	PeopleCount  int
	Exhibits     int
	Failed       int  // exhibits that could not be prepared
	Withdrawn    bool // every report was withdrawn
	Mode         MeetingMode
	Reporter     string
}

// CaseTx keeps cases, notes, decisions and what they do.
type CaseTx interface {
	InsertCase(ctx context.Context, c Case) error
	Case(ctx context.Context, id CaseID) (Case, error)
	SaveCase(ctx context.Context, c Case) error // all but Opened, Simulated and Follows, which never change
	// Joinable lists the cases of a lane with a report of that meeting that names one of the people: by account, or where
	// neither has one by name or identifier; oldest first, at most 50. Until the transaction ends, others who ask about the
	// same meeting wait.
	Joinable(ctx context.Context, lane Lane, m MeetingID, people []Person) ([]Case, error)
	// Parties lists the accounts that reported, or are reported, in a case, also in reports that moved out of it: its history tells of them.
	// To a merged case they are who is a party to the case that it ended in, too.
	Parties(ctx context.Context, c CaseID) ([]account.ID, error)
	// Queue lists cases by priority (highest first), then age (oldest first), then id.
	Queue(ctx context.Context, q QueueQuery) ([]CaseRow, error)
	// Count counts what Queue would list, up to limit: its cost does not grow with the table.
	Count(ctx context.Context, q QueueQuery, limit int) (int, error)
	// Find lists what a search finds, newest first.
	Find(ctx context.Context, q FindQuery) ([]CaseRow, error)
	// Naming lists cases in some states to which any of the accounts is a party, in the queue's order.
	Naming(ctx context.Context, who []account.ID, states []State, limit int) ([]Case, error)
	// NextCase locks and returns the first free queued case in the queue's order to which the account is no party, that it
	// has not skipped since the given time, that is not deferred beyond now, and that is of no queue whose members are
	// others, passing over rows that another transaction holds; NotFound when there is none.
	NextCase(ctx context.Context, lanes []Lane, for_ account.ID, now, skippedSince time.Time) (Case, error)
	// Skip notes that the account passed over the case.
	Skip(ctx context.Context, c CaseID, by account.ID, at time.Time) error
	// ExpiredLeases lists claimed cases whose lease ended before now, oldest first.
	ExpiredLeases(ctx context.Context, now time.Time, limit int) ([]Case, error)
	// Deliverable lists decided cases all of whose messages are delivered, kept or withdrawn, oldest first.
	Deliverable(ctx context.Context, limit int) ([]Case, error)

	InsertNote(ctx context.Context, n Note) error
	Notes(ctx context.Context, c CaseID) ([]Note, error) // oldest first

	InsertDecision(ctx context.Context, d Decision) error
	Decision(ctx context.Context, id DecisionID) (Decision, error)
	SaveDecision(ctx context.Context, d Decision) error          // Approver, Answered, Answer and State only
	Decisions(ctx context.Context, c CaseID) ([]Decision, error) // oldest first
	InsertEnforcement(ctx context.Context, e Enforcement) error
	// ReverseEnforcements ends the effects of a decision that are in force and returns them.
	ReverseEnforcements(ctx context.Context, d DecisionID, at time.Time) ([]Enforcement, error)
	Enforcements(ctx context.Context, c CaseID) ([]Enforcement, error)
	EnforcementsOn(ctx context.Context, id account.ID) ([]Enforcement, error) // newest first
}

// MoveTx keeps merges and splits of cases, and moves what they move. Whoever moves a report moves its exhibits in the same transaction.
type MoveTx interface {
	// InsertMove fails where the two cases are not of the same lane, or where somebody decided on one of them.
	InsertMove(ctx context.Context, m Move) error
	Move(ctx context.Context, id MoveID) (Move, error)
	SaveMove(ctx context.Context, m Move) error               // Undone and UndoneBy only, once
	MovesOf(ctx context.Context, c CaseID) ([]Move, error)    // from it or into it, in their order
	MergedInto(ctx context.Context, c CaseID) ([]Case, error) // by number
	// MoveReport puts a report, and whom it names, into the case that its last move says, and fails anywhere else.
	MoveReport(ctx context.Context, r Report, into CaseID) error
	// MoveExhibit puts an exhibit into the case of its report, under its Number.
	MoveExhibit(ctx context.Context, x Exhibit, into CaseID) error
}

// PackageTx keeps law-enforcement packages.
type PackageTx interface {
	InsertPackage(ctx context.Context, p Package) error
	Package(ctx context.Context, id PackageID) (Package, error)
	SavePackage(ctx context.Context, p Package) error
	// Progress sets Done and Total of a package that is being built, without touching its version.
	Progress(ctx context.Context, id PackageID, done, total int64) error
	Packages(ctx context.Context, q PackageQuery) ([]Package, error) // newest first
	PackagesOf(ctx context.Context, c CaseID) ([]Package, error)     // newest first
}

// PackageQuery asks for a list of packages.
type PackageQuery struct {
	Lanes   []Lane
	State   PackageState // "" for all
	Without account.ID   // leaves out the packages of cases to which this account is a party; "" leaves out none
	Limit   int
}

// RecordingTx keeps what is known of recordings of meetings.
type RecordingTx interface {
	// InsertRecording fails where the meeting is not a standard one that goes on.
	InsertRecording(ctx context.Context, r Recording) error
	Recording(ctx context.Context, id RecordingID) (Recording, error)
	SaveRecording(ctx context.Context, r Recording) error                     // Ended and End only
	RecordingsOf(ctx context.Context, m MeetingID) ([]Recording, error)       // newest first
	SeeRecordings(ctx context.Context, ids []RecordingID, at time.Time) error // moves Seen of those that run later, without touching the version
	// SilentRecordings lists recordings that run and were not seen since before, the longest silent first.
	SilentRecordings(ctx context.Context, before time.Time, limit int) ([]Recording, error)
	// OverdueRecordings lists recordings that ended before a time and have files that are not erased, oldest end first.
	OverdueRecordings(ctx context.Context, before time.Time, limit int) ([]Recording, error)
	// DeleteEmptyRecordings deletes recordings that ended before a time and have no files.
	DeleteEmptyRecordings(ctx context.Context, before time.Time) error

	InsertRecordingFile(ctx context.Context, f RecordingFile) error
	RecordingFile(ctx context.Context, id RecordingFileID) (RecordingFile, error)
	SaveRecordingFile(ctx context.Context, f RecordingFile) error                 // Person, Ended, Size and State only
	RecordingFilesOf(ctx context.Context, r RecordingID) ([]RecordingFile, error) // by their beginning
	ErasedRecordingFiles(ctx context.Context, limit int) ([]RecordingFile, error) // in the order of their numbers
	DeleteRecordingFile(ctx context.Context, id RecordingFileID) error            // NotFound where it is not erased
}

// LogTx keeps the custody log. Log is all that use cases need; the rest serves the sequencer and the readers.
type LogTx interface {
	// Log appends an event; it gets its place in the tree when it is sequenced after the commit. The database refuses
	// to change or delete it.
	Log(ctx context.Context, e custody.Event) error
	// EventsOf lists the events of a case, and those of other cases on the reports and exhibits that it has now; oldest first.
	EventsOf(ctx context.Context, c CaseID) ([]LoggedEvent, error)
	// EventsOn lists those of EventsOf that are of some acts on one subject.
	EventsOn(ctx context.Context, c CaseID, subject string, acts ...custody.Act) ([]LoggedEvent, error)

	// Unsequenced lists the oldest events without a place in the tree, in the order of their insertion, and keeps every
	// other sequencer out until the transaction ends.
	Unsequenced(ctx context.Context, limit int) ([]custody.Event, error)
	// AppendLeaves stores leaves at the end of the tree together with the stored hashes that they add (tlog's
	// storage order). size is the tree's size before; Conflict when it has grown meanwhile.
	AppendLeaves(ctx context.Context, size int64, leaves []Leaf, hashes [][32]byte) error
	TreeSize(ctx context.Context) (int64, error)
	// ReadHashes returns stored hashes by their index in tlog's storage order.
	ReadHashes(ctx context.Context, indexes []int64) ([][32]byte, error)
	// Leaves lists sequenced leaves from an index on, in order.
	Leaves(ctx context.Context, from int64, limit int) ([]Leaf, error)
	LeafOf(ctx context.Context, event string) (Leaf, error)
	// Drift finds the first event whose own record no longer says what its leaf says, or that is neither in the tree nor
	// waiting for its place, or a leaf whose event is gone; "" where there is none. The index is -1 outside the tree.
	Drift(ctx context.Context) (event string, index int64, err error)
	InsertCheckpoint(ctx context.Context, size int64, signed []byte, at time.Time) error
	// Checkpoints lists signed checkpoints of more than after entries, smallest first.
	Checkpoints(ctx context.Context, after int64, limit int) ([][]byte, error)
	// Checkpoint returns the newest signed checkpoint, or NotFound.
	Checkpoint(ctx context.Context) (signed []byte, size int64, err error)
}

// Leaf is one sequenced event.
type Leaf struct {
	Index   int64
	Event   string
	Data    []byte         // the leaf's bytes, as they were hashed
	Salt    custody.Salt   // as LogTx.Log was given it; zero once erased. AppendLeaves ignores it
	Content custody.Detail // likewise
}

// LoggedEvent is an event with its place in the tree, if it has one yet.
type LoggedEvent struct {
	custody.Event
	Index     int64 // -1 while it is not sequenced
	ActorName string
}

// Objects keeps bytes: the evidence bucket under object lock, and the derivative bucket.
type Objects interface {
	// OpenEvidence opens a blob for reading and seeking; NotFound, Unavailable or Altered. No byte that it yields is
	// another than was sealed: each chunk is compared with b.Chunks before anything of it is handed out, and reading
	// fails with Altered where they differ. A blob without Chunks is measured first.
	OpenEvidence(ctx context.Context, b Blob) (io.ReadSeekCloser, error)
	// Measure reads a whole blob and lists its chunks; Altered where the whole does not have its SHA-256 or size.
	Measure(ctx context.Context, b Blob) (Chunks, error)
	// Retain moves the end of a blob's object lock later and returns only when the lock holds.
	Retain(ctx context.Context, b Blob, until time.Time) error
	// PutDerivative stores a derivative or a package; size -1 when it is not known.
	PutDerivative(ctx context.Context, key, contentType string, r io.Reader, size int64) error
	OpenDerivative(ctx context.Context, key string) (io.ReadSeekCloser, error)
	// DeleteDerivative deletes every version of what PutDerivative stored; of what is not there, nothing.
	DeleteDerivative(ctx context.Context, key string) error
	// Sync returns when what was acknowledged before has reached the disk (embedded mode; a no-op elsewhere).
	Sync(ctx context.Context) error
}

// Signer signs what the platform hands out.
type Signer interface {
	SignReceipt(r custody.Receipt) ([]byte, error)
	SignCheckpoint(t tlog.Tree, at time.Time) ([]byte, error)
	// OpenCheckpoint reads back a checkpoint that the platform signed.
	OpenCheckpoint(signed []byte) (custody.Checkpoint, error)
	// LogKeys are the keys that a checkpoint may be signed with.
	LogKeys() note.Verifiers
}

// Witness keeps the newest signed checkpoint of the custody log where the owner of the database cannot reach. Its methods
// may be called by many goroutines, and by several nodes on one place, at once.
type Witness interface {
	// Kept returns the checkpoint that is kept, or that of the empty log where none is yet. An error means that there
	// is one that cannot be read or believed: then nothing is signed.
	Kept() (custody.Kept, error)
	// Keep replaces the kept checkpoint by a newer one, durably and whole or not at all. It refuses one that was not
	// signed by the log, or that the proof does not show to continue the kept one, and so never goes back. Where the
	// kept one is no longer the one that the proof starts from, it changes nothing. It is called only after the
	// transaction that stored the checkpoint has committed: what is kept is never ahead of the database.
	Keep(signed []byte, proof custody.Consistency) error
	// SetAside gives the kept checkpoint, readable or not, a name with the time, under which it stays for ever;
	// nothing is kept afterwards.
	SetAside(now time.Time) (name string, err error)
	// Aside lists what was set aside, oldest first.
	Aside() ([]custody.Kept, error)
}

// VisitTx keeps the visible entries of staff into standard meetings.
type VisitTx interface {
	InsertVisit(ctx context.Context, v Visit) error
	Visit(ctx context.Context, id VisitID) (Visit, error)
	// SaveVisit saves its state and the second person's answer.
	SaveVisit(ctx context.Context, v Visit) error
	Visits(ctx context.Context, c CaseID) ([]Visit, error)                      // newest first
	VisitsTo(ctx context.Context, m MeetingID, who account.ID) ([]Visit, error) // newest first
	// Inside notes since when the visitor of a visit is in their meeting, which the node keeps that keeps it now; zero: they are out.
	Inside(ctx context.Context, id VisitID, since time.Time) error
	// LostVisits locks and lists visits whose visitor is in the meeting as far as was noted, by a node that is no more; the longest first. It passes
	// over those that another transaction holds.
	LostVisits(ctx context.Context, limit int) ([]Visit, error)
	// WaitingVisits lists those that were asked for after since and that an account could answer: of others, for cases of lanes that are not settled,
	// to which it is no party, to meetings that go on; oldest first.
	WaitingVisits(ctx context.Context, lanes []Lane, for_ account.ID, since time.Time, limit int) ([]Visit, error)
}

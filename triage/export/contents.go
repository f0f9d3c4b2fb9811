package export

import (
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// Contents is everything that a package says. No field can hold a key (a test walks the types), and nothing is in it
// that concerns exhibits, reports or people that the request does not name.
type Contents struct {
	Request   Request
	Reports   []Report   // those that brought an included exhibit, oldest first
	Exhibits  []Exhibit  // by number
	Decisions []Decision // oldest first
	Staff     []Staff    // by id
	Custody   Custody
}

// Request is who asked for what, and who approved it.
type Request struct {
	Package   triage.PackageID   `json:"package"`
	Case      triage.CaseID      `json:"case"`
	Policy    triage.PolicyID    `json:"policy"`
	Opened    time.Time          `json:"case_opened"`
	Simulated bool               `json:"simulated"` // a demonstration, not evidence
	Recipient string             `json:"recipient"`
	Basis     triage.LegalBasis  `json:"legal_basis"`
	Reference string             `json:"reference"` // the agency's own number, or ""
	Scope     string             `json:"scope"`
	Exhibits  []triage.ExhibitID `json:"exhibits"`
	Requester account.ID         `json:"requester"`
	Requested time.Time          `json:"requested"`
	Approver  account.ID         `json:"approver"`
	Approved  time.Time          `json:"approved"`
	Answer    string             `json:"approval_words"`
}

// Report is what a host told. The reporter is an account number: name and address are not part of a package.
type Report struct {
	ID          triage.ReportID    `json:"id"`
	Reporter    account.ID         `json:"reporter"`
	Filed       time.Time          `json:"filed"`
	Withdrawn   *time.Time         `json:"withdrawn,omitempty"`
	Meeting     triage.MeetingID   `json:"meeting,omitempty"`
	MeetingName string             `json:"meeting_name"`
	MeetingMode triage.MeetingMode `json:"meeting_mode"` // "", "standard" or "e2ee"
	Occurred    time.Time          `json:"occurred"`
	Policy      triage.PolicyID    `json:"policy"`
	Words       string             `json:"words"`
	People      []Person           `json:"people"`
	Additions   []Addition         `json:"additions,omitempty"`
	Simulated   bool               `json:"simulated"`
	Receipts    []Receipt          `json:"-"` // files of their own
}

// Person is a reported person, as the reporter named them.
type Person struct {
	ID         triage.PersonID `json:"id"`
	Name       string          `json:"name"`
	Identifier string          `json:"identifier,omitempty"`
	Account    account.ID      `json:"account,omitempty"`
}

// Addition is what the reporter said later.
type Addition struct {
	At    time.Time `json:"at"`
	Words string    `json:"words"`
}

// Receipt is a signed capture receipt all of whose clips are in the package; one that names others stays behind.
type Receipt struct {
	Name string // file name without folder and ending
	Note []byte // custody.Receipt, signed
}

// Exhibit is one clip of the package.
type Exhibit struct {
	ID          triage.ExhibitID `json:"id"`
	Number      int              `json:"number"`
	Report      triage.ReportID  `json:"report"`
	Name        string           `json:"name"` // as the reporter's device called it
	Received    time.Time        `json:"received"`
	SHA256      string           `json:"sha256"`
	Size        int64            `json:"size"` // bytes
	Container   string           `json:"container"`
	Seconds     float64          `json:"seconds"` // duration by its own header; 0 where unknown
	Tracks      []triage.Track   `json:"tracks"`
	Trust       triage.Trust     `json:"trust"`
	Note        string           `json:"note,omitempty"` // what is odd about it, or why it could not be prepared
	File        string           `json:"file"`           // path in the bag
	Derivatives []Derivative     `json:"derivatives"`
	Proof       *Proof           `json:"proof,omitempty"`   // nil where none came with the clip
	Verdict     string           `json:"verdict,omitempty"` // what the platform found by the proof: the JSON text (media/clip.Found) whose digest the log has

	blob triage.Blob
}

// has tells whether some bytes are the exhibit's: its original, or the proof beside it. Receipts name both.
func (x Exhibit) has(sha256 string, size int64) bool {
	return x.SHA256 == sha256 && x.Size == size || x.Proof != nil && x.Proof.SHA256 == sha256 && x.Proof.Size == size
}

// Proof is the file by which the platform can find out again who sent each frame, and when (media/PROTOCOL.md section 18). It holds openings of the
// clip's own frames and no key.
type Proof struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	File   string `json:"file"`

	blob triage.Blob
}

// Derivative is something made from an original, with the command that made it.
type Derivative struct {
	Kind        triage.DerivativeKind `json:"kind"`
	ContentType string                `json:"content_type"`
	SHA256      string                `json:"sha256"`
	Size        int64                 `json:"size"`
	Command     string                `json:"command"`
	Made        time.Time             `json:"made"`
	File        string                `json:"file"`

	object string // where the derivative bucket keeps it
}

// Decision is what was decided about the people of the included reports.
type Decision struct {
	ID         triage.DecisionID    `json:"id"`
	Number     int                  `json:"number"`
	State      triage.DecisionState `json:"state"`
	Supersedes triage.DecisionID    `json:"supersedes,omitempty"`
	Decider    account.ID           `json:"decider"`
	Decided    time.Time            `json:"decided"`
	Approver   account.ID           `json:"approver,omitempty"`
	Answered   *time.Time           `json:"answered,omitempty"`
	Answer     string               `json:"answer,omitempty"`
	Findings   []Finding            `json:"findings"`
}

// Finding is one decision about one person.
type Finding struct {
	Person   triage.PersonID   `json:"person"`
	Name     string            `json:"name"`
	Policy   triage.PolicyID   `json:"policy"`
	Severity triage.Severity   `json:"severity,omitempty"`
	Action   triage.ActionKind `json:"action"`
	Days     int               `json:"days,omitempty"`
	Words    string            `json:"words"` // the action, such as "Suspend for 30 days"
	Reasons  string            `json:"reasons"`
	Evidence []triage.Span     `json:"evidence,omitempty"` // stretches of exhibits that support it; those of exhibits that are not disclosed have a number only
}

// Staff is a member of staff who occurs in the package. Only the two who answer for the disclosure are named.
type Staff struct {
	ID    account.ID     `json:"id"`
	Name  string         `json:"name,omitempty"`
	Roles []account.Role `json:"roles"`
}

// Custody is the part of the log that concerns what leaves.
type Custody struct {
	Checkpoint []byte  // signed
	Entries    []Entry // by index
}

// Entry is one event of the log with its proof. A detail that says more than may leave is withheld: the entry then
// stands with its leaf and its proof alone.
type Entry struct {
	Index    int64
	Leaf     []byte
	Salt     custody.Salt   // zero where erased or withheld
	Detail   custody.Detail // nil likewise
	Withheld bool
	Proof    custody.Inclusion
}

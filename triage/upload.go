package triage

import (
	"time"

	"github.com/proffer/proffer/triage/account"
)

// UploadID names a resumable upload.
type UploadID string

// UploadState is how far an upload has come.
type UploadState string

// The states of an upload. Every state but UploadOpen is final.
const (
	UploadOpen      UploadState = "open"
	UploadSealed    UploadState = "sealed"    // complete, hashes agree, locked in the evidence bucket
	UploadRefused   UploadState = "refused"   // complete, but not what was declared; nothing was kept
	UploadCancelled UploadState = "cancelled" // by its owner; nothing was kept
	UploadExpired   UploadState = "expired"   // stopped half way for a day, or sealed and in no report when its lock ended; nothing was kept
)

// Upload is one resumable upload (tus 1.0) on its way into the evidence bucket. It is saved, guarded by Version, after
// every part that the object store acknowledged, so that any node can go on with it.
type Upload struct {
	ID        UploadID
	Owner     account.ID
	Name      string // file name, cleaned
	Size      int64  // declared, bytes
	SHA256    SHA256 // declared by the page before the first byte was sent
	Offset    int64  // bytes that are safe: in whole parts, or in the tail
	Multipart string // the object store's upload id
	Parts     []UploadPart
	Tail      int64  // bytes at the end of Offset that are not a part yet but kept in the staging object
	TailSum   SHA256 // of the tail; zero where there is none
	Hash      []byte // state of the running SHA-256 at Offset (encoding.BinaryMarshaler of crypto/sha256)
	State     UploadState
	Why       string    // why it was refused, in words
	Exhibit   ExhibitID // set once a report has taken it
	Created   time.Time
	Touched   time.Time
	Version   int
}

// UploadPart is one part that the object store has acknowledged.
type UploadPart struct {
	Number int    `json:"n"`
	ETag   string `json:"etag"`
	Size   int64  `json:"size"`
	Chunks Chunks `json:"chunks,omitempty"` // of its bytes: a part holds whole chunks, so nothing of a chunk has to outlive a request but the tail
}

// UploadExpiry is how long an upload may stand still before its parts are collected.
const UploadExpiry = 24 * time.Hour

// UnreportedLock is the object lock of a sealed clip until a report takes it. Until it ends nobody can delete the clip, its
// host as little as anybody else; then it is deleted by itself.
const UnreportedLock = 7 * 24 * time.Hour

package objects

import (
	"context"
	"io"

	"github.com/proffer/proffer/triage"
)

// Put takes a whole clip in at once, the way an upload takes it in piece by piece: for clips that are on this machine
// already. sum is the digest of the size bytes that r yields.
func (in *Intake) Put(ctx context.Context, by triage.Actor, name string, r io.Reader, size int64, sum triage.SHA256) (triage.UploadID, error) {
	u, err := in.create(ctx, by, declaration{name: name, size: size, sha256: sum})
	if err != nil {
		return "", err
	}
	if err := in.write(ctx, &u, r); err != nil {
		return "", err
	}
	if u, err = in.seal(ctx, u); err != nil {
		return "", err
	}
	return u.ID, gone(u)
}

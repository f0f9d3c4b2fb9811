package objects

import (
	"context"
	"errors"
	"fmt"

	"github.com/minio/minio-go/v7"

	"github.com/proffer/proffer/triage"
)

// errPartsLost means that S3 no longer has what it acknowledged of a multipart upload.
var errPartsLost = errors.New("the object store no longer has the parts of this upload")

// code is the S3 error code of an error, or "".
func code(err error) string {
	var r minio.ErrorResponse
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

func missing(err error) bool {
	c := code(err)
	return c == "NoSuchKey" || c == "NotFound"
}

// fault turns a failure of S3 into one that a person can be told of: NotFound where the object is missing, and
// Unavailable for everything else. If it was the caller that gave up, the error stays the context's.
func fault(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", doing, err)
	switch {
	case triage.KindOf(err) != 0, errors.Is(ctx.Err(), context.Canceled):
		return err
	case missing(err):
		e := triage.Errorf(triage.NotFound, "These bytes are not in the store.")
		e.Err = err
		return e
	}
	return unavailable(err)
}

func unavailable(err error) error {
	e := triage.Errorf(triage.Unavailable, "The evidence store does not answer right now. Nothing that was confirmed is lost; try again in a minute.")
	e.Err = err
	return e
}

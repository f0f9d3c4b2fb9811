package web

import (
	"strconv"
	"time"

	"github.com/proffer/proffer/triage"
)

// htmxConfig keeps htmx within the Content-Security-Policy: no injected style, no eval, nothing from elsewhere.
const htmxConfig = `{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true,"historyCacheSize":0}`

func flashRole(k FlashKind) string {
	if k == FlashProblem {
		return "alert"
	}
	return "status"
}

func num(n int) string { return strconv.Itoa(n) }

func num64(n int64) string { return strconv.FormatInt(n, 10) }

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

func float(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// uploadState is an upload's state in words and its tone.
func uploadState(u triage.Upload) (words, tone string) {
	switch u.State {
	case triage.UploadSealed:
		return "Sealed", "done"
	case triage.UploadRefused:
		return "Refused", "problem"
	case triage.UploadCancelled:
		return "Cancelled", "off"
	case triage.UploadExpired:
		return "Expired", "off"
	}
	return "Unfinished", "warn"
}

func trustTone(t triage.Trust) string {
	switch t {
	case triage.TrustVerified:
		return "good"
	case triage.TrustPartly:
		return "part"
	case triage.TrustContradicted:
		return "bad"
	}
	return "none"
}

func backOr(href string) string {
	if href == "" {
		return "/"
	}
	return href
}

func labelOr(label string) string {
	if label == "" {
		return "To the start page"
	}
	return label
}

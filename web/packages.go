package web

import (
	"github.com/proffer/proffer/triage"
)

// PackagesView lists the law-enforcement packages, newest first.
type PackagesView struct {
	Page
	Packages []PackageItem
	Cases    []triage.CaseRow // settled cases that a package can be asked for, newest first; for the liaison
	CanAsk   bool
}

// PackageItem is a package with names.
type PackageItem struct {
	triage.Package
	RequesterName string
	ApproverName  string
	CanApprove    bool // the actor may be the second person
	Own           bool // the actor asked for it
}

// PackageFormView is the liaison's form for one case.
type PackageFormView struct {
	Page
	Case     triage.Case
	People   []string // reported people, names
	Exhibits []triage.Exhibit
	Decision string // the decision in force, in words
	Form     triage.NewPackage
	Messages Messages
}

// chosen reports whether an exhibit is ticked.
func (v PackageFormView) chosen(id triage.ExhibitID) bool {
	for _, x := range v.Form.Exhibits {
		if x == id {
			return true
		}
	}
	return false
}

// PackageView is the page of one package.
type PackageView struct {
	Page
	PackageItem
	Exhibits    []triage.Exhibit // those that are in it
	Held        string           // why it does not leave, or ""
	CanDownload bool
	CanRetry    bool
	FileName    string // of the download: "proffer-P-….zip"
	Messages    Messages
	Events      []EventView
}

// packageWords says where a package stands; tone is its chip's.
func packageWords(p triage.Package) (title, words, tone string) {
	switch p.State {
	case triage.PackageRequested:
		return "Waits for approval", "Somebody other than the requester has to approve it. Nothing leaves before that.", "warn"
	case triage.PackageRefused:
		return "Refused", "The second person refused it. Nothing was built.", "off"
	case triage.PackageApproved:
		return "Approved", "It will be built in a moment.", "active"
	case triage.PackageBuilding:
		return "Being built", "Originals are being copied, hashed and signed. You can leave this page.", "active"
	case triage.PackageReady:
		return "Ready", "The package is built, signed and can be downloaded.", "done"
	case triage.PackageFailed:
		return "Could not be built", p.Why, "problem"
	}
	return string(p.State), "", "quiet"
}

func answeredWord(p triage.Package) string {
	if p.State == triage.PackageRefused {
		return "Refused by"
	}
	return "Approved by"
}

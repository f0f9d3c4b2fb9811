package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// cases is the cases about a reported name that the client can find, wherever they are.
func (c *client) cases(name string) (ids []string, err error) {
	for _, tab := range []string{"preparing", "open", "escalated", "mine", "approval", "decided"} {
		body, err := c.page("/queue?tab=" + tab + "&q=" + url.QueryEscape(name))
		if err != nil {
			return nil, err
		}
		for _, id := range all(body, `data-case="(C-[^"]+)"`) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// casePage is what a script would know of a case's page.
type casePage struct {
	id, state, body string
	mine            bool     // the client holds it
	people          []string // ids of the decision panel's people
	exhibits        []string
	approve         string // path of the second person's approval, or ""
}

func (c *client) openCase(id string) (casePage, error) {
	body, err := c.page("/cases/" + id)
	return casePage{id: id, body: body, state: first(body, `data-state="([a-z_]+)"`), mine: strings.Contains(body, "data-lease="),
		people: all(body, `name="policy-(W-[^"]+)"`), exhibits: all(body, `data-exhibit="(X-[^"]+)"`),
		approve: first(body, `action="(/cases/[^"]+/decisions/D-[^"]+/approve)"`)}, err
}

// reach drives a case's page until it is as wanted, and acts (once an attempt) while it is not. A lost answer is not
// sent again blindly: the page says whether it got through.
func (c *client) reach(id, what string, there func(casePage) bool, act func(casePage) (path string, form url.Values)) error {
	return persist(what, func() error {
		p, err := c.openCase(id)
		if err != nil || there(p) {
			return err
		}
		if act == nil {
			return errWait
		}
		path, form := act(p)
		if path == "" {
			return errWait
		}
		r, err := c.signedPost(path, form)
		if err == nil && r.status != http.StatusSeeOther && r.status != http.StatusConflict {
			return fmt.Errorf("%s: %d %s", what, r.status, r.words())
		}
		return orWait(err) // look at what the page says now
	})
}

// claim takes a case once it has been prepared.
func (c *client) claim(id string) error {
	return c.reach(id, "claiming "+id, func(p casePage) bool { return p.mine }, func(p casePage) (string, url.Values) {
		if p.state != "queued" {
			return "", nil
		}
		return "/cases/" + id + "/claim", nil
	})
}

// decide decides about everybody in a case that the client holds.
func (c *client) decide(id, action string) error {
	decided := func(p casePage) bool {
		return slices.Contains([]string{"awaiting_approval", "decided", "closed"}, p.state)
	}
	return c.reach(id, "deciding "+id, decided, func(p casePage) (string, url.Values) {
		v := url.Values{}
		for _, h := range p.people {
			v.Set("policy-"+h, "threat")
			v.Set("severity-"+h, "critical")
			v.Set("action-"+h, action)
			v.Set("reasons-"+h, "A credible threat against a member, shown in the clip.")
		}
		return "/cases/" + id + "/decisions", v
	})
}

// approve is the second person's yes to a decision.
func (c *client) approve(id string) error {
	settled := func(p casePage) bool { return p.state == "decided" || p.state == "closed" }
	return c.reach(id, "approving "+id, settled, func(p casePage) (string, url.Values) { return p.approve, nil })
}

// packagesOf is the packages of a case, newest first.
func (c *client) packagesOf(caseID string) (ids []string, err error) {
	body, err := c.page("/packages")
	for _, row := range strings.Split(body, "<tr ")[1:] {
		if id := first(row, `^[^>]*data-package="(P-[^"]+)"`); id != "" && strings.Contains(row, caseID) {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// ask asks for a package of everything in a case. After a lost answer it looks whether the question got through.
func (c *client) ask(caseID string) (id string, err error) {
	err = persist("asking for a package of "+caseID, func() error {
		there, err := c.packagesOf(caseID)
		if err != nil {
			return err
		}
		if len(there) > 0 {
			id = there[0]
			return nil
		}
		body, err := c.page("/packages/new?case=" + caseID)
		if err != nil {
			return err
		}
		r, err := c.signedPost("/packages", url.Values{"case": {caseID}, "exhibit[]": all(body, `name="exhibit\[\]" value="(X-[^"]+)"`),
			"recipient": {"Police of Northwind"}, "basis": {"warrant"}, "reference": {"NW-2026/117"}, "scope": {"The clip of the threat."}})
		if err == nil && r.status != http.StatusSeeOther {
			err = fmt.Errorf("asking for a package: %d %s", r.status, r.words())
		}
		return orWait(err)
	})
	return id, err
}

// packageState is where a package stands.
func (c *client) packageState(id string) (string, error) {
	body, err := c.page("/packages/" + id)
	return first(body, `data-package-state="([a-z]+)"`), err
}

// approvePackage is the second person's yes to a package.
func (c *client) approvePackage(id string) error {
	return persist("approving "+id, func() error {
		state, err := c.packageState(id)
		if err != nil || state != "requested" {
			return err
		}
		_, err = c.signedPost("/packages/"+id+"/approve", nil)
		return orWait(err)
	})
}

// fetchPackage downloads a package once it is built.
func (c *client) fetchPackage(id string) (zip []byte, err error) {
	err = persist("building "+id, func() error {
		state, err := c.packageState(id)
		if err != nil {
			return err
		}
		if state == "failed" {
			return fmt.Errorf("the package %s could not be built", id)
		}
		if state != "ready" {
			return errWait
		}
		body, err := c.page("/packages/" + id + "/download")
		zip = []byte(body)
		return err
	})
	return zip, err
}

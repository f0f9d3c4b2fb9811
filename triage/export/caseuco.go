package export

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/proffer/proffer/triage/custody"
)

// node is one object of the JSON-LD graph. Keys are sorted when it is written.
type node map[string]any

// caseContext names the vocabularies of CASE 1.4 and UCO 1.4 that the graph uses.
var caseContext = node{
	"kb":                 "urn:example:proffer:",
	"case-investigation": "https://ontology.caseontology.org/case/investigation/",
	"uco-action":         "https://ontology.unifiedcyberontology.org/uco/action/",
	"uco-core":           "https://ontology.unifiedcyberontology.org/uco/core/",
	"uco-identity":       "https://ontology.unifiedcyberontology.org/uco/identity/",
	"uco-observable":     "https://ontology.unifiedcyberontology.org/uco/observable/",
	"uco-tool":           "https://ontology.unifiedcyberontology.org/uco/tool/",
	"uco-types":          "https://ontology.unifiedcyberontology.org/uco/types/",
	"xsd":                "http://www.w3.org/2001/XMLSchema#",
}

// graph collects the nodes of one package.
type graph struct {
	*builder
	nodes []node
}

// writeCASE is case.jsonld: organisations, the tool, every file with both hashes, a provenance record for each exhibit,
// and an action for each hand-over: received, derived, disclosed. CASE's fields for keys are never used; the gate
// refuses them.
func writeCASE(b *builder) ([]byte, error) {
	g := graph{builder: b}
	origin, _, _ := strings.Cut(b.key.Name, "/")
	name, version := cutTool(b.Tool)
	platform := g.add("organization", origin, "uco-identity:Organization", node{"uco-core:name": origin})
	recipient := g.add("organization", "recipient", "uco-identity:Organization", node{"uco-core:name": b.Request.Recipient})
	tool := g.add("tool", b.Tool, "uco-tool:Tool", node{"uco-core:name": name, "uco-tool:version": version})
	authorization := g.add("authorization", string(b.Request.Package), "case-investigation:Authorization", node{
		"case-investigation:authorizationType":       b.Request.Basis.Title(),
		"case-investigation:authorizationIdentifier": orNone(b.Request.Reference),
		"uco-core:description":                       b.Request.Scope,
	})
	var all []node
	for _, x := range b.Exhibits {
		all = append(all, g.exhibit(x, platform, tool)...)
	}
	disclosed := g.add("investigative-action", "disclosed", "case-investigation:InvestigativeAction", node{
		"uco-core:name": "custody-disclose", "uco-action:startTime": dateTime(b.Now), "uco-action:performer": platform,
		"uco-action:instrument": tool, "uco-action:participant": recipient, "uco-action:object": all,
		"uco-core:description": fmt.Sprintf("Package %s, requested by %s, approved by %s", b.Request.Package, b.Request.Requester, b.Request.Approver),
	})
	g.add("investigation", string(b.Request.Case), "case-investigation:Investigation", node{
		"uco-core:name": string(b.Request.Case), "case-investigation:focus": b.Request.Policy.Title(),
		"case-investigation:relevantAuthorization": authorization, "uco-core:object": append(all, disclosed),
		"uco-core:description": simulatedWords(b.Request.Simulated),
	})
	return writeJSON(node{"@context": caseContext, "@graph": g.nodes})
}

// exhibit adds an original with its derivatives, and returns references to all of their files.
func (g *graph) exhibit(x Exhibit, platform, tool node) []node {
	original := g.file(x.File, x.Name, x.Size, mimeType(x.Container), x.SHA256, nil)
	record := g.add("provenance-record", string(x.ID), "case-investigation:ProvenanceRecord", node{
		"uco-core:description": "Original clip as received", "uco-core:object": original,
		"case-investigation:exhibitNumber": fmt.Sprintf("%s/%s", g.Request.Case, x.ID),
	})
	received := g.add("investigative-action", "received/"+string(x.ID), "case-investigation:InvestigativeAction", node{
		"uco-core:name": "custody-receive", "uco-action:startTime": dateTime(g.sealed(x)), "uco-action:performer": platform,
		"uco-action:instrument": tool, "uco-action:result": []node{original, record},
	})
	files := []node{original}
	for _, d := range x.Derivatives {
		file := g.file(d.File, string(d.Kind), d.Size, d.ContentType, d.SHA256, original)
		files = append(files, file)
		g.add("investigative-action", "derived/"+d.File, "case-investigation:InvestigativeAction", node{
			"uco-core:name": "derive", "uco-core:description": d.Command, "uco-action:startTime": dateTime(d.Made),
			"uco-action:performer": platform, "uco-action:instrument": tool, "uco-action:object": original,
			"uco-action:result": file, "case-investigation:wasInformedBy": received,
		})
	}
	return files
}

// sealed is when the log says that an exhibit was sealed.
func (g *graph) sealed(x Exhibit) time.Time {
	for _, e := range g.Custody.Entries {
		if l, err := custody.ParseLeaf(e.Leaf); err == nil && l.Act == custody.ExhibitSealed && l.Subject == "exhibit/"+string(x.ID) {
			return l.Time
		}
	}
	return x.Received
}

func (g *graph) file(path, name string, size int64, mime, sum256 string, from node) node {
	facet := func(kind, class string, n node) node {
		n["@id"], n["@type"] = kbID(kind, path), class
		return n
	}
	hashOf := func(method, sum string) node {
		return facet("hash-"+method, "uco-types:Hash", node{"uco-types:hashMethod": method,
			"uco-types:hashValue": node{"@type": "xsd:hexBinary", "@value": sum}})
	}
	n := node{"uco-core:hasFacet": []node{
		facet("file-facet", "uco-observable:FileFacet", node{"uco-observable:fileName": name,
			"uco-observable:filePath": path, "uco-observable:sizeInBytes": size}),
		facet("content-data-facet", "uco-observable:ContentDataFacet", node{"uco-observable:mimeType": mime,
			"uco-observable:sizeInBytes": size,
			"uco-observable:hash":        []node{hashOf("SHA256", sum256), hashOf("SHA512", g.sum512[path])}}),
	}}
	if from != nil {
		n["case-investigation:wasDerivedFrom"] = from
	}
	return g.add("file", path, "uco-observable:File", n)
}

// add puts a node into the graph and returns a reference to it.
func (g *graph) add(kind, key, class string, n node) node {
	n["@id"], n["@type"] = kbID(kind, key), class
	g.nodes = append(g.nodes, n)
	return node{"@id": n["@id"]}
}

// kbID makes the same identifier for the same thing each time: a UUID of version 8 (RFC 9562) from a hash.
func kbID(kind, key string) string {
	sum := sha256.Sum256([]byte("proffer case v1\n" + kind + "\n" + key))
	u := sum[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	h := hex.EncodeToString(u)
	return fmt.Sprintf("kb:%s-%s-%s-%s-%s-%s", strings.ToLower(kind), h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

func dateTime(t time.Time) node {
	return node{"@type": "xsd:dateTime", "@value": t.UTC().Format("2006-01-02T15:04:05.999999Z")}
}

func cutTool(tool string) (name, version string) {
	name, version, _ = strings.Cut(tool, " ")
	return name, orNone(version)
}

func orNone(s string) string {
	if s == "" {
		return "none given"
	}
	return s
}

func simulatedWords(simulated bool) string {
	if simulated {
		return "SIMULATED: made for demonstration. Nothing in it happened."
	}
	return "Reported abuse in a meeting"
}

// mimeType is the media type of an original's container.
func mimeType(container string) string {
	switch container {
	case "webm", "mp4":
		return "video/" + container
	case "matroska":
		return "video/x-matroska"
	case "mov":
		return "video/quicktime"
	}
	return "application/octet-stream"
}

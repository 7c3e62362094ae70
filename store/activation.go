package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// Record is an activation as it is kept, with what only the platform reads.
type Record struct {
	core.Activation
	// Visible says that it is done and has its logs: lists show it.
	Visible bool
	// Claimed is when the running attempt began, by Redis' clock.
	Claimed time.Time
	// Waiting is what its worker has no container for; see SetWaiting.
	Waiting string
	// Progress of a sequence or composition; package control owns its form.
	Progress core.JSON
	// Cancelled says that its worker was asked to kill it.
	Cancelled bool
	// Redriven is what a dead letter was redriven as; only DeadLetter sets it.
	Redriven core.ActivationID
	// Turn counts the changes of Progress: the fence of the next one.
	Turn int
}

// A hash of an activation has these fields. What never changes is one JSON
// text, what scripts read or write has a field of its own.
const (
	fieldDoc      = "doc" // activationDoc
	fieldInput    = "in"  // until done
	fieldEnv      = "env" // until done
	fieldAPIKey   = "key" // until done
	fieldState    = "st"  // core.State
	fieldAttempt  = "at"  //
	fieldWorker   = "w"   // token, while running; "cl" names its claim
	fieldQueue    = "q"   //
	fieldAccepted = "acc" // ms
	fieldClaimed  = "sta" // ms
	fieldDeadline = "dl"  // ms
	fieldBudget   = "bud" // ms from claim to deadline
	fieldMaxAge   = "age" // ms
	fieldDue      = "due" // ms, while it is delayed
	fieldWaiting  = "wai" // attempt:word, see SetWaiting
	fieldCancel   = "can" // 1: somebody asked to cancel it

	fieldDeadInput = "din"  // of a dead letter: as fieldInput, sealed as that is
	fieldDeadEnv   = "denv" // of a dead letter: as fieldEnv, likewise
	fieldRedriven  = "rdv"  // of a dead letter: what it was redriven as
	fieldLosses    = "los"  //
	fieldRetries   = "try"  // how often it was postponed
	fieldSent      = "snt"  // 0 or 1
	fieldWait      = "wt"   // name of an API server
	fieldName      = "nm"   // "[package/]name"
	fieldAlias     = "al"   // "binding/name"
	fieldParent    = "par"  // activation id
	fieldKeep      = "keep" // 0: no record after the end; 1: one in any case
	fieldProgress  = "pg"   //
	fieldTurn      = "pv"   //
	fieldOutcome   = "out"  // outcomeDoc
	fieldResult    = "res"  //
	fieldLogs      = "logs" // JSON array
	fieldRules     = "rul"  // ruleResultForm, JSON array; of a trigger
	fieldVisible   = "vis"  //
	fieldTell      = "tell" // which callbacks are asked for; until done
	fieldPayload   = "pay"  // until done
)

// activationDoc is the stored form of what never changes. Fields may be
// added; a reader takes a missing one as zero.
type activationDoc struct {
	Namespace string     `json:"ns"`
	Pkg       string     `json:"pkg,omitempty"`
	Name      string     `json:"name"`
	Version   string     `json:"version"`
	Revision  string     `json:"rev,omitempty"`
	Kind      string     `json:"kind,omitempty"`
	Timeout   int64      `json:"timeout"` // ms
	Memory    int        `json:"memory"`
	LogLimit  int        `json:"logs"`
	Conc      int        `json:"conc"`
	Instances *int       `json:"inst,omitempty"`
	Subject   string     `json:"subject,omitempty"`
	KeyUUID   string     `json:"key,omitempty"`
	Binding   *[2]string `json:"binding,omitempty"` // namespace and name
	Cause     string     `json:"cause,omitempty"`
	Step      int        `json:"step,omitempty"`
	TID       string     `json:"tid,omitempty"`
	Topmost   bool       `json:"top,omitempty"`
	Conductor bool       `json:"conductor,omitempty"`
	Retry     int        `json:"retry,omitempty"`   // attempts
	Backoff   int64      `json:"backoff,omitempty"` // ms
	Codes     *[]int     `json:"codes,omitempty"`
	Depth     int        `json:"depth,omitempty"`
	Priority  string     `json:"prio,omitempty"`
	RedriveOf string     `json:"redrive,omitempty"`
	Raw       bool       `json:"raw,omitempty"`
}

// outcomeDoc is the stored form of how an activation ended, result and logs
// apart.
type outcomeDoc struct {
	Status   core.Status `json:"status"`
	Reason   core.Reason `json:"reason,omitempty"`
	Size     int         `json:"size"`
	Start    int64       `json:"start"`         // µs since 1970
	End      int64       `json:"end,omitempty"` // µs since 1970
	Init     int64       `json:"init,omitempty"`
	Wait     int64       `json:"wait,omitempty"` // this and the others: µs
	Duration int64       `json:"duration,omitempty"`
	TimedOut bool        `json:"timeout,omitempty"`
	Attempts int         `json:"attempts,omitempty"`
}

func docOf(a *core.Activation) activationDoc {
	d := activationDoc{
		Namespace: a.Action.Namespace, Pkg: a.Action.Package, Name: a.Action.Name,
		Version: a.Version.String(), Revision: a.Revision, Kind: a.Kind,
		Timeout: a.Limits.Timeout.Milliseconds(), Memory: a.Limits.Memory, LogLimit: a.Limits.Logs,
		Conc: a.Limits.Concurrency, Instances: a.Limits.Instances,
		Subject: a.Subject, KeyUUID: a.KeyUUID, Cause: string(a.Cause.Parent), Step: a.Cause.Step,
		TID: a.TransactionID, Topmost: a.Topmost, Conductor: a.Conductor, Retry: a.Retry.Attempts, Depth: a.Depth,
		Priority: string(a.Priority), RedriveOf: string(a.RedriveOf), Raw: a.Raw,
	}
	if !a.Binding.IsZero() {
		d.Binding = &[2]string{a.Binding.Namespace, a.Binding.Name}
	}
	d.Backoff = a.Retry.Backoff.Milliseconds()
	if a.Retry.Codes != nil {
		d.Codes = &a.Retry.Codes
	}
	return d
}

func (d activationDoc) fill(a *core.Activation) {
	a.Action = core.Name{Namespace: d.Namespace, Package: d.Pkg, Name: d.Name}
	a.Version, _ = core.ParseVersion(d.Version)
	a.Revision, a.Kind = d.Revision, d.Kind
	a.Limits = core.Limits{
		Timeout: time.Duration(d.Timeout) * time.Millisecond, Memory: d.Memory, Logs: d.LogLimit,
		Concurrency: d.Conc, Instances: d.Instances,
	}
	a.Subject, a.KeyUUID = d.Subject, d.KeyUUID
	a.Cause = core.Cause{Parent: core.ActivationID(d.Cause), Step: d.Step}
	a.TransactionID, a.Topmost, a.Conductor = d.TID, d.Topmost, d.Conductor
	a.Retry = core.Retry{Attempts: d.Retry, Backoff: time.Duration(d.Backoff) * time.Millisecond}
	if d.Codes != nil {
		a.Retry.Codes = *d.Codes
	}
	a.Depth, a.Raw = d.Depth, d.Raw
	a.Priority, a.RedriveOf = core.Priority(d.Priority), core.ActivationID(d.RedriveOf)
	if d.Binding != nil {
		a.Binding = core.Name{Namespace: d.Binding[0], Name: d.Binding[1]}
	}
}

func outcomeOf(o core.Outcome) outcomeDoc {
	d := outcomeDoc{
		Status: o.Status, Reason: o.Reason, Size: o.Size, Start: o.Start.UnixMicro(),
		Init: o.InitTime.Microseconds(), Wait: o.WaitTime.Microseconds(),
		Duration: o.Duration.Microseconds(), TimedOut: o.TimedOut, Attempts: o.Attempts,
	}
	if !o.End.IsZero() {
		d.End = o.End.UnixMicro()
	}
	return d
}

func (d outcomeDoc) outcome() core.Outcome {
	micro := func(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
	o := core.Outcome{
		Status: d.Status, Reason: d.Reason, Size: d.Size, Start: time.UnixMicro(d.Start).UTC(),
		InitTime: micro(d.Init), WaitTime: micro(d.Wait), Duration: micro(d.Duration), TimedOut: d.TimedOut, Attempts: d.Attempts,
	}
	if d.End != 0 {
		o.End = time.UnixMicro(d.End).UTC()
	}
	return o
}

// fields returns what a new hash of the activation holds, besides what the
// creating script sets: state, attempt and times.
func (db *DB) fields(a *core.Activation, progress core.JSON) ([]any, error) {
	doc, err := json.Marshal(docOf(a))
	if err != nil {
		return nil, fmt.Errorf("encode activation: %w", err)
	}
	list := []any{fieldDoc, doc, fieldName, a.Action.Local()}
	add := func(field string, value any) { list = append(list, field, value) }
	if a.Input != nil {
		add(fieldInput, db.sealField(a.Ref, fieldInput, a.Input))
	}
	if len(a.Env) > 0 {
		env, err := json.Marshal(formParams(a.Env))
		if err != nil {
			return nil, fmt.Errorf("encode environment: %w", err)
		}
		add(fieldEnv, db.sealField(a.Ref, fieldEnv, env))
	}
	for _, f := range []struct{ field, value string }{
		{fieldQueue, a.Queue}, {fieldWait, a.Wait}, {fieldParent, string(a.Cause.Parent)},
		{fieldProgress, string(db.sealField(a.Ref, fieldProgress, progress))},
		{fieldAPIKey, string(db.sealField(a.Ref, fieldAPIKey, []byte(a.APIKey)))},
	} {
		if f.value != "" {
			add(f.field, f.value)
		}
	}
	if !a.Binding.IsZero() {
		add(fieldAlias, a.Binding.Name+"/"+a.Action.Name)
	}
	if a.MaxAge > 0 {
		add(fieldMaxAge, a.MaxAge.Milliseconds())
	}
	if a.Unstored {
		add(fieldKeep, 0)
	} else if a.Kept {
		add(fieldKeep, 1)
	}
	return db.askFields(list, a)
}

// decodeRecord decodes a hash. An unreadable document is an error; unreadable
// single fields are zero.
func (db *DB) decodeRecord(ref core.Ref, h map[string]string) (*Record, error) {
	r := &Record{Activation: core.Activation{Ref: ref}}
	var doc activationDoc
	if err := json.Unmarshal([]byte(h[fieldDoc]), &doc); err != nil {
		return nil, fmt.Errorf("decode activation %s: %w: %w", ref.ID, ErrCorrupt, err)
	}
	doc.fill(&r.Activation)
	for _, field := range sealedFields() {
		open, err := db.openField(ref, field, h[field])
		if err != nil {
			return nil, err
		}
		if open != "" {
			h[field] = open
		}
	}
	if in, ok := h[fieldInput]; ok {
		r.Input = core.JSON(in)
	}
	var env []paramForm
	_ = json.Unmarshal([]byte(h[fieldEnv]), &env)
	r.Env = unformParams(env)
	r.APIKey = h[fieldAPIKey]
	r.State, r.Worker, r.Queue, r.Wait = core.State(h[fieldState]), h[fieldWorker], h[fieldQueue], h[fieldWait]
	r.Attempt, r.Losses, r.Turn = number(h[fieldAttempt]), number(h[fieldLosses]), number(h[fieldTurn])
	r.Retries = number(h[fieldRetries])
	r.Accepted, r.Claimed, r.Deadline = instant(h[fieldAccepted]), instant(h[fieldClaimed]), instant(h[fieldDeadline])
	r.Waiting = waitingOf(h[fieldWaiting], h[fieldAttempt])
	r.MaxAge = time.Duration(number(h[fieldMaxAge])) * time.Millisecond
	r.Due, r.Cancelled = instant(h[fieldDue]), h[fieldCancel] == "1"
	r.Sent, r.Visible, r.Unstored = h[fieldSent] == "1", h[fieldVisible] == "1", h[fieldKeep] == "0"
	r.Kept = h[fieldKeep] == "1"
	if pg := h[fieldProgress]; pg != "" {
		r.Progress = core.JSON(pg)
	}
	if r.State == core.StateDone {
		var out outcomeDoc
		if err := json.Unmarshal([]byte(h[fieldOutcome]), &out); err != nil {
			return nil, fmt.Errorf("decode outcome of %s: %w: %w", ref.ID, ErrCorrupt, err)
		}
		r.Outcome = out.outcome()
		r.Started = r.Outcome.Start
		if res, ok := h[fieldResult]; ok && res != "" {
			r.Outcome.Result = core.JSON(res)
		}
		_ = json.Unmarshal([]byte(h[fieldLogs]), &r.Outcome.Logs)
		r.Outcome.Rules = decodeRuleResults(h[fieldRules])
	}
	return r, nil
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func instant(ms string) time.Time {
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil || n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

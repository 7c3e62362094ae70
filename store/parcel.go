package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// Parcel is a delivery in the hands of a sender. Every one must be settled;
// otherwise it is claimed again once its lease is over.
type Parcel struct {
	core.Delivery
	// Namespace has it; the lane is what it shares with others to one receiver.
	Namespace, Lane string

	claim string
	raw   map[string]string
}

// The fields of a delivery that are not those of an activation; see
// docs/redis.md.
const (
	fieldAsk    = "cb"
	fieldLane   = "lane"
	fieldFrom   = "ns"
	fieldMade   = "made"
	fieldSince  = "since"
	fieldTries  = "tries"
	fieldHist   = "hist"
	fieldOver   = "over"
	fieldWhy    = "why"
	fieldNumber = "claim"
)

// attemptForm is the stored form of an attempt.
type attemptForm struct {
	At       int64  `json:"at"` // ms since 1970
	Duration int64  `json:"took"`
	Status   int    `json:"status,omitempty"`
	Error    string `json:"error,omitempty"`
}

// maxHistory is how many attempts are remembered, the latest.
const maxHistory = 20

func encodeHistory(list []core.Attempt) ([]byte, error) {
	list = list[max(0, len(list)-maxHistory):]
	forms := make([]attemptForm, len(list))
	for i, a := range list {
		forms[i] = attemptForm{a.At.UnixMilli(), a.Duration.Milliseconds(), a.Status, a.Error}
	}
	return json.Marshal(forms)
}

func decodeHistory(text string) []core.Attempt {
	var forms []attemptForm
	_ = json.Unmarshal([]byte(text), &forms) // none that can be read is none
	list := make([]core.Attempt, len(forms))
	for i, f := range forms {
		list[i] = core.Attempt{
			At: time.UnixMilli(f.At).UTC(), Duration: time.Duration(f.Duration) * time.Millisecond,
			Status: f.Status, Error: f.Error,
		}
	}
	return list
}

// decodeParcel decodes the hash of a delivery. The error is ErrCorrupt, or
// says that it is sealed.
func (db *DB) decodeParcel(ns, id string, h map[string]string) (*Parcel, error) {
	p := &Parcel{Namespace: ns, Lane: h[fieldLane], claim: h[fieldNumber], raw: h}
	d := &p.Delivery
	d.ID, d.State = id, core.DeliveryState(h[fieldState])
	d.Made, d.Since, d.Over = instant(h[fieldMade]), instant(h[fieldSince]), instant(h[fieldOver])
	d.Tries, d.Why, d.History = number(h[fieldTries]), h[fieldWhy], decodeHistory(h[fieldHist])
	activation, on, err := core.ParseDeliveryID(id)
	if err != nil {
		return p, fmt.Errorf("decode delivery %s: %w: %w", id, ErrCorrupt, err)
	}
	a := &d.Activation
	a.Namespace, a.ID, a.State = ns, activation, core.StateDone
	if from := h[fieldFrom]; from != "" {
		a.Namespace = from
	}
	var doc activationDoc
	var out outcomeDoc
	var ask askForm
	text, err := db.openField(a.Ref, askField(on), h[fieldAsk])
	if err != nil {
		return p, err
	}
	payload, err := db.openField(a.Ref, fieldPayload, h[fieldPayload])
	if err != nil {
		return p, err
	}
	for _, part := range []struct {
		text string
		form any
	}{{h[fieldDoc], &doc}, {h[fieldOutcome], &out}, {text, &ask}} {
		if err := json.Unmarshal([]byte(part.text), part.form); err != nil {
			return p, fmt.Errorf("decode delivery %s: %w: %w", id, ErrCorrupt, err)
		}
	}
	doc.fill(a)
	a.Accepted, a.Outcome = instant(h[fieldAccepted]), out.outcome()
	a.Started = a.Outcome.Start
	if res := h[fieldResult]; res != "" {
		a.Outcome.Result = core.JSON(res)
	}
	if payload != "" {
		a.Payload = core.JSON(payload)
	}
	if d.Callback, err = ask.callback(); err != nil {
		return p, fmt.Errorf("decode delivery %s: %w: %w", id, ErrCorrupt, err)
	}
	return p, nil
}

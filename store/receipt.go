package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/hearth-faas/hearth/core"
)

const (
	// maxReceipts is how many deliveries to a webhook are remembered, and how
	// many refused ones.
	maxReceipts = 100
	// receiptLife is how long they are, after the last.
	receiptLife = 7 * 24 * time.Hour
)

// Receipt is the record of one delivery to a webhook.
type Receipt struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
	// Delivery is the sender's own id for it, if it has one.
	Delivery string `json:"delivery,omitempty"`
	Remote   string `json:"remote,omitempty"` // the address that it came from
	Size     int    `json:"size"`             // of the body, in bytes
	Type     string `json:"type,omitempty"`   // of the body, as the sender said
	Verdict  string `json:"verdict"`          // in a word
	Reason   string `json:"reason,omitempty"` // of a refusal, for people
	// Activation is the id of the event; empty for a refused delivery.
	Activation core.ActivationID `json:"activation,omitempty"`
	// Headers and Payload are what the trigger fires with; nil where they were
	// too large to be kept. They are sealed in Redis.
	Headers core.JSON `json:"-"`
	Payload core.JSON `json:"-"`
}

// receiptForm is the stored form of a receipt.
type receiptForm struct {
	Receipt
	Content string `json:"content,omitempty"` // contentForm, sealed
}

type contentForm struct {
	Headers core.JSON `json:"headers,omitempty"`
	Payload core.JSON `json:"payload,omitempty"`
}

func (db *DB) encodeReceipt(trigger core.Name, r Receipt) (string, error) {
	form := receiptForm{Receipt: r}
	if r.Payload != nil {
		content, err := json.Marshal(contentForm{r.Headers, r.Payload})
		if err != nil {
			return "", err
		}
		form.Content = db.sealText(receiptPlace(trigger), content)
	}
	text, err := json.Marshal(form)
	return string(text), err
}

func (db *DB) decodeReceipt(trigger core.Name, text string) (Receipt, error) {
	var form receiptForm
	if err := json.Unmarshal([]byte(text), &form); err != nil {
		return Receipt{}, err
	}
	if form.Content == "" {
		return form.Receipt, nil
	}
	content, err := db.openText(receiptPlace(trigger), form.Content)
	if err != nil {
		return Receipt{}, err
	}
	var c contentForm
	if err := json.Unmarshal(content, &c); err != nil {
		return Receipt{}, err
	}
	form.Headers, form.Payload = c.Headers, c.Payload
	return form.Receipt, nil
}

func receiptPlace(trigger core.Name) string { return "delivery\x00" + trigger.Full() }

// PutReceipt records a delivery that became no event of its own. Those with
// an Activation and those without have room of their own, so that strangers
// cannot push out what was accepted.
func (db *DB) PutReceipt(ctx context.Context, trigger core.Name, r Receipt) error {
	text, err := db.encodeReceipt(trigger, r)
	if err != nil {
		return err
	}
	shard := shardOf(trigger)
	key := receiptsKey(shard, trigger.Full())
	if r.Activation == "" {
		key = refusalsKey(shard, trigger.Full())
	}
	pipe := db.rdb.TxPipeline()
	pipe.LPush(ctx, key, text)
	pipe.LTrim(ctx, key, 0, maxReceipts-1)
	pipe.PExpire(ctx, key, receiptLife)
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, "record delivery", err)
	}
	return nil
}

// Receipts returns the last 100 deliveries to the webhook of a trigger that
// were accepted and the last 100 that were not, latest first.
func (db *DB) Receipts(ctx context.Context, trigger core.Name) ([]Receipt, error) {
	shard := shardOf(trigger)
	var list []Receipt
	for _, key := range []string{receiptsKey(shard, trigger.Full()), refusalsKey(shard, trigger.Full())} {
		texts, err := db.rdb.LRange(ctx, key, 0, -1).Result()
		if err != nil {
			return nil, unavailable(ctx, "read deliveries", err)
		}
		for _, text := range texts {
			r, err := db.decodeReceipt(trigger, text)
			if err != nil {
				continue // of a key that is gone: the others are worth showing
			}
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b Receipt) int { return b.At.Compare(a.At) })
	return list, nil
}

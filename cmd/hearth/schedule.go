package main

import (
	"encoding/json"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
	"github.com/hearth-faas/hearth/triggers/cron"
)

// schedule are the flags of a trigger that fires by the clock.
type schedule struct {
	Cron    string `group:"Schedule" placeholder:"WHEN" help:"Fire at these times: 5 or 6 fields, @hourly, @every 5m, @at TIME."`
	TZ      string `group:"Schedule" name:"tz" placeholder:"ZONE" help:"Time zone of the schedule, such as Europe/Berlin; otherwise UTC."`
	Misfire string `group:"Schedule" placeholder:"one|skip|all" help:"What becomes of times that were missed; otherwise one."`
	Grace   string `group:"Schedule" placeholder:"DURATION" help:"How old missed times may be and still fire; otherwise any age."`
	Jitter  string `group:"Schedule" placeholder:"DURATION" help:"Fire later by a different time each, up to this."`
	Overlap string `group:"Schedule" placeholder:"allow|skip" help:"What becomes of a time while the one before still runs; otherwise allow."`
}

// annotation returns the annotation of a schedule, if one is asked for.
func (f schedule) annotation() ([]client.KeyValue, error) {
	if f.Cron == "" {
		if f != (schedule{}) {
			return nil, usagef("--tz, --misfire, --grace, --jitter and --overlap need --cron")
		}
		return nil, nil
	}
	value, err := json.Marshal(cron.Settings{
		Cron: f.Cron, Zone: f.TZ, Misfire: f.Misfire, Grace: f.Grace, Jitter: f.Jitter, Overlap: f.Overlap,
	})
	if err != nil {
		return nil, err
	}
	if _, err := cron.ParseSettings(value); err != nil {
		return nil, usagef("%v", err)
	}
	return []client.KeyValue{{Key: cron.Annotation, Value: value}}, nil
}

package main

import (
	"encoding/json"
	"reflect"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
	"github.com/hearth-faas/hearth/triggers/stream"
)

// streamFlags are the flags of a trigger that reads somebody's Redis stream.
type streamFlags struct {
	Stream      string `group:"Stream" placeholder:"URL" help:"Fire by the entries of a stream in this Redis (redis:// or rediss://)."`
	Key         string `group:"Stream" placeholder:"NAME" help:"The stream."`
	Channel     string `group:"Stream" placeholder:"NAME" help:"Instead of a stream, a channel of published messages."`
	Group       string `group:"Stream" placeholder:"NAME" help:"Its consumer group; otherwise hearth."`
	Start       string `group:"Stream" placeholder:"$$|0|ID" help:"Where a new group begins; otherwise with what comes from now on."`
	Batch       int    `group:"Stream" placeholder:"N" help:"The most entries of one event; otherwise 1."`
	Window      string `group:"Stream" placeholder:"DURATION" help:"How long an event waits for its batch to be full; otherwise not at all."`
	Retries     *int   `group:"Stream" placeholder:"N" help:"How often entries that an action failed are delivered again; otherwise 3."`
	Concurrency int    `group:"Stream" placeholder:"N" help:"The most events whose actions have not ended; otherwise 32."`
}

// annotation returns the annotation of a stream, if one is asked for.
func (f streamFlags) annotation() ([]client.KeyValue, error) {
	if f.Stream == "" {
		if !reflect.DeepEqual(f, streamFlags{}) {
			return nil, usagef("the flags of streams need --stream")
		}
		return nil, nil
	}
	value, err := json.Marshal(stream.Settings{
		URL: f.Stream, Key: f.Key, Channel: f.Channel, Group: f.Group, Start: f.Start, Batch: f.Batch, Window: f.Window,
		Retries: f.Retries, Concurrency: f.Concurrency,
	})
	if err != nil {
		return nil, err
	}
	if _, err := stream.ParseSettings(value); err != nil {
		return nil, usagef("%v", err)
	}
	return []client.KeyValue{{Key: stream.Annotation, Value: value}}, nil
}

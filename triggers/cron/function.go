package cron

import (
	"context"
	"slices"
	"strings"

	"github.com/hearth-faas/hearth/core"
)

// The annotations by which a function asks to be called by the clock, as
// OpenFaaS' cron connector reads them.
const (
	annotationTopic    = "topic"    // topics, with commas between
	annotationSchedule = "schedule" // expressions, with semicolons between
	topicCron          = "cron-function"
)

// functionHeaders are those of its calls, as that connector sends them.
const functionHeaders = `{"Content-Type":"text/plain","X-Topic":"cron-function","X-Connector":"cron-connector"}`

// Deployed keeps the schedule of a function in step with its annotations; nil
// stands for one that was deleted. A schedule that makes no sense is none.
func (s *Source) Deployed(ctx context.Context, name core.Name, f *core.Function) error {
	settings, ok := settingsOfFunction(f)
	if !ok {
		return s.Drop(ctx, name)
	}
	return s.put(ctx, name, settings)
}

// settingsOfFunction returns the settings of a function that has any.
func settingsOfFunction(f *core.Function) (Settings, bool) {
	if f == nil {
		return Settings{}, false
	}
	topics := strings.Split(f.Annotations[annotationTopic], ",")
	if !slices.ContainsFunc(topics, func(topic string) bool { return strings.TrimSpace(topic) == topicCron }) {
		return Settings{}, false
	}
	settings := Settings{Cron: f.Annotations[annotationSchedule]}
	_, err := settings.parse()
	return settings, err == nil
}

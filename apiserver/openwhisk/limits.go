package openwhisk

import (
	"strconv"

	"github.com/hearth-faas/hearth/core"
)

// namespaceLimits are what a namespace may use; sizes are text with a unit.
type namespaceLimits struct {
	InvocationsPerMinute  int      `json:"invocationsPerMinute"`
	ConcurrentInvocations int      `json:"concurrentInvocations"`
	FiresPerMinute        int      `json:"firesPerMinute"`
	AllowedKinds          []string `json:"allowedKinds,omitempty"`
	StoreActivations      *bool    `json:"storeActivations,omitempty"`
	MinActionMemory       int      `json:"minActionMemory"`
	MaxActionMemory       int      `json:"maxActionMemory"`
	MinActionLogs         int      `json:"minActionLogs"`
	MaxActionLogs         int      `json:"maxActionLogs"`
	MinActionTimeout      int64    `json:"minActionTimeout"`
	MaxActionTimeout      int64    `json:"maxActionTimeout"`
	MinActionConcurrency  int      `json:"minActionConcurrency"`
	MaxActionConcurrency  int      `json:"maxActionConcurrency"`
	MaxParameterSize      string   `json:"maxParameterSize"`
	MaxPayloadSize        string   `json:"maxPayloadSize"`
	MaxActionInstances    int      `json:"maxActionInstances"`
}

func (d *Dialect) getLimits(r *request) error {
	if err := r.own(r.namespace()); err != nil {
		return err
	}
	rates, bounds, quota, err := d.plane.Quota(r.ctx(), r.who)
	if err != nil {
		return err
	}
	bytes := func(n int) string { return strconv.Itoa(n) + " B" }
	return r.ok(namespaceLimits{
		InvocationsPerMinute:  rates.InvocationsPerMinute,
		ConcurrentInvocations: rates.ConcurrentInvocations,
		FiresPerMinute:        rates.FiresPerMinute,
		AllowedKinds:          quota.AllowedKinds,
		StoreActivations:      quota.StoreActivations,
		MinActionMemory:       bounds.Min.Memory,
		MaxActionMemory:       bounds.Max.Memory,
		MinActionLogs:         bounds.Min.Logs,
		MaxActionLogs:         bounds.Max.Logs,
		MinActionTimeout:      bounds.Min.Timeout.Milliseconds(),
		MaxActionTimeout:      bounds.Max.Timeout.Milliseconds(),
		MinActionConcurrency:  bounds.Min.Concurrency,
		MaxActionConcurrency:  bounds.Max.Concurrency,
		MaxParameterSize:      bytes(core.MaxParameters),
		MaxPayloadSize:        bytes(core.MaxPayload),
		MaxActionInstances:    rates.ConcurrentInvocations,
	})
}

func noInnerLimits(*request) error {
	return badRequest("Inner entity level routes for limits are not yet implemented.")
}

func listNamespaces(r *request) error { return r.ok([]string{r.who.Namespace.Name}) }

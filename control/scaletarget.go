package control

import "github.com/hearth-faas/hearth/core"

// ScaleTarget returns what load of a function scaling goes by, rps or capacity,
// and how much of it each replica shall have.
func ScaleTarget(f *core.Function) (scalingType string, target float64) {
	if f.Labels[LabelScaleType] == typeCapacity {
		return typeCapacity, perReplica(f.Labels)
	}
	return "rps", perReplica(f.Labels)
}

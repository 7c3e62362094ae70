package store

import "github.com/hearth-faas/hearth/core"

// Every key in Redis is named here. All that belongs to a namespace carries
// its name as the hash tag, {ns}, so that a script may touch several of its
// keys in a Redis Cluster; names of namespaces have no braces
// (core.ValidNamespace). docs/redis.md lists type, owner and life of each.
const prefix = "hearth:"

// sealKey is the name of the key that seals parameters.
const sealKey = prefix + "seal"

// catalogueKey is the version of the catalogue of public packages that was
// installed last.
const catalogueKey = prefix + "catalogue"

// namespacesKey is the set of the names of all namespaces.
const namespacesKey = prefix + "namespaces"

// namespaceKey is the hash of one namespace.
func namespaceKey(ns string) string { return prefix + "namespace:" + ns }

// credentialKey is the hash of one API key, by its UUID: whose it is, and the
// SHA-256 of its secret.
func credentialKey(uuid string) string { return prefix + "key:" + uuid }

// tagged is the start of all keys that a namespace owns.
func tagged(ns string) string { return prefix + "{" + ns + "}:" }

// entityKey is the hash of one entity. One key per name, whatever the type:
// an action and a trigger cannot have the same name.
func entityKey(ns, local string) string { return entityPrefix(ns) + local }

// entityPrefix followed by a local name is an entityKey; scripts that find
// the names themselves get it as an argument.
func entityPrefix(ns string) string { return tagged(ns) + "entity:" }

// indexKey is the sorted set of the local names of all entities of a type,
// by the milliseconds of their last write.
func indexKey(ns string, typ core.Type) string { return tagged(ns) + "index:" + string(typ) }

// functionsKey is the sorted set of the local names of the actions that are
// functions, by the milliseconds of their last write.
func functionsKey(ns string) string { return tagged(ns) + "functions" }

// invocationsKey is the hash of how often each function has been invoked.
func invocationsKey(ns string) string { return tagged(ns) + "invocations" }

// functionLogKey is the capped stream of what the containers of a function
// print.
func functionLogKey(ns, local string) string { return tagged(ns) + "log:" + local }

// secretsKey is the hash of the secrets of a namespace: name -> value, sealed
// where there is a key.
func secretsKey(ns string) string { return tagged(ns) + "secrets" }

// packageKey is the sorted set of the local names of a package's actions, by
// the milliseconds of their last write.
func packageKey(ns, pkg string) string { return tagged(ns) + "package:" + pkg }

// linksKey is the hash of a trigger's rules: name of the rule -> state and
// action. It outlives the trigger, as its rules do.
func linksKey(ns, trigger string) string { return tagged(ns) + "links:" + trigger }

// apisKey is the set of the base paths of the APIs of a namespace.
func apisKey(ns string) string { return tagged(ns) + "apis" }

// apiKey is the hash of one API.
func apiKey(ns, base string) string { return tagged(ns) + "api:" + base }

// ratePrefix followed by the number of a minute since 1970 is a counter of
// the calls that came in it; rate is "invoke" or "fire".
func ratePrefix(ns, rate string) string { return tagged(ns) + "rate:" + rate + ":" }

// activationPrefix followed by an id is an activationKey.
func activationPrefix(ns string) string { return tagged(ns) + "act:" }

// activationKey is the hash of one activation, whatever its state.
func activationKey(ns string, id core.ActivationID) string { return activationPrefix(ns) + string(id) }

// queuedKey is the sorted set of the ids of queued activations, by the
// milliseconds of their accept.
func queuedKey(ns string) string { return tagged(ns) + "queued" }

// callKey is the set of the ids of the calls of functions that a client has
// given the same name.
func callKey(ns, digest string) string { return tagged(ns) + "call:" + digest }

// delayedKey is the sorted set of the ids of those queued activations that
// are not due yet, by the milliseconds of when they are.
func delayedKey(ns string) string { return tagged(ns) + "delayed" }

// deadLettersKey is the sorted set of the ids of activations that the platform
// has failed, by the milliseconds of their end.
func deadLettersKey(ns string) string { return tagged(ns) + "deadletters" }

// onceKey is the hash of one idempotency key, by a digest of it and of who
// sent it: the activation that it stands for.
func onceKey(ns, digest string) string { return tagged(ns) + "once:" + digest }

// runningKey is the sorted set of the ids of running activations, by the
// milliseconds of their deadline.
func runningKey(ns string) string { return tagged(ns) + "running" }

// countsKey is the hash of the numbers of accepted and done activations, of
// all time.
func countsKey(ns string) string { return tagged(ns) + "counts" }

// activationsKey is the sorted set of the ids of done activations that lists
// show, by the milliseconds of their start.
func activationsKey(ns string) string { return tagged(ns) + "activations" }

// namedPrefix followed by "name" or "package/name" is the part of
// activationsKey that ran under that name.
func namedPrefix(ns string) string { return tagged(ns) + "activations:" }

// loggingKey is the sorted set of the ids of done activations whose logs are
// awaited, by the milliseconds of their end.
func loggingKey(ns string) string { return tagged(ns) + "logging" }

// resumeKey is the sorted set of the ids of sequences and compositions that
// have a move to make, by the milliseconds since when.
func resumeKey(ns string) string { return tagged(ns) + "resume" }

// tailKey is the stream of the log lines of a running activation that
// somebody watches.
func tailKey(ns string, id core.ActivationID) string { return tagged(ns) + "tail:" + string(id) }

// busyKey is the sorted set of the namespaces that have accepted something
// lately, by the milliseconds of when: where the reconciler looks.
const busyKey = prefix + "busy"

// standingKey is the set of the actions of all namespaces that may have to be
// kept ready.
const standingKey = prefix + "standing"

// expectedKey is the sorted set of the calls that are known to come, by the
// milliseconds of when they should have come.
const expectedKey = prefix + "expected"

// deployedKey is the set of all functions that were announced: what workers
// look through.
const deployedKey = prefix + "deployed"

// fleetKey is the capped stream of the functions that changed, or whose
// replicas did.
const fleetKey = prefix + "fleet"

// sharesKey is the hash of the replicas that each worker process has of each
// function of a namespace: name/token -> JSON.
func sharesKey(ns string) string { return tagged(ns) + "shares" }

// userEventsKey is the capped stream of user events.
const userEventsKey = prefix + "userevents"

// workersKey is the hash of the last heartbeat of each worker, by its id.
const workersKey = prefix + "workers"

// cancelsKey is the list of activations that a worker process shall kill.
func cancelsKey(token string) string { return prefix + "cancels:" + token }

// watchesKey is the list of activations whose lines a worker process shall
// write to their tails.
func watchesKey(token string) string { return prefix + "watches:" + token }

// leasePrefix followed by a duty is the string that holds its holder.
const leasePrefix = prefix + "lease:"

// repliesPrefix followed by the name of an API server is the stream of the
// ends that its callers wait for.
const repliesPrefix = prefix + "replies:"

// eventsKey is the stream of the events of a shard that are not dispatched
// yet. The shard is the hash tag: what feeds the stream lies beside it.
func eventsKey(shard string) string { return prefix + "events:{" + shard + "}" }

// deadEventsKey is the list of the events of a shard that could not be
// dispatched, latest first.
func deadEventsKey(shard string) string { return prefix + "events:{" + shard + "}:dead" }

// dueKey is the sorted set of the triggers of a shard that have a schedule,
// by the milliseconds of when it is due.
func dueKey(shard string) string { return prefix + "events:{" + shard + "}:due" }

// schedulesKey is the hash of the schedules of a shard, by trigger.
func schedulesKey(shard string) string { return prefix + "events:{" + shard + "}:schedules" }

// hookKey is what is kept of the webhook of a trigger: its secrets.
func hookKey(ns, trigger string) string { return tagged(ns) + "hook:" + trigger }

// receiptsKey is the list of the last deliveries to a webhook, latest first,
// by the full name of its trigger. It lies beside the stream of its events.
func receiptsKey(shard, trigger string) string {
	return prefix + "events:{" + shard + "}:receipts:" + trigger
}

// refusalsKey is the list of the last deliveries that a webhook refused.
func refusalsKey(shard, trigger string) string {
	return prefix + "events:{" + shard + "}:refusals:" + trigger
}

// seenPrefix followed by the digest of a delivery is the string that holds the
// id of its event.
func seenPrefix(shard string) string { return prefix + "events:{" + shard + "}:seen:" }

// deliveryKey is the hash of one delivery: a callback on its way, or what
// became of it.
func deliveryKey(ns, id string) string { return tagged(ns) + "delivery:" + id }

// deliveriesKey is the sorted set of the ids of all deliveries of a namespace,
// by the milliseconds of when they were made.
func deliveriesKey(ns string) string { return tagged(ns) + "deliveries" }

// dueDeliveriesKey is the sorted set of "lane/id" of the deliveries that are
// to be attempted, by the milliseconds of when.
func dueDeliveriesKey(ns string) string { return tagged(ns) + "deliveries:due" }

// deadDeliveriesKey is the sorted set of the ids of the deliveries that were
// given up, by the milliseconds of when.
func deadDeliveriesKey(ns string) string { return tagged(ns) + "deliveries:dead" }

// signingKey is the hash of the secrets that sign a namespace's callbacks.
func signingKey(ns string) string { return tagged(ns) + "signing" }

// owingKey is the sorted set of the namespaces that may have deliveries to
// attempt, by the milliseconds of when to look.
const owingKey = prefix + "owing"

// owingBellKey is the list of the namespaces that have just got a delivery.
const owingBellKey = prefix + "owing:bell"

// feedsKey is the hash of the settings of the triggers of a shard that read
// streams of others, by trigger.
func feedsKey(shard string) string { return prefix + "events:{" + shard + "}:feeds" }

// flightsKey is the hash of the events of such a trigger whose end is awaited:
// id of the event -> what it carries.
func flightsKey(shard, trigger string) string {
	return prefix + "events:{" + shard + "}:flights:" + trigger
}

// takenKey is the sorted set of the entries that became events, by the
// milliseconds of when their stream was told, 0 before that.
func takenKey(shard, trigger string) string {
	return prefix + "events:{" + shard + "}:taken:" + trigger
}

// deadEntriesKey is the list of the entries that an action gave up, latest
// first.
func deadEntriesKey(shard, trigger string) string {
	return prefix + "events:{" + shard + "}:rejects:" + trigger
}

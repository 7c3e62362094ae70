package store

import "github.com/hearth-faas/hearth/core"

// Every key in Redis is named here. All that belongs to a namespace carries
// its name as the hash tag, {ns}, so that a script may touch several of its
// keys in a Redis Cluster; names of namespaces have no braces
// (core.ValidNamespace). docs/redis.md lists type, owner and life of each.
const prefix = "hearth:"

// schemaKey holds the version of the layout; package migrations owns it.
const schemaKey = prefix + "schema"

// namespacesKey is the set of the names of all namespaces.
const namespacesKey = prefix + "namespaces"

// namespaceKey is the hash of one namespace.
func namespaceKey(ns string) string { return prefix + "namespace:" + ns }

// credentialKey is the hash of one API key, by its UUID: whose it is, and the
// SHA-256 of its secret.
func credentialKey(uuid string) string { return prefix + "key:" + uuid }

// tagged is the start of all keys that a namespace owns.
func tagged(ns string) string { return prefix + "{" + ns + "}:" }

// credentialsKey is the set of the UUIDs of a namespace's API keys.
func credentialsKey(ns string) string { return tagged(ns) + "keys" }

// entityKey is the hash of one entity. One key per name, whatever the type:
// an action and a trigger cannot have the same name.
func entityKey(ns, local string) string { return entityPrefix(ns) + local }

// entityPrefix followed by a local name is an entityKey; scripts that find
// the names themselves get it as an argument.
func entityPrefix(ns string) string { return tagged(ns) + "entity:" }

// indexKey is the sorted set of the local names of all entities of a type,
// by the milliseconds of their last write.
func indexKey(ns string, typ core.Type) string { return tagged(ns) + "index:" + string(typ) }

// packageKey is the sorted set of the local names of a package's actions, by
// the milliseconds of their last write.
func packageKey(ns, pkg string) string { return tagged(ns) + "package:" + pkg }

// ratePrefix followed by the number of a minute since 1970 is a counter of
// the calls that came in it; rate is "invoke" or "fire".
func ratePrefix(ns, rate string) string { return tagged(ns) + "rate:" + rate + ":" }

// What the tests share: a client from the environment, and waiting.
import openwhisk from 'openwhisk'

export const apihost = process.env.HEARTH_URL
export const namespace = process.env.HEARTH_NAMESPACE
export const ow = openwhisk({ apihost, api_key: process.env.HEARTH_AUTH })

/** Calls f until it neither throws nor returns a falsy value. */
export async function eventually (f, what, ms = 60_000) {
  const end = Date.now() + ms
  let last
  for (;;) {
    try {
      const value = await f()
      if (value) return value
    } catch (err) {
      last = err
    }
    if (Date.now() > end) throw new Error(`${what} did not happen: ${last}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** The record of an activation, once it can be read. */
export const record = id => eventually(() => ow.activations.get(id), `record ${id}`)

/** Says whether an error is the server's, with that status. */
export const status = code => err => {
  if (err.statusCode !== code) throw new Error(`status ${err.statusCode}, want ${code}: ${err.message}`)
  return true
}

/** Deletes an entity whether or not it is there. */
export const drop = (collection, name) => ow[collection].delete(name).catch(() => {})

'use strict'

module.exports = async (event, context) => {
  const result = {
    body: event.body,
    method: event.method,
    path: event.path
  }

  return context
    .status(200)
    .succeed(result)
}

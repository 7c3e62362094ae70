// Asks a host and returns what it says, or why it says nothing.
async function main({ payload = '' }) {
  const url = /^[a-z][a-z0-9+.-]*:/i.test(payload) ? payload : `http://${payload}`;
  console.log(`asking ${url}`);
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    return { msg: await answer.text() };
  } catch (err) {
    return { msg: `${err.message}${err.cause ? `: ${err.cause.message}` : ''}` };
  }
}

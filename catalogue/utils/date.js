// Returns the time by the clock of the worker.
function main() {
  return { date: new Date().toISOString() };
}

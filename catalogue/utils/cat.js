// Joins lines to a text.
function main({ lines = [] }) {
  return { lines, payload: lines.join('\n') };
}

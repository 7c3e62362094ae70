// Splits a text into lines, at line breaks or at a separator of the caller's.
function main({ payload = '', separator = /\r?\n/ }) {
  return { lines: String(payload).split(separator), payload };
}

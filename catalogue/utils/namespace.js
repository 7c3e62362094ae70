// Returns the namespace that is charged for the call.
function main() {
  return { namespace: process.env.__OW_NAMESPACE };
}

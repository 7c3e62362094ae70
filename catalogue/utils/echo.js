// Returns its arguments, unchanged.
function main(args) {
  return args;
}

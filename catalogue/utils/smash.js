// Puts all arguments into one, whose name is the argument $fieldName.
function main({ $fieldName: name, ...rest }) {
  if (typeof name !== 'string') {
    return { error: "Expected an argument '$fieldName' of type 'string'." };
  }
  return { [name]: rest };
}

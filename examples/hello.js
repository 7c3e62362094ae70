// Greets whoever is named. What it prints is kept as the activation's logs.
function main ({ name = 'stranger' }) {
  console.log('greeting', name)
  return { greeting: `Hello, ${name}!` }
}

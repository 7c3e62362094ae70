// Prints so many MB of lines, and minds how fast they are taken.
async function main (args) {
  const line = 'x'.repeat(1023) + '\n'
  const block = line.repeat(1024)
  for (let i = 0; i < args.megabytes; i++) {
    if (!process.stdout.write(block)) await new Promise(resolve => process.stdout.once('drain', resolve))
  }
  return { printed: args.megabytes }
}

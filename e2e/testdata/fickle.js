// Counts its calls, and fails in every way there is.
let calls = 0

async function main (args) {
  calls++
  switch (args.how) {
    case 'error':
      return { error: 'as asked' }
    case 'throw':
      throw new Error('as asked')
    case 'exit':
      process.exit(3)
      break
    case 'hang':
      await new Promise(() => setInterval(() => {}, 1000))
      break
    case 'spin':
      for (;;);
    case 'eat': {
      const eaten = []
      for (;;) eaten.push(Buffer.alloc(8 << 20, 1))
    }
  }
  return { calls }
}

// Counts its calls, and fails in every way there is.
let calls = 0

function main (args) {
  calls++
  switch (args.how) {
    case 'error':
      return { error: 'as asked' }
    case 'throw':
      throw new Error('as asked')
    case 'exit':
      process.exit(3)
      break
    case 'wait':
      return new Promise(resolve => setTimeout(() => resolve({ calls }), args.ms))
    case 'hang':
      return new Promise(() => setInterval(() => {}, 1000))
    case 'spin':
      for (;;);
    case 'eat': {
      const eaten = []
      for (;;) eaten.push(Buffer.alloc(8 << 20, 1))
    }
  }
  return { calls }
}

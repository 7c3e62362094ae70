// One step of a sequence: adds its own name to the path so far.
async function main (args) {
  if (args.wait) await new Promise(resolve => setTimeout(resolve, args.wait))
  return { path: [...(args.path || []), args.me] }
}

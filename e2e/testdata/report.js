// Says over HTTP that it began, waits, and says that it has done its work.
const http = require('http')

const say = (url, what) => new Promise((resolve, reject) => {
  const req = http.request(`${url}/${what}/${process.env.__OW_ACTIVATION_ID}`, { method: 'POST', agent: false },
    res => res.resume().on('end', resolve))
  req.on('error', reject).end()
})

async function main (args) {
  if (args.wait) {
    await say(args.url, 'began')
    await new Promise(resolve => setTimeout(resolve, args.wait))
  }
  await say(args.url, 'done')
  return { id: process.env.__OW_ACTIVATION_ID }
}

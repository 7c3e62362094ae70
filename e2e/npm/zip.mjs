// A zip archive of a few text files, stored and not compressed: enough to
// deploy an action without a dependency.
import { crc32 as crc } from './crc32.mjs'

const local = (name, data) => {
  const b = Buffer.alloc(30)
  b.writeUInt32LE(0x04034b50, 0)
  common(b, 4, name, data)
  return Buffer.concat([b, name, data])
}

const central = (name, data, offset) => {
  const b = Buffer.alloc(46)
  b.writeUInt32LE(0x02014b50, 0)
  b.writeUInt16LE(20, 4)
  common(b, 6, name, data)
  b.writeUInt32LE(offset, 42)
  return Buffer.concat([b, name])
}

// The fields that both headers have, in the same order.
function common (b, at, name, data) {
  b.writeUInt16LE(20, at)
  b.writeUInt16LE(0x5821, at + 8) // 2024-01-01, 00:00
  b.writeUInt32LE(crc(data), at + 10)
  b.writeUInt32LE(data.length, at + 14)
  b.writeUInt32LE(data.length, at + 18)
  b.writeUInt16LE(name.length, at + 22)
}

/** Makes an archive of an object from file name to text. */
export function zip (files) {
  const parts = []
  const directory = []
  let offset = 0
  for (const [path, text] of Object.entries(files)) {
    const [name, data] = [Buffer.from(path), Buffer.from(text)]
    const entry = local(name, data)
    directory.push(central(name, data, offset))
    parts.push(entry)
    offset += entry.length
  }
  const index = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(directory.length, 8)
  end.writeUInt16LE(directory.length, 10)
  end.writeUInt32LE(index.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, index, end])
}

// The parts of a map that are fetched: its words and places, and the colours of its points. See map_points.py.

const NEWEST = 6, TRIES = 5
const parts = new Map() // by identity: what they hold never changes

const wait = milliseconds => new Promise(done => setTimeout(done, milliseconds))

// The bytes of a part, or null once nobody wants them. `gone` is called when the server has forgotten them.
export async function fetched(at, identity, gone, wanted) {
  if (parts.has(identity)) return parts.get(identity)
  const base = import.meta.url.split("/_stcore/")[0] // where the server is, also below a path
  for (let tried = 0; tried < TRIES; tried++) {
    if (tried) await wait(150 * 2 ** tried)
    if (!wanted()) return null
    try {
      const answer = await fetch(base + at + identity)
      if (answer.ok) {
        const bytes = new Uint8Array(await answer.arrayBuffer())
        parts.set(identity, bytes)
        if (parts.size > NEWEST) parts.delete(parts.keys().next().value)
        return bytes
      }
      if (tried < TRIES - 1) gone(identity)
    } catch { /* no connection: it may come back */ }
  }
  throw new Error("The map did not arrive. Reload the page.")
}

export function unpacked(bytes) { // see figures_scatter/points.py
  const length = new DataView(bytes.buffer).getUint32(0, true), read = new TextDecoder()
  const { count, dims, letters, named } = JSON.parse(read.decode(bytes.subarray(4, 4 + length)))
  const words = read.decode(bytes.subarray(4 + length, 4 + length + letters)).split("\n")
  return { count, dims, named, words, places: new Float32Array(bytes.buffer, bytes.length - 4 * count * dims, count * dims) }
}

// Points as a bit each, from the first byte that has one: what is told to the page.
export function asBits(points) {
  if (!points.length) return { first: 0, bits: "" }
  let low = Infinity, high = 0
  for (const point of points) { low = Math.min(low, point); high = Math.max(high, point) }
  const first = low >> 3, bytes = new Uint8Array((high >> 3) - first + 1)
  for (const point of points) bytes[(point >> 3) - first] |= 1 << (point & 7)
  let text = ""
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return { first, bits: btoa(text) }
}

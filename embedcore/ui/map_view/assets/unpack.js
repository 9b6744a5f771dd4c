// From the bytes that figures_scatter/packing.py makes to what is drawn.

export function unpack(bytes) {
  const [frame, after] = json(bytes, 0)
  const [map, begin] = json(bytes, after)
  const count = map.words.length
  const end = begin + 4 * count * map.dims
  return {
    ...frame, ...map, count,
    places: new Float32Array(bytes.slice(begin, end).buffer), // a copy: a view would have to begin at a multiple of four
    groups: bytes.slice(end, end + count),
    shown: new Uint8Array(map.names.length).fill(1),
  }
}

function json(bytes, at) {
  const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true)
  return [JSON.parse(new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + length))), at + 4 + length]
}

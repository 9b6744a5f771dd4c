// A map into the pixels of a canvas: places seen from a view, points as squares, the names that fit.

const NAMES = 260 // at most, however much room there is
const CELL = 8 // pixels: names are kept apart by a coarse grid

export function pixel(shade) { // "#rrggbb" as one number, as little-endian pixels lie in memory
  const [r, g, b] = [1, 3, 5].map(at => parseInt(shade.slice(at, at + 2), 16))
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0
}

// Where each point is seen: (x, y) in pixels in `screen`, its nearness in `near`. NaN for hidden groups.
export function project(map, view, width, height, screen, near) {
  const { places, dims, count, groups, shown } = map
  const cy = Math.cos(view.yaw), sy = Math.sin(view.yaw), cp = Math.cos(view.pitch), sp = Math.sin(view.pitch)
  const scale = scaleOf(view, width, height), left = width / 2 + view.x * scale, top = height / 2 + view.y * scale
  for (let i = 0, at = 0; i < count; i++, at += dims) {
    let x = places[at], y = places[at + 1]
    if (dims === 3) {
      const z = places[at + 2], deep = cy * z - sy * x
      x = cy * x + sy * z
      near[i] = sp * y + cp * deep
      y = cp * y - sp * deep
    }
    screen[2 * i] = shown[groups[i]] ? left + x * scale : NaN
    screen[2 * i + 1] = top - y * scale
  }
}

export function scaleOf(view, width, height) { return Math.min(width, height) * 0.47 * view.zoom }

export function sizeOf(count, ratio) { return Math.round((count > 100_000 ? 1 : count > 20_000 ? 2 : count > 5_000 ? 3 : 5) * ratio) }

export function points(map, screen, near, pixels, depth, width, height, size) {
  const shades = Uint32Array.from(map.shades.map(pixel)), { count, groups, dims } = map
  pixels.fill(0)
  if (dims === 3) depth.fill(-Infinity)
  for (let i = 0; i < count; i++) {
    const left = Math.floor(screen[2 * i] - size / 2), top = Math.floor(screen[2 * i + 1] - size / 2)
    if (!(left >= 0 && top >= 0 && left + size < width && top + size < height)) continue // NaN too
    const color = shades[groups[i]], z = near[i]
    for (let row = 0; row < size; row++) {
      for (let at = (top + row) * width + left, end = at + size; at < end; at++) {
        if (dims === 3) {
          if (depth[at] > z) continue // something nearer is there
          depth[at] = z
        }
        pixels[at] = color
      }
    }
  }
}

// Which names fit, the lit ones first, then in the map's order: [point, kind], kind 2 the word, 1 a neighbour.
export function namesThatFit(map, screen, width, height, ratio, widthOf) {
  const across = Math.ceil(width / CELL), taken = new Uint8Array(across * Math.ceil(height / CELL)), fit = []
  const half = 8 * ratio, gap = 6 * ratio
  const lit = [...(map.word === null ? [] : [[map.word, 2]]), ...map.neighbors.map(point => [point, 1])]
  const seen = new Set(lit.map(each => each[0]))
  const place = (point, kind) => {
    const x = screen[2 * point] + gap, y = screen[2 * point + 1]
    if (!(x >= 0 && y >= half && x < width && y < height - half)) return
    const [first, last] = [Math.floor(x / CELL), Math.min(Math.floor((x + widthOf(point, kind)) / CELL), across - 1)]
    const [top, bottom] = [Math.floor((y - half) / CELL), Math.floor((y + half - 1) / CELL)]
    for (let row = top; row <= bottom; row++)
      for (let at = row * across + first; at <= row * across + last; at++) if (taken[at]) return
    for (let row = top; row <= bottom; row++) taken.fill(1, row * across + first, row * across + last + 1)
    fit.push([point, kind])
  }
  for (const [point, kind] of lit) place(point, kind)
  for (const point of map.named) {
    if (fit.length >= NAMES) break
    if (!seen.has(point)) place(point, 0)
  }
  return fit
}

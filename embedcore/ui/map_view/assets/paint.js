// A map into the pixels of a canvas: where points are seen from a view, and points as discs.

const NEARER = 0.2 // how much larger what is near is seen in space
const FOGS = 8 // steps from near to far, which fades towards the paper
const FADED = 0.78 // of the points that were not drawn around

// A view; x, y: by how much of the map's half the middle is moved.
export const whole = () => ({ yaw: 0, pitch: 0, zoom: 1, x: 0, y: 0 })

export const rgb = shade => [1, 3, 5].map(at => parseInt(shade.slice(at, at + 2), 16))

export const mixed = (shade, paper, share) => {
  const other = rgb(paper)
  return "#" + rgb(shade).map((part, at) => Math.round(part + (other[at] - part) * share).toString(16).padStart(2, "0")).join("")
}

export function pixel(shade) { // "#rrggbb" as one number, as little-endian pixels lie in memory
  const [r, g, b] = rgb(shade)
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0
}

export const fogOf = near => Math.max(0, Math.min(FOGS - 1, ((1.2 - near) * 0.42 * FOGS) | 0))

// The shades of a map, for each colour: FOGS steps, then FOGS steps of what was not drawn around.
export function table(shades, paper, dims) {
  const steps = [...Array(FOGS).keys()].map(step => (dims === 3 ? (0.6 * step) / (FOGS - 1) : 0))
  return shades.flatMap(shade => [0, 1].flatMap(faded =>
    steps.map(fog => mixed(mixed(shade, paper, fog), paper, faded && FADED))))
}

export const shadeAt = (map, point, near) =>
  (map.groups[point] * 2 + (map.faded?.[point] ?? 0)) * FOGS + (map.dims === 3 ? fogOf(near[point]) : 0)

// Where each point is seen: (x, y) in pixels in `screen`, its nearness in `near`. NaN for hidden colours, but for lit words.
export function project(map, view, width, height, screen, near) {
  const { places, dims, count, groups, shown, lit } = map
  const scale = scaleOf(view, width, height), left = width / 2 + view.x * scale, top = height / 2 + view.y * scale
  if (dims === 2) {
    for (let i = 0; i < count; i++) {
      screen[2 * i] = shown[groups[i]] || lit[i] ? left + places[2 * i] * scale : NaN
      screen[2 * i + 1] = top - places[2 * i + 1] * scale
    }
    return
  }
  const cy = Math.cos(view.yaw), sy = Math.sin(view.yaw), cp = Math.cos(view.pitch), sp = Math.sin(view.pitch)
  for (let i = 0, at = 0; i < count; i++, at += 3) {
    const x = places[at], y = places[at + 1], z = places[at + 2], deep = cy * z - sy * x
    const toward = sp * y + cp * deep, larger = scale / (1 - NEARER * toward)
    near[i] = toward
    screen[2 * i] = shown[groups[i]] || lit[i] ? left + (cy * x + sy * z) * larger : NaN
    screen[2 * i + 1] = top - (cp * y - sp * deep) * larger
  }
}

export function scaleOf(view, width, height) { return Math.min(width, height) * 0.47 * view.zoom }

export const usualSize = count => (count > 100_000 ? 1 : count > 20_000 ? 2 : count > 5_000 ? 3 : count > 1_000 ? 5 : 7)

export const sizeAt = (size, zoom) => Math.min(size * Math.max(zoom, 1) ** 0.3, size + 6) // closer up, larger

// Which pixels a disc of so many pixels takes: those inside, and those on its edge, as steps from its upper left corner.
function disc(size, width) {
  const inside = [], edge = [], half = size / 2, parts = [0.125, 0.375, 0.625, 0.875]
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      let covered = 0
      for (const y of parts) for (const x of parts) covered += Math.hypot(column + x - half, row + y - half) <= half
      if (covered >= 11 || size < 3) inside.push(row * width + column)
      else if (covered >= 4) edge.push(row * width + column)
    }
  return [inside, edge]
}

// `shades` and `edges`, colours as numbers, by `shadeAt`; an edge is only painted where nothing is.
export function points(map, shades, edges, screen, near, pixels, depth, width, height, size) {
  const { count, groups, faded } = map, space = map.dims === 3, [inside, edge] = disc(size, width)
  pixels.fill(0)
  if (space) depth.fill(-Infinity)
  for (let pass = faded ? 1 : 0; pass >= 0; pass--) { // what was drawn around lies above the rest
    for (let i = 0; i < count; i++) {
      if (faded && faded[i] !== pass) continue
      const left = Math.floor(screen[2 * i] - size / 2), top = Math.floor(screen[2 * i + 1] - size / 2)
      if (!(left >= 0 && top >= 0 && left + size < width && top + size < height)) continue // NaN too
      const z = space ? near[i] : 0, shade = (groups[i] * 2 + pass) * FOGS + (space ? fogOf(z) : 0)
      const color = shades[shade], rim = edges[shade], corner = top * width + left
      for (let step = 0; step < inside.length; step++) {
        const at = corner + inside[step]
        if (space) {
          if (depth[at] > z) continue // something nearer is there
          depth[at] = z
        }
        pixels[at] = color
      }
      for (let step = 0; step < edge.length; step++) {
        const at = corner + edge[step]
        if (!pixels[at]) pixels[at] = rim
      }
    }
    if (pass && space) depth.fill(-Infinity)
  }
}

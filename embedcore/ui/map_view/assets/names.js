// Which names of a map are shown, and where: as many as fit without overlap.

const MOST = 260 // however much room there is
const CELL = 8 // pixels: names are kept apart by a coarse grid
export const WORD = 2, NEIGHBOR = 1, OTHER = 0 // what a name is of

// The lit ones first, then in the map's order: { point, kind, x, y, wide }, x where it begins and y its middle.
export function namesThatFit(map, screen, width, height, ratio, widthOf) {
  const across = Math.ceil(width / CELL), taken = new Uint8Array(across * Math.ceil(height / CELL)), fit = []
  const half = 8 * ratio
  const free = (x, y, wide) => {
    if (!(x >= 0 && y >= half && x + wide < width && y < height - half)) return false
    const [first, last] = [Math.floor(x / CELL), Math.floor((x + wide) / CELL)]
    const [top, bottom] = [Math.floor((y - half) / CELL), Math.floor((y + half - 1) / CELL)]
    for (let row = top; row <= bottom; row++)
      for (let at = row * across + first; at <= row * across + last; at++) if (taken[at]) return false
    for (let row = top; row <= bottom; row++) taken.fill(1, row * across + first, row * across + last + 1)
    return true
  }
  const place = (point, kind) => {
    const x = screen[2 * point], y = screen[2 * point + 1]
    if (!(x >= 0 && y >= 0 && x < width && y < height)) return
    const wide = widthOf(point, kind), away = (6 + 3 * kind) * ratio, beside = [[x + away, y], [x - away - wide, y]]
    const spots = kind === OTHER ? beside : [...beside, [x - wide / 2, y - away - half], [x - wide / 2, y + away + half]]
    const spot = spots.find(([left, middle]) => free(left, middle, wide)) ?? (kind === WORD ? spots[0] : null)
    if (spot) fit.push({ point, kind, x: spot[0], y: spot[1], wide })
  }
  for (const [point, kind] of map.standing) place(point, kind)
  for (const [point, kind] of map.standing) { // no other name covers what is lit
    const away = (2 + 3 * kind) * ratio, x = screen[2 * point], y = screen[2 * point + 1]
    if (!(x >= 0 && y >= 0 && x < width && y < height)) continue
    const [first, last] = [Math.floor(Math.max(x - away, 0) / CELL), Math.min(Math.floor((x + away) / CELL), across - 1)]
    for (let row = Math.floor(Math.max(y - away, 0) / CELL); row <= Math.floor((y + away) / CELL); row++)
      taken.fill(1, row * across + first, row * across + last + 1)
  }
  for (const point of map.named) {
    if (fit.length >= MOST) break
    if (!map.lit[point] && !map.faded?.[point]) place(point, OTHER)
  }
  return fit
}

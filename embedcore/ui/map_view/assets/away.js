// A map to take away: PNG from its canvas, SVG from its points and names; both with what the colours mean.

import { shadeAt } from "./paint.js"

const LINE = 20 // pixels, of a legend
const escaped = text => text.replace(/[&<>"']/g, sign => `&#${sign.charCodeAt(0)};`)

// The colours that are seen, from the last to the first: their legend grows from the bottom.
const legend = map => (map.names.length < 2 ? [] : map.names.map((name, at) => [name, map.shades[at]])
  .filter((_, at) => map.shown[at]).reverse())

export function svg(map, screen, near, fit, size, { width, height, look, shades }) {
  const parts = [`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${escaped(map.alt)}</title><rect width="100%" height="100%" fill="${look.paper}"/>`]
  const order = Array.from({ length: map.count }, (_, at) => at)
  if (map.dims === 3) order.sort((a, b) => near[a] - near[b])
  let dots = [], last = null
  const put = shade => { // points of one colour that follow each other are one path
    if (dots.length) parts.push(`<path stroke="${last}" stroke-width="${size}" stroke-linecap="round" d="${dots.join("")}"/>`)
    dots = []; last = shade
  }
  if (map.dims === 2) order.sort((a, b) => shadeAt(map, a, near) - shadeAt(map, b, near))
  for (const point of order) {
    const x = screen[2 * point], y = screen[2 * point + 1]
    if (!(x >= 0 && y >= 0 && x <= width && y <= height)) continue
    const shade = shades[shadeAt(map, point, near)]
    if (shade !== last) put(shade)
    dots.push(`M${x.toFixed(1)} ${y.toFixed(1)}h0`)
  }
  put(null)
  for (const [a, b] of map.pairs) {
    const ends = [screen[2 * a], screen[2 * a + 1], screen[2 * b], screen[2 * b + 1]]
    if (ends.every(Number.isFinite)) parts.push(`<path stroke="${look.lit[1]}" stroke-width="1.5" d="M${ends.map(at => at.toFixed(1)).join(" ")}"/>`)
  }
  const text = (x, y, size, words, weight = "normal") =>
    parts.push(`<text x="${x.toFixed(1)}" y="${(y + 4).toFixed(1)}" font-family="sans-serif" font-size="${size}" font-weight="${weight}"`
      + ` fill="${look.ink}" stroke="${look.paper}" stroke-width="4" stroke-linejoin="round" paint-order="stroke">${escaped(words)}</text>`)
  for (const [point, kind] of map.standing) {
    const x = screen[2 * point], y = screen[2 * point + 1]
    if (Number.isFinite(x)) parts.push(`<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${kind === 2 ? 8 : 5}" fill="${look.lit[kind - 1]}"/>`)
  }
  for (const { point, kind, x, y } of [...fit].reverse()) text(x, y, 12 + kind, map.words[point], kind === 2 ? "bold" : "normal")
  legend(map).forEach(([name, shade], at) => {
    const y = height - 14 - at * LINE
    parts.push(`<circle cx="14" cy="${y}" r="5" fill="${shade}"/>`)
    text(26, y, 12, name)
  })
  return new Blob([...parts, "</svg>"], { type: "image/svg+xml" })
}

export function png(map, canvas, look, ratio, font) {
  const copy = document.createElement("canvas"), pen = copy.getContext("2d")
  copy.width = canvas.width; copy.height = canvas.height
  pen.fillStyle = look.paper; pen.fillRect(0, 0, copy.width, copy.height); pen.drawImage(canvas, 0, 0)
  Object.assign(pen, { font, textBaseline: "middle", lineWidth: 4 * ratio, lineJoin: "round", strokeStyle: look.paper })
  legend(map).forEach(([name, shade], at) => {
    const y = copy.height - (14 + at * LINE) * ratio
    pen.fillStyle = shade; pen.beginPath(); pen.arc(14 * ratio, y, 5 * ratio, 0, 7); pen.fill()
    pen.fillStyle = look.ink; pen.strokeText(name, 26 * ratio, y); pen.fillText(name, 26 * ratio, y)
  })
  return new Promise(done => copy.toBlob(done, "image/png"))
}

export function save(blob, name) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob); link.download = name; link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

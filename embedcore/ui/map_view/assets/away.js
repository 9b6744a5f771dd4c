// A map to take away: PNG from its canvas, SVG from its points and names.

const escaped = text => text.replace(/[&<>"']/g, sign => `&#${sign.charCodeAt(0)};`)

export function svg(map, screen, fit, width, height, size, colors) {
  const parts = [`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${escaped(map.alt)}</title><rect width="100%" height="100%" fill="${colors.paper}"/>`]
  const groups = map.names.map(() => [])
  for (let i = 0; i < map.count; i++) {
    const x = screen[2 * i], y = screen[2 * i + 1]
    if (x >= 0 && y >= 0 && x <= width && y <= height) groups[map.groups[i]].push(`M${x.toFixed(1)} ${y.toFixed(1)}h0`)
  }
  groups.forEach((dots, number) => parts.push(
    `<path stroke="${map.shades[number]}" stroke-width="${size}" stroke-linecap="round" d="${dots.join("")}"/>`))
  for (const [point, kind] of fit) {
    const x = screen[2 * point], y = screen[2 * point + 1]
    if (kind) parts.push(`<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${kind === 2 ? 8 : 5}" fill="${colors.lit[kind - 1]}"/>`)
    parts.push(`<text x="${(x + 6 + 3 * kind).toFixed(1)}" y="${(y + 4).toFixed(1)}" font-family="sans-serif" font-size="${12 + kind}"`
      + ` fill="${colors.ink}" stroke="${colors.paper}" stroke-width="3" paint-order="stroke">${escaped(map.words[point])}</text>`)
  }
  return new Blob([...parts, "</svg>"], { type: "image/svg+xml" })
}

export function png(canvas, paper) {
  const copy = document.createElement("canvas"), pen = copy.getContext("2d")
  copy.width = canvas.width; copy.height = canvas.height
  pen.fillStyle = paper; pen.fillRect(0, 0, copy.width, copy.height); pen.drawImage(canvas, 0, 0)
  return new Promise(done => copy.toBlob(done, "image/png"))
}

export function save(blob, name) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob); link.download = name; link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

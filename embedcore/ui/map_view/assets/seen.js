// What is seen of a map: its view, how it changes, and its picture in the canvas.

import { png, save, svg } from "./away.js"
import { Hands } from "./hands.js"
import { namesThatFit } from "./names.js"
import { mixed, pixel, points, project, rgb, scaleOf, sizeAt, table, usualSize, whole } from "./paint.js"
import { Tools } from "./tools.js"

const FLIGHT = 500, DRIFT = 400, TURN = 0.35 // milliseconds; milliseconds; radians a second
const MOST_DRIFTING = 50_000

export class Seen {
  constructor(root) {
    this.root = root
    this.view = whole()
    root.innerHTML = '<div class="tools"></div><canvas tabindex="0" role="img"></canvas><div class="legend"></div><div class="tip"></div>'
    this.canvas = root.querySelector("canvas")
    this.pen = this.canvas.getContext("2d")
    this.tools = new Tools(this)
    this.hands = new Hands(this)
    new ResizeObserver(() => this.ask()).observe(this.canvas)
    root.addEventListener("transitionend", () => this.ask()) // the paper changed: light or dark
  }

  show(map) {
    const before = this.map, same = before?.of === map.of
    map.shown = before?.names.join() === map.names.join() ? before.shown : new Uint8Array(map.names.length).fill(1)
    map.standing = [...(map.word === null ? [] : [[map.word, 2]]), ...map.also.map(point => [point, 2]), ...map.neighbors.map(point => [point, 1])]
    map.lit = new Uint8Array(map.count)
    for (const [point] of map.standing) map.lit[point] = 1
    map.faded = this.fadedOf === map.of ? this.faded : null
    if (same && before.dims === map.dims && before.points === map.points) map.places = before.places // may be drifting
    this.map = map
    if (!same) this.widths = new Map()
    if (this.screen?.length !== 2 * map.count || this.near?.length !== map.count * (map.dims - 2)) {
      this.before = this.screen
      this.screen = new Float32Array(2 * map.count)
      this.near = new Float32Array(map.count * (map.dims - 2))
    }
    this.say("")
    this.tools.show(map)
    if (!same) { this.view = whole(); this.drift = this.flight = null }
    else if (before.points !== map.points) this.driftFrom(before)
    if (same && before.dims !== map.dims) this.view = { ...this.view, yaw: 0, pitch: 0 }
    if (map.word !== null && (!same || before.word !== map.word || before.scene !== map.scene)) this.fly(this.around())
    else if (same && before.scene !== map.scene) this.fly(whole())
    else this.ask()
    if (before && before.scene !== map.scene) this.come()
  }

  come() { // what was asked for below the map brings it back into sight
    if (this.canvas.getBoundingClientRect().bottom < innerHeight / 3) this.root.scrollIntoView({ block: "start" })
  }

  say(text) { this.root.dataset.said = text; this.tools.say(text) }

  still() { return matchMedia("(prefers-reduced-motion: reduce)").matches }

  // From one layout of the same words to the next, so that eyes can follow.
  driftFrom(before) {
    const { map } = this, { count, dims } = map, to = map.places
    if (this.still() || count > MOST_DRIFTING || !this.canvas.width) return (this.drift = null)
    const from = before.dims === dims ? before.places.slice() : this.flattened(before)
    map.places = from.slice()
    this.drift = { from, to, begin: performance.now() }
    this.ask()
  }

  flattened(before) { // what was seen, as places of the map that comes: from space to a plane, or the other way
    const { canvas, map } = this, view = this.view, scale = scaleOf(view, canvas.width, canvas.height)
    const seen = this.before ?? this.screen, from = new Float32Array(map.count * map.dims)
    for (let i = 0; i < map.count; i++) {
      const x = (seen[2 * i] - canvas.width / 2) / scale - view.x, y = view.y - (seen[2 * i + 1] - canvas.height / 2) / scale
      from[i * map.dims] = Number.isFinite(x) ? x : before.places[i * before.dims]
      from[i * map.dims + 1] = Number.isFinite(x) ? y : before.places[i * before.dims + 1]
    }
    return from
  }

  around() { // the word in the middle, and as much as its nearer half of neighbours takes; its twin too, if it has one
    const { map, view } = this, places = this.drift?.to ?? map.places, { dims, word } = map
    const at = point => places.subarray(point * dims, point * dims + dims)
    const away = point => Math.hypot(...at(point).map((x, axis) => x - at(word)[axis]))
    const near = map.neighbors.map(away).sort((a, b) => a - b)
    const twins = map.pairs.filter(pair => pair.includes(word)).flat().map(away)
    const radius = Math.min(Math.max(1.3 * (near[Math.ceil(near.length / 2) - 1] ?? 0.05), 1.2 * Math.max(0, ...twins), 1 / 40), 1)
    const screen = [0, 0], flat = { ...view, x: 0, y: 0, zoom: 1 }
    project({ places: at(word), dims, count: 1, groups: [0], shown: [1], lit: [1] }, flat, 2, 2, screen, [0])
    const scale = scaleOf(flat, 2, 2)
    return { ...view, zoom: 1 / radius, x: -(screen[0] - 1) / scale, y: -(screen[1] - 1) / scale }
  }

  fly(to) {
    this.tools.turning(false)
    this.flight = { from: { ...this.view }, to, begin: performance.now() }
    this.hands.untip()
    this.ask()
  }

  halt() { this.flight = null; this.tools.turning(false) } // the visitor takes over

  move(now) { // what moves by itself; whether it goes on
    const { flight, drift, view, map } = this, fast = this.still()
    const part = (begin, span) => { const share = fast ? 1 : Math.min(Math.max(now - begin, 0) / span, 1); return share * share * (3 - 2 * share) }
    if (flight) {
      const share = part(flight.begin, FLIGHT), { from, to } = flight
      for (const each of Object.keys(to)) view[each] = from[each] + (to[each] - from[each]) * share
      view.zoom = from.zoom * (to.zoom / from.zoom) ** share
      if (share === 1) this.flight = null
    }
    if (drift) {
      const share = part(drift.begin, DRIFT), { from, to } = drift
      if (share === 1) { map.places = to; this.drift = null }
      else for (let i = 0; i < to.length; i++) map.places[i] = from[i] + (to[i] - from[i]) * share
    }
    if (this.turn && map.dims === 3) { view.yaw += TURN * Math.min(now - this.turn, 100) / 1000; this.turn = now }
    return Boolean(this.flight || this.drift || (this.turn && map.dims === 3)) && this.root.isConnected
  }

  ask() {
    if (this.asked || !this.map) return
    this.asked = true
    this.canvas.dataset.still = "false"
    requestAnimationFrame(now => {
      this.asked = false
      const goesOn = this.move(now)
      this.draw()
      if (goesOn) this.ask()
      else Object.assign(this.canvas.dataset, { still: "true", points: this.map.points })
    })
  }

  look() {
    const style = getComputedStyle(this.root), paper = style.getPropertyValue("--st-background-color").trim()
    const solid = /^#[0-9a-f]{6}$/i.test(paper) ? paper : "#fdfdfb", [r, g, b] = rgb(solid)
    const light = r + g + b > 382, { map } = this
    if (map.dark === light) { // the page turned: its colours follow at once, not with its next run
      [map.shades, map.turned, map.dark] = [map.turned, map.shades, !light]
      this.tools.show(map)
    }
    this.root.style.colorScheme = light ? "light" : "dark"
    return { paper: solid, ink: style.color, family: style.fontFamily,
      lit: light ? ["#bd7700", "#c2571b"] : ["#f2c14e", "#ef9560"] } // a neighbour, the word
  }

  shades({ paper }) { // as text, and as pixels: worked out once for some colours
    const { shades, dims } = this.map, key = [paper, dims, ...shades].join()
    if (this.mixed?.key === key) return this.mixed
    const all = table(shades, paper, dims), pixels = list => Uint32Array.from(list.map(pixel))
    return (this.mixed = { key, all, inside: pixels(all), edges: pixels(all.map(shade => mixed(shade, paper, 0.5))) })
  }

  size(ratio) { return Math.max(1, Math.round(sizeAt(this.tools.size ?? usualSize(this.map.count), this.view.zoom) * ratio)) }

  draw() {
    const { canvas, map, pen } = this, ratio = devicePixelRatio
    const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio)
    if (!width || !height) return
    if (canvas.width !== width || canvas.height !== height || !this.picture) {
      Object.assign(canvas, { width, height })
      this.picture = pen.createImageData(width, height)
      this.pixels = new Uint32Array(this.picture.data.buffer)
      this.depth = new Float32Array(width * height)
    }
    const look = this.look(), { inside, edges } = this.shades(look)
    project(map, this.view, width, height, this.screen, this.near)
    points(map, inside, edges, this.screen, this.near, this.pixels, this.depth, width, height, this.size(ratio))
    pen.putImageData(this.picture, 0, 0)
    this.marks(look, ratio)
    this.names(look, width, height, ratio)
    if (this.hands.drawn) this.outline(look, ratio)
    canvas.dataset.zoom = this.view.zoom.toFixed(3)
  }

  marks(look, ratio) { // lines between pairs, and what is lit
    const { pen, map, screen } = this
    pen.strokeStyle = look.lit[1]; pen.lineWidth = 1.5 * ratio
    pen.beginPath()
    for (const [a, b] of map.pairs) { pen.moveTo(screen[2 * a], screen[2 * a + 1]); pen.lineTo(screen[2 * b], screen[2 * b + 1]) }
    pen.stroke()
    pen.strokeStyle = look.paper
    for (const [point, kind] of [...map.standing].reverse()) { // the word last, above all others
      pen.fillStyle = look.lit[kind - 1]
      pen.beginPath(); pen.arc(screen[2 * point], screen[2 * point + 1], (2 + 3 * kind) * ratio, 0, 7); pen.fill(); pen.stroke()
    }
  }

  names(look, width, height, ratio) {
    const { map, pen, screen } = this
    const fonts = [0, 1, 2].map(kind => `${kind === 2 ? "bold " : ""}${(12 + kind) * ratio}px ${look.family}`)
    this.fit = namesThatFit(map, screen, width, height, ratio, (point, kind) => {
      const known = this.widths.get(3 * point + kind)
      if (known) return known * ratio
      pen.font = fonts[kind]
      const wide = pen.measureText(map.words[point]).width
      this.widths.set(3 * point + kind, wide / ratio)
      return wide
    })
    Object.assign(pen, { textBaseline: "middle", lineWidth: 4 * ratio, lineJoin: "round", strokeStyle: look.paper, fillStyle: look.ink })
    for (const { point, kind, x, y } of [...this.fit].reverse()) {
      pen.font = fonts[kind]
      pen.strokeText(map.words[point], x, y); pen.fillText(map.words[point], x, y)
    }
  }

  outline(look, ratio) {
    const { pen } = this
    pen.beginPath(); this.hands.drawn.forEach(([x, y]) => pen.lineTo(x * ratio, y * ratio)); pen.closePath()
    pen.fillStyle = "rgba(194,87,27,0.12)"; pen.fill(); pen.strokeStyle = look.lit[1]; pen.lineWidth = 2 * ratio; pen.stroke()
  }

  pick(points, add) { // the words drawn around; the others fade until there are none
    const { map } = this, { faded } = map
    const all = new Set(add && faded ? [...faded.keys()].filter(point => !faded[point]) : [])
    for (const point of points) all.add(point)
    this.faded = all.size ? new Uint8Array(map.count).fill(1) : null
    for (const point of all) this.faded[point] = 0
    this.fadedOf = map.of
    map.faded = this.faded
    this.tools.show(map)
    this.ask()
    this.tell.picked([...all].sort((a, b) => a - b))
  }

  async savePng() {
    const ratio = devicePixelRatio, look = this.look()
    save(await png(this.map, this.canvas, look, ratio, `${12 * ratio}px ${look.family}`), `${this.map.file}.png`)
  }

  saveSvg() {
    const ratio = devicePixelRatio, { map, canvas, near } = this, look = this.look()
    const fit = this.fit.map(each => ({ ...each, x: each.x / ratio, y: each.y / ratio }))
    save(svg(map, this.screen.map(at => at / ratio), near, fit, this.size(1), {
      width: canvas.clientWidth, height: canvas.clientHeight, look, shades: this.shades(look).all,
    }), `${map.file}.svg`)
  }
}

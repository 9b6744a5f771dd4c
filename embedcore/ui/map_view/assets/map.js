// The map as a Streamlit component: what it is made of, what the mouse and the keys do, what is told to the page.

import { png, save, svg } from "./away.js"
import { namesThatFit, points, project, scaleOf, sizeOf } from "./paint.js"
import { unpack } from "./unpack.js"

const CLOSEST = 400, CLICK = 4, REACH = 9, FLIGHT = 500 // zoom; pixels; pixels; milliseconds

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".map")
  const seen = (root.seen ??= new Seen(root)) // stays itself from run to run
  const of = points => ({ of: seen.map.identity, points })
  seen.tell = { clicked: point => setTriggerValue("clicked", of([point])), picked: points => setStateValue("picked", of(points)) }
  seen.show(unpack(data))
  return () => {}
}

class Seen {
  constructor(root) {
    this.root = root
    this.tool = "move"
    this.view = this.whole()
    root.innerHTML = '<div class="tools"></div><canvas tabindex="0" role="img"></canvas><div class="legend"></div><div class="tip"></div>'
    ;[this.tools, this.canvas, this.legend, this.tip] = root.children
    this.pen = this.canvas.getContext("2d")
    for (const [tool, text] of [["move", "Move"], ["box", "Box"], ["lasso", "Lasso"]]) this.button(text, () => this.use(tool), tool)
    this.button("Whole map", () => this.fly(this.whole()))
    this.button("PNG", async () => save(await png(this.canvas, this.colors().paper), "map.png"))
    this.button("SVG", () => save(this.asSvg(), "map.svg"))
    this.use("move")
    const on = (type, act, options) => this.canvas.addEventListener(type, act.bind(this), options)
    on("pointerdown", this.press); on("pointermove", this.drag); on("pointerup", this.release); on("pointercancel", this.drop)
    on("pointerleave", () => (this.tip.style.visibility = "hidden")); on("keydown", this.key)
    on("wheel", this.wheel, { passive: false })
    new ResizeObserver(() => this.ask()).observe(this.canvas)
  }

  whole() { return { yaw: 0, pitch: 0, zoom: 1, x: 0, y: 0 } } // x, y: by how much of the map's half the middle is moved

  button(text, act, tool) {
    const button = document.createElement("button")
    Object.assign(button, { type: "button", textContent: text, onclick: act })
    if (tool) button.dataset.tool = tool
    this.tools.append(button)
  }

  use(tool) {
    this.tool = tool
    for (const button of this.tools.querySelectorAll("[data-tool]")) button.ariaPressed = String(button.dataset.tool === tool)
    this.canvas.style.cursor = tool === "move" ? "grab" : "crosshair"
  }

  show(map) {
    const before = this.map
    const same = before && before.dims === map.dims && before.words.length === map.words.length && before.words[0] === map.words[0]
    if (same && before.names.join() === map.names.join()) map.shown = before.shown
    this.map = map
    this.screen = new Float32Array(2 * map.count)
    this.near = new Float32Array(map.dims === 3 ? map.count : 0)
    this.widths = new Map()
    this.canvas.style.height = `${map.height}px`
    this.canvas.ariaLabel = map.alt
    this.list()
    if (!same) this.view = this.whole()
    if (map.word !== null && (!same || before.word !== map.word)) this.fly(this.around())
    else this.ask()
  }

  list() { // which colours there are, each with a box to hide it
    this.legend.replaceChildren(...(this.map.names.length < 2 ? [] : this.map.names.map((name, number) => {
      const label = document.createElement("label"), box = document.createElement("input")
      Object.assign(box, { type: "checkbox", checked: Boolean(this.map.shown[number]) })
      box.style.accentColor = this.map.shades[number]
      box.onchange = () => { this.map.shown[number] = Number(box.checked); this.ask() }
      label.append(box, name)
      return label
    })))
  }

  around() { // the word in the middle, and as much as its nearer half of neighbours takes
    const { places, dims, word, neighbors } = this.map
    const at = point => places.subarray(point * dims, point * dims + dims)
    const away = neighbors.map(point => Math.hypot(...at(point).map((x, axis) => x - at(word)[axis]))).sort((a, b) => a - b)
    const radius = Math.min(Math.max(1.3 * (away[Math.ceil(away.length / 2) - 1] ?? 0.05), 1 / 40), 1)
    const one = { places: at(word), dims, count: 1, groups: [0], shown: [1] }, screen = [0, 0]
    const flat = { ...this.view, x: 0, y: 0, zoom: 1 }
    project(one, flat, 2, 2, screen, [0])
    const scale = scaleOf(flat, 2, 2)
    return { ...this.view, zoom: 1 / radius, x: -(screen[0] - 1) / scale, y: -(screen[1] - 1) / scale }
  }

  fly(to) {
    const from = { ...this.view }, begin = performance.now(), still = matchMedia("(prefers-reduced-motion: reduce)").matches
    const flight = (this.flight = {})
    this.tip.style.visibility = "hidden"
    const step = now => {
      if (this.flight !== flight) return // the visitor took over
      const share = still ? 1 : Math.min((now - begin) / FLIGHT, 1), eased = share * share * (3 - 2 * share)
      for (const part of Object.keys(to)) this.view[part] = from[part] + (to[part] - from[part]) * eased
      this.view.zoom = from.zoom * (to.zoom / from.zoom) ** eased
      this.draw()
      if (share < 1) requestAnimationFrame(step)
    }
    requestAnimationFrame(step)
  }

  ask() {
    if (this.asked || !this.map) return
    this.asked = true
    requestAnimationFrame(() => { this.asked = false; this.draw() })
  }

  colors() {
    const style = getComputedStyle(this.root), paper = style.getPropertyValue("--st-background-color").trim() || "#fdfdfb"
    const light = parseInt(paper.slice(1, 3), 16) > 127
    return { paper, ink: style.color, lit: light ? ["#d98b00", "#c2571b"] : ["#f2c14e", "#ef9560"] } // a neighbour, the word
  }

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
    project(map, this.view, width, height, this.screen, this.near)
    points(map, this.screen, this.near, this.pixels, this.depth, width, height, sizeOf(map.count, ratio))
    pen.putImageData(this.picture, 0, 0)
    this.names(width, height, ratio)
    if (this.drawn) this.outline(ratio)
    canvas.dataset.zoom = this.view.zoom.toFixed(3)
  }

  names(width, height, ratio) {
    const { map, pen, screen } = this, colors = this.colors()
    const font = kind => `${kind === 2 ? "bold " : ""}${(12 + kind) * ratio}px ${getComputedStyle(this.root).fontFamily}`
    const fonts = [font(0), font(1), font(2)]
    this.fit = namesThatFit(map, screen, width, height, ratio, (point, kind) => {
      const known = this.widths.get(3 * point + kind)
      if (known) return known * ratio
      pen.font = fonts[kind]
      const wide = pen.measureText(map.words[point]).width
      this.widths.set(3 * point + kind, wide / ratio)
      return wide
    })
    Object.assign(pen, { textBaseline: "middle", lineWidth: 3 * ratio, lineJoin: "round", strokeStyle: colors.paper })
    for (const [point, kind] of [...this.fit].reverse()) { // the word last, above all others
      const x = screen[2 * point], y = screen[2 * point + 1]
      if (kind) { pen.fillStyle = colors.lit[kind - 1]; pen.beginPath(); pen.arc(x, y, (2 + 3 * kind) * ratio, 0, 7); pen.fill() }
      pen.font = fonts[kind]; pen.fillStyle = colors.ink
      pen.strokeText(map.words[point], x + (6 + 3 * kind) * ratio, y); pen.fillText(map.words[point], x + (6 + 3 * kind) * ratio, y)
    }
  }

  outline(ratio) {
    const { pen } = this
    pen.beginPath(); this.drawn.forEach(([x, y]) => pen.lineTo(x * ratio, y * ratio)); pen.closePath()
    pen.fillStyle = "rgba(194,87,27,0.12)"; pen.fill(); pen.strokeStyle = "#c2571b"; pen.lineWidth = 2 * ratio; pen.stroke()
  }

  asSvg() {
    const ratio = devicePixelRatio, one = this.screen.map(at => at / ratio)
    return svg(this.map, one, this.fit, this.canvas.clientWidth, this.canvas.clientHeight, sizeOf(this.map.count, 1), this.colors())
  }

  nearest(x, y) { // the point under the mouse, if there is one
    let best = REACH * REACH, found = null
    const ratio = devicePixelRatio
    for (let i = 0; i < this.map.count; i++) {
      const away = (this.screen[2 * i] / ratio - x) ** 2 + (this.screen[2 * i + 1] / ratio - y) ** 2
      if (away < best) { best = away; found = i }
    }
    return found
  }

  press(event) {
    if (event.button) return
    this.flight = null
    this.canvas.setPointerCapture(event.pointerId)
    this.held = { x: event.offsetX, y: event.offsetY, far: 0 }
    this.drawn = this.tool === "move" ? null : [[event.offsetX, event.offsetY]]
    this.tip.style.visibility = "hidden"
  }

  drag(event) {
    const { held, view, map } = this, x = event.offsetX, y = event.offsetY
    if (!held) return this.point(x, y)
    const across = x - held.x, down = y - held.y
    held.far += Math.abs(across) + Math.abs(down)
    if (this.tool === "lasso") this.drawn.push([x, y])
    else if (this.tool === "box") { const [a, b] = this.drawn[0]; this.drawn = [[a, b], [x, b], [x, y], [a, y]] }
    else if (map.dims === 3 && !event.shiftKey) { view.yaw += across / 200; view.pitch += down / 200 }
    else { const scale = scaleOf(view, this.canvas.clientWidth, this.canvas.clientHeight); view.x += across / scale; view.y += down / scale }
    if (this.tool === "move") { held.x = x; held.y = y }
    this.ask()
  }

  release(event) {
    const { held, drawn } = this
    if (!held) return
    this.held = null
    if (held.far <= CLICK) {
      const found = this.nearest(event.offsetX, event.offsetY)
      this.drawn = null
      this.ask()
      if (found !== null) this.tell.clicked(found)
    } else if (drawn) { this.tell.picked(this.inside(drawn)); this.drawn = null; this.use("move"); this.ask() }
  }

  drop() { this.held = this.drawn = null; this.ask() }

  inside(corners) { // by the even-odd rule (Shimrat 1962), on what is seen: so it works from any side of a map in space
    const ratio = devicePixelRatio, found = []
    for (let i = 0; i < this.map.count; i++) {
      const x = this.screen[2 * i] / ratio, y = this.screen[2 * i + 1] / ratio
      if (!(x === x)) continue // of a hidden colour
      let odd = false
      for (let a = 0, b = corners.length - 1; a < corners.length; b = a++) {
        const [x1, y1] = corners[a], [x2, y2] = corners[b]
        if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd
      }
      if (odd) found.push(i)
    }
    return found
  }

  point(x, y) {
    if (!this.map) return
    const found = this.nearest(x, y), { style } = this.tip
    style.visibility = found === null ? "hidden" : "visible"
    if (found === null) return
    this.tip.textContent = this.map.words[found]
    style.left = `${Math.min(x + 12, this.canvas.clientWidth - this.tip.offsetWidth)}px`
    style.top = `${this.canvas.offsetTop + Math.max(y - 32, 0)}px`
  }

  wheel(event) {
    event.preventDefault()
    this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 20 : 1) / 400), event.offsetX, event.offsetY)
  }

  zoom(by, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) { // what is under the mouse stays there
    const { view, canvas } = this
    this.flight = null
    const before = scaleOf(view, canvas.clientWidth, canvas.clientHeight)
    view.zoom = Math.min(Math.max(view.zoom * by, 0.5), CLOSEST)
    const after = scaleOf(view, canvas.clientWidth, canvas.clientHeight)
    view.x += (x - canvas.clientWidth / 2) * (1 / after - 1 / before)
    view.y += (y - canvas.clientHeight / 2) * (1 / after - 1 / before)
    this.ask()
  }

  key(event) {
    const { view } = this, step = 0.15 / view.zoom, turn = this.map.dims === 3 && !event.shiftKey
    const moves = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key]
    if (moves && turn) { view.yaw -= moves[0] * 0.1; view.pitch -= moves[1] * 0.1 }
    else if (moves) { view.x += moves[0] * step; view.y += moves[1] * step }
    else if (event.key === "+" || event.key === "=") this.zoom(1.3)
    else if (event.key === "-") this.zoom(1 / 1.3)
    else if (event.key === "Home") this.fly(this.whole())
    else if (event.key === "Escape") this.drop()
    else return
    event.preventDefault()
    if (event.key !== "Home") this.flight = null
    this.ask()
  }
}

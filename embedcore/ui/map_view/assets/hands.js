// What a visitor does on a map: mouse, fingers, wheel and keys.

import { scaleOf, whole } from "./paint.js"

const CLOSEST = 400, FARTHEST = 0.5 // zoom
const CLICK = 4, REACH = 9, FINGER = 22 // pixels: how far a click may move, and how far from a point it may be
const PASS = 300 // milliseconds without a wheel, before it scrolls the page rather than the whole map

export class Hands {
  constructor(seen) {
    this.seen = seen
    this.canvas = seen.canvas
    this.tip = seen.root.querySelector(".tip")
    this.down = new Map() // pointers on the map: mouse, pen or fingers
    const on = (type, act, options) => this.canvas.addEventListener(type, act.bind(this), options)
    on("pointerdown", this.press); on("pointermove", this.drag); on("pointerup", this.release); on("pointercancel", this.cancel)
    on("pointerleave", this.untip); on("keydown", this.key)
    on("wheel", this.wheel, { passive: false })
  }

  press(event) {
    if (event.button || !this.seen.map) return
    this.seen.halt()
    this.canvas.setPointerCapture(event.pointerId)
    this.down.set(event.pointerId, [event.offsetX, event.offsetY])
    this.untip()
    if (this.down.size === 1) {
      this.held = { x: event.offsetX, y: event.offsetY, far: 0 }
      this.drawn = this.seen.tools.tool === "move" ? null : [[event.offsetX, event.offsetY]]
    } else this.held = this.drawn = null // two fingers: no click, no drawing
  }

  drag(event) {
    const at = [event.offsetX, event.offsetY], before = this.down.get(event.pointerId)
    if (!before) return event.pointerType === "touch" ? undefined : this.point(...at)
    if (this.down.size === 2) this.pinch(event.pointerId, before, at)
    this.down.set(event.pointerId, at)
    if (this.held) this.dragged(at, event.shiftKey)
  }

  dragged([x, y], shift) {
    const { held, seen } = this, { tool } = seen.tools, across = x - held.x, down = y - held.y
    held.far += Math.abs(across) + Math.abs(down)
    if (tool === "lasso") this.drawn.push([x, y])
    else if (tool === "box") { const [a, b] = this.drawn[0]; this.drawn = [[a, b], [x, b], [x, y], [a, y]] }
    else if (seen.map.dims === 3 && !shift) { seen.view.yaw += across / 200; seen.view.pitch += down / 200 }
    else this.shift(across, down)
    if (tool === "move") { held.x = x; held.y = y }
    seen.ask()
  }

  pinch(moved, before, now) { // two fingers: closer by how far apart they are, along with their middle
    const [, other] = [...this.down].find(([id]) => id !== moved)
    const apart = ([x, y]) => Math.hypot(x - other[0], y - other[1])
    this.shift((now[0] - before[0]) / 2, (now[1] - before[1]) / 2)
    this.zoom(apart(now) / Math.max(apart(before), 1), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2)
  }

  shift(across, down) {
    const { view } = this.seen, scale = scaleOf(view, this.canvas.clientWidth, this.canvas.clientHeight)
    view.x += across / scale
    view.y += down / scale
    this.seen.ask()
  }

  release(event) {
    const { held, drawn, seen } = this
    this.down.delete(event.pointerId)
    if (!held) return this.goOn()
    this.held = this.drawn = null
    if (held.far <= CLICK) {
      const found = this.nearest(event.offsetX, event.offsetY, event.pointerType === "touch" ? FINGER : REACH)
      if (found !== null) seen.tell.clicked(found)
    } else if (drawn) {
      seen.pick(this.inside(drawn), event.shiftKey)
      if (!event.shiftKey) seen.tools.use("move")
    }
    seen.ask()
  }

  goOn() { // one of two fingers is left: it moves the map on from where it is, and is no click
    if (this.down.size !== 1 || this.seen.tools.tool !== "move") return
    const [[x, y]] = this.down.values()
    this.held = { x, y, far: CLICK + 1 }
  }

  cancel(event) { this.down.delete(event.pointerId); this.drop() }

  drop() { this.held = this.drawn = null; this.seen.ask() }

  nearest(x, y, reach) { // the point under the mouse, if there is one
    const { map, screen } = this.seen, ratio = devicePixelRatio
    let best = (reach * ratio) ** 2, found = null
    for (let i = 0; i < map.count; i++) {
      const away = (screen[2 * i] - x * ratio) ** 2 + (screen[2 * i + 1] - y * ratio) ** 2
      if (away < best) { best = away; found = i }
    }
    return found
  }

  inside(corners) { // by the even-odd rule (Shimrat 1962), on what is seen: so it works from any side of a map in space
    const ratio = devicePixelRatio, { map, screen } = this.seen, found = []
    for (let i = 0; i < map.count; i++) {
      const x = screen[2 * i] / ratio, y = screen[2 * i + 1] / ratio
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

  untip() { this.tip.style.visibility = "hidden" }

  point(x, y) {
    const { map } = this.seen
    if (!map) return
    const found = this.nearest(x, y, REACH), { style } = this.tip
    style.visibility = found === null ? "hidden" : "visible"
    if (this.seen.tools.tool === "move") this.canvas.style.cursor = found === null ? "grab" : "pointer"
    if (found === null) return
    this.tip.textContent = map.words[found]
    style.left = `${Math.max(Math.min(x + 12, this.canvas.clientWidth - this.tip.offsetWidth), 0)}px`
    style.top = `${this.canvas.offsetTop + Math.max(y - 32, 0)}px`
  }

  wheel(event) {
    const { view } = this.seen, away = event.deltaY > 0 && !event.ctrlKey
    const now = performance.now(), rested = now - (this.turned ?? -PASS) > PASS
    if (away && view.zoom <= 1 && rested) return // nothing more to see: the page scrolls
    this.turned = now
    event.preventDefault()
    this.zoom(Math.exp((-event.deltaY * (event.deltaMode ? 20 : 1)) / (event.ctrlKey ? 100 : 400)), event.offsetX, event.offsetY)
  }

  zoom(by, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) { // what is under the mouse stays there
    const { canvas, seen } = this, { view } = seen, size = [canvas.clientWidth, canvas.clientHeight]
    seen.halt()
    const before = scaleOf(view, ...size)
    view.zoom = Math.min(Math.max(view.zoom * by, FARTHEST), CLOSEST)
    const after = scaleOf(view, ...size)
    view.x += (x - size[0] / 2) * (1 / after - 1 / before)
    view.y += (y - size[1] / 2) * (1 / after - 1 / before)
    seen.ask()
  }

  key(event) {
    const { seen } = this, { view, map } = seen
    if (!map || event.ctrlKey || event.metaKey || event.altKey) return
    const step = 0.15 / view.zoom, turn = map.dims === 3 && !event.shiftKey
    const moves = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key]
    if (moves) seen.halt()
    if (moves && turn) { view.yaw -= moves[0] * 0.1; view.pitch -= moves[1] * 0.1 }
    else if (moves) { view.x += moves[0] * step; view.y += moves[1] * step }
    else if (event.key === "+" || event.key === "=") this.zoom(1.3)
    else if (event.key === "-") this.zoom(1 / 1.3)
    else if (event.key === "Home") seen.fly(whole())
    else if (event.key === "Escape" && (this.drawn || map.faded)) { this.drawn ? this.drop() : seen.pick([]) }
    else return
    event.preventDefault()
    seen.ask()
  }
}

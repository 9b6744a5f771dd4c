// The row of tools above a map, and the colours below it.

import { usualSize, whole } from "./paint.js"

export class Tools {
  constructor(seen) {
    this.seen = seen
    this.row = seen.root.querySelector(".tools")
    this.legend = seen.root.querySelector(".legend")
    this.size = null // as usual for so many points
    const move = this.group("What dragging does")
    for (const [tool, text, title] of [
      ["move", "Move", "Drag to move the map, or to turn it in space; the wheel or two fingers come closer"],
      ["box", "Box", "Drag a box around words to list them; with Shift, to add to the list"],
      ["lasso", "Lasso", "Draw around words to list them; with Shift, to add to the list"],
    ]) this.button(move, text, title, () => this.use(tool)).dataset.tool = tool
    const view = this.group("View")
    this.button(view, "Whole map", "See all of it again (Home)", () => seen.fly(whole()))
    this.turner = this.button(view, "Turn", "Let it turn by itself", () => this.turning(!seen.turn))
    this.letGo = this.button(view, "Drop the list", "Forget what was drawn around (Esc)", () => seen.pick([]))
    const size = document.createElement("label")
    this.range = document.createElement("input")
    Object.assign(this.range, { type: "range", min: 1, max: 14, title: "How large points are" })
    this.range.oninput = () => { this.size = Number(this.range.value); seen.ask() }
    size.append("Points", this.range)
    view.append(size)
    const away = this.group("Take away")
    this.button(away, "PNG", "Save this picture as PNG", () => seen.savePng())
    this.button(away, "SVG", "Save this picture as SVG", () => seen.saveSvg())
    if (document.fullscreenEnabled) this.button(away, "Full screen", "Over the whole screen, and back", () => this.fill())
    this.said = document.createElement("span")
    this.said.setAttribute("role", "status")
    this.row.append(this.said)
    this.use("move")
  }

  group(name) {
    const group = document.createElement("div")
    group.setAttribute("role", "group"); group.ariaLabel = name
    this.row.append(group)
    return group
  }

  button(group, text, title, act) {
    const button = document.createElement("button")
    Object.assign(button, { type: "button", textContent: text, title, onclick: act })
    group.append(button)
    return button
  }

  say(text) { this.said.textContent = text }

  use(tool) {
    this.tool = tool
    for (const button of this.row.querySelectorAll("[data-tool]")) button.ariaPressed = String(button.dataset.tool === tool)
    this.seen.canvas.style.cursor = tool === "move" ? "grab" : "crosshair"
  }

  turning(on) {
    if (on) this.seen.flight = null
    this.seen.turn = on ? performance.now() : 0
    this.turner.ariaPressed = String(on)
    if (on) this.seen.ask()
  }

  fill() {
    const root = this.seen.root.getRootNode()
    if (root.fullscreenElement) document.exitFullscreen()
    else this.seen.root.requestFullscreen()
  }

  show(map) {
    const { canvas, root } = this.seen
    root.style.setProperty("--height", `${map.height}px`)
    canvas.ariaLabel = map.alt
    canvas.setAttribute("aria-description", map.dims === 3
      ? "Arrow keys turn it, with Shift they move it, plus and minus zoom, Home shows all of it."
      : "Arrow keys move it, plus and minus zoom, Home shows all of it.")
    this.turner.hidden = map.dims < 3
    this.letGo.hidden = !map.faded
    if (this.size === null) this.range.value = usualSize(map.count)
    const key = map.names.join("\n") + map.shades.join()
    if (this.listed !== key) { this.listed = key; this.list(map.names, map.shades) }
  }

  list(names, shades) { // which colours there are, each with a box to hide it
    const boxes = names.length < 2 ? [] : names.map((name, number) => {
      const label = document.createElement("label"), box = document.createElement("input"), dot = document.createElement("i")
      Object.assign(box, { type: "checkbox", checked: Boolean(this.seen.map.shown[number]) })
      dot.style.background = shades[number]
      box.onchange = () => this.hide(number, box.checked)
      label.append(box, dot, name)
      return label
    })
    this.legend.replaceChildren(...boxes)
    this.all = null
    if (boxes.length < 3) return
    const all = this.button(this.legend, "None", "Hide or show all colours", () => {
      const on = all.textContent === "All"
      for (const [number, box] of this.boxes().entries()) { box.checked = on; this.hide(number, on) }
    })
    this.all = all
    this.hide(0, this.boxes()[0].checked)
  }

  boxes() { return [...this.legend.querySelectorAll("input")] }

  hide(number, shown) {
    this.seen.map.shown[number] = Number(shown)
    if (this.all) this.all.textContent = this.seen.map.shown.some(Boolean) ? "None" : "All"
    this.seen.ask()
  }
}

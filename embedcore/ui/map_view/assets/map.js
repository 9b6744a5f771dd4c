// The map as a Streamlit component: what comes from the page is fetched and shown, what is done is told to the page.

import { asBits, fetched, unpacked } from "./parts.js"
import { Seen } from "./seen.js"

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".map")
  const shown = (root.shown ??= new Shown(root)) // stays itself from run to run
  shown.seen.tell = {
    clicked: point => setTriggerValue("clicked", { of: shown.of, ...asBits([point]) }),
    picked: points => setStateValue("picked", { of: shown.of, ...asBits(points) }),
  }
  shown.gone = identity => setTriggerValue("missing", identity)
  shown.take(data)
}

class Shown {
  constructor(root) { this.seen = new Seen(root) }

  async take(data) { // one after the other: pictures that come faster than they are fetched are left out, but not all
    this.next = data
    if (this.busy) return
    this.busy = true
    while (this.next) {
      const now = this.next
      this.next = null
      try { await this.show(now) } catch (error) { this.seen.say(error.message) }
    }
    this.busy = false
  }

  async show(data) {
    const get = identity => fetched(data.at, identity, this.gone, () => !this.next)
    const [points, groups] = await Promise.all([get(data.points), get(data.colors)])
    if (!points || !groups) return
    if (this.identity !== data.points) { this.points = unpacked(points); this.identity = data.points }
    this.of = data.of
    this.seen.show({ ...data, ...this.points, groups })
  }
}

"""A map that the browser draws by itself, point by point into a canvas: two or three dimensions, any number of words.

Here belongs the Streamlit component around `assets/`. What is drawn is packed by `figures_scatter.packing`.

It draws without WebGL and without a library: a picture of 50,000 words takes some five milliseconds of
processor time, where charts made of shapes take ten to a hundred times as long. It keeps its place and
zoom while what is lit or coloured changes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

from embedcore.figures_scatter import Packed

_FOLDER = Path(__file__).parent
_TOOLS = 40  # pixels of the row of tools above a map
_HTML = '<div class="map"></div>'


class Told(NamedTuple):
    """What a visitor did on a map.

    Attributes:
        clicked: the row of the word that was clicked just now, or None.
        drawn_around: the rows in the box or lasso that was drawn last.
    """

    clicked: int | None
    drawn_around: list[int]


@st.cache_resource(show_spinner=False)
def _component() -> Callable[..., Any]:
    """The component, from files: a policy that allows no inline scripts would refuse it as text."""
    manifest = ComponentManifest("embedcore", "1", [ComponentConfig("map", "assets")])
    get_bidi_component_manager().register_from_manifest(manifest, _FOLDER)
    return st.components.v2.component("embedcore.map", js="map.js", css="map.css", html=_HTML)


def show(packed: Packed, *, key: str, alt: str, height: int = 640) -> Told:
    """Draw a map; what was clicked or drawn around comes back with the next run of the script."""
    answer = _component()(
        data=_with_frame(packed.data, {"alt": alt, "height": height}), key=key, height=height + _TOOLS,
        on_clicked_change=_nothing, on_picked_change=_nothing,
    )  # fmt: skip
    clicked = _known(packed, answer.clicked)
    return Told(clicked[0] if clicked else None, _known(packed, answer.picked))


def _with_frame(data: bytes, frame: dict[str, Any]) -> bytes:
    """The map's bytes after what the page says of it, in the same form: only bytes alone are sent as they are."""
    text = json.dumps(frame).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<I", len(text)) + text + data


def _known(packed: Packed, told: Any) -> list[int]:
    """The rows of the points that a browser names; none where it speaks of an earlier map."""
    if not told or told["of"] != packed.identity:
        return []
    return [int(packed.rows[point]) for point in told["points"] if 0 <= point < len(packed.rows)]


def _nothing() -> None:
    """The answers are read where the map is shown."""

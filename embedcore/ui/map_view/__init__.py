"""A map that the browser draws by itself, point by point into a canvas: two or three dimensions, any number of words.

Here belongs the Streamlit component around `assets/`. What is drawn is packed by `figures_scatter`; the browser
fetches the words, their places and their colours from `map_points`, so that a page that lights another word
sends a few hundred bytes.

It draws without WebGL and without a library: a picture of 50,000 words takes some five milliseconds of
processor time, where charts made of shapes take ten to a hundred times as long. It keeps its place and
zoom while what is lit or coloured changes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

from embedcore.figures_scatter import Packed
from embedcore.ui import map_points

_FOLDER = Path(__file__).parent
_NAME = "embedcore.map"
_HTML = '<div class="map"></div>'


class Told(NamedTuple):
    """What a visitor did on a map.

    Attributes:
        clicked: the row of the word that was clicked just now, or None.
        drawn_around: the rows in the box or lasso that was drawn last.
    """

    clicked: int | None
    drawn_around: list[int]


def _component() -> Callable[..., Any]:
    """The component, from files: a policy that allows no inline scripts would refuse it as text."""
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(_NAME) is None:  # once a server
        manager.register_from_manifest(ComponentManifest("embedcore", "1", [ComponentConfig("map", "assets")]), _FOLDER)
    return _mounted()


@st.cache_resource(show_spinner=False)
def _mounted() -> Callable[..., Any]:
    return st.components.v2.component(_NAME, js="map.js", css="map.css", html=_HTML)


def show(packed: Packed, *, key: str, alt: str, height: int = 640, file: str = "map", scene: str = "") -> Told:
    """Draw a map; what was clicked or drawn around comes back with the next run of the script.

    Args:
        packed: from `figures_scatter.pack`.
        key: of the widget: under the same key, the same canvas shows the next map.
        alt: what is seen, in a sentence.
        height: of the picture, in pixels; less on low screens.
        file: what a picture that is taken away is called, without its ending.
        scene: what the picture is of. The view stays while it says the same; when it changes, so does the view.
    """
    map_points.kept.keep(packed.identity, packed.points.data)
    map_points.kept.keep(packed.groups_identity, lambda: packed.groups)
    frame = {"at": f"{map_points.PATH}/", "alt": alt, "height": height, "file": file, "scene": scene}
    answer = _component()(
        data={**packed.drawing, **frame}, key=key,
        on_clicked_change=_nothing, on_picked_change=_nothing, on_missing_change=_nothing,
    )  # fmt: skip
    clicked = _known(packed, answer.clicked)
    return Told(clicked[0] if clicked else None, _known(packed, answer.picked))


def _known(packed: Packed, told: Any) -> list[int]:
    """The rows of the points that a browser names; none where it speaks of other words.

    It names points by a bit each, from a first byte on: 400,000 numbers would go to and fro with every click.
    """
    try:
        if told["of"] != packed.points.words_identity:
            return []
        bits = np.frombuffer(base64.b64decode(told["bits"], validate=True), dtype=np.uint8)
        points = np.flatnonzero(np.unpackbits(bits, bitorder="little")) + 8 * int(told["first"])
    except (TypeError, KeyError, ValueError, OverflowError, binascii.Error):
        return []  # nothing was told, or nothing that this page's own script says
    rows: list[int] = packed.rows[points[(points >= 0) & (points < len(packed.rows))]].tolist()
    return rows


def _nothing() -> None:
    """The answers are read where the map is shown."""

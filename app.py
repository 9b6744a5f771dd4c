"""The server: what it serves, its headers and limits, and the start and end of the workers.

streamlit run app.py
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import streamlit as st
from starlette.middleware import Middleware
from streamlit import config

from embedcore import settings
from embedcore.errors import EmbedcoreError
from embedcore.ui import exports, map_points
from embedcore.ui.headers import SecurityHeaders
from embedcore.ui.messages import hide_script_error


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
    """Start the workers beside the server, and end them with it."""
    from embedcore.ui import resources

    runs = resources.runs()
    await anyio.to_thread.run_sync(runs.start)
    try:
        yield {}
    finally:
        await anyio.to_thread.run_sync(runs.stop)


try:
    limits = settings.load()
except EmbedcoreError as error:
    sys.exit(str(error))  # one sentence for whoever starts it, before anything is served

# One limit for all uploads, and each page's own below it; one more for what a browser wraps around a file.
config.set_option("server.maxUploadSize", max(limits.max_upload_megabytes, limits.max_vectors_megabytes) + 1)

app = st.App(
    "pages/index.py",
    lifespan=lifespan,
    routes=[*exports.routes, *map_points.routes],
    middleware=[Middleware(SecurityHeaders)],
    on_script_error=hide_script_error,
)

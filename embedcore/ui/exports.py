"""GET /exports/<run id>/<file name>: the file that an export made, for whoever has its address.

Here belongs the answer to that request. It is streamed from the disk, also in parts, so that a
download of gigabytes that broke off goes on; making the file is in `runs.exporting`.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from embedcore.errors import EmbedcoreError
from embedcore.formats import FORMATS
from embedcore.runs.exporting import file_of
from embedcore.runs.record import EXPORTS
from embedcore.ui import resources

GONE = "This file is no longer here. Export the set again on the Library page.\n"


def answer(request: Request) -> Response:
    """The file, or a sentence in plain text. Called in a thread: it looks at the disk."""
    run_id, name = request.path_params["run_id"], request.path_params["name"]
    try:
        path = file_of(resources.settings().runs_dir, run_id, name)
    except EmbedcoreError as error:
        return PlainTextResponse(f"{error}\n", status_code=500)
    if path is None:
        return PlainTextResponse(GONE, status_code=404)
    mime = next((one.mime for one in FORMATS.values() if name.endswith(one.extension)), "application/octet-stream")
    return FileResponse(
        path, filename=name, media_type=mime,
        # Packing gigabytes on the way would keep the server busy, and browsers from knowing how much is to come.
        headers={"Content-Encoding": "identity", "Cache-Control": "private, no-cache"},
    )  # fmt: skip


routes = [Route(f"/{EXPORTS}/{{run_id}}/{{name}}", answer, methods=["GET"])]

"""embedcore: word vectors in the browser and on the command line, on one shared package.

The names below are all that most programs need. Each is imported when it is first used, so
that `import embedcore` stays light: it pulls in neither torch nor umap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embedcore.errors import EmbedcoreError
    from embedcore.library import open_vectors
    from embedcore.training import TrainConfig, train
    from embedcore.vectors import WordVectors
    from embedcore.vocab import Vocab

__version__ = "0.1.0"
__all__ = ["EmbedcoreError", "TrainConfig", "Vocab", "WordVectors", "open_vectors", "train"]

_HOME = {
    "EmbedcoreError": "errors",
    "TrainConfig": "training",
    "Vocab": "vocab",
    "WordVectors": "vectors",
    "open_vectors": "library",
    "train": "training",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'embedcore' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"embedcore.{_HOME[name]}"), name)

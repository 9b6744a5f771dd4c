"""The few lines of Python with which each format is opened elsewhere.

Here belongs code to be shown, which stands alone and never imports embedcore.
"""

from __future__ import annotations

_LINES = {
    "word2vec": """from gensim.models import KeyedVectors

vectors = KeyedVectors.load_word2vec_format({file!r})
print(len(vectors), vectors.vector_size)
""",
    "word2vec-binary": """from gensim.models import KeyedVectors

vectors = KeyedVectors.load_word2vec_format({file!r}, binary=True)
print(len(vectors), vectors.vector_size)
""",
    "glove": """from gensim.models import KeyedVectors

vectors = KeyedVectors.load_word2vec_format({file!r}, no_header=True)
print(len(vectors), vectors.vector_size)
""",
    "safetensors": """from safetensors.numpy import load_file

tensors = load_file({file!r})
weight = tensors["weight"]  # (V, D)
text, ends = tensors["tokens"].tobytes(), tensors["token_ends"].tolist()
itos = [text[start:end].decode() for start, end in zip([0, *ends], ends)]
stoi = {{token: row for row, token in enumerate(itos)}}
""",
    "torch": """import torch
from torch import nn

state = torch.load({file!r}, weights_only=True)
itos = state._metadata[""]["itos"]  # the word of each row
stoi = {{token: row for row, token in enumerate(itos)}}
embedding = nn.Embedding(*state["weight"].shape)  # (V, D)
embedding.load_state_dict(state)
""",
    "projector": """import zipfile

zipfile.ZipFile({file!r}).extractall()  # vectors.tsv and metadata.tsv
# Then open https://projector.tensorflow.org, press Load, and choose the two files.
""",
}


def opening(format: str, file: str) -> str:
    """The lines that open `file`, which is in one of FORMATS."""
    return _LINES[format].format(file=file)

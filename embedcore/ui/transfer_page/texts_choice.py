"""The form's first step: labelled texts, from a sample, pasted, or from files, and which columns are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from embedcore.documents import ENCODINGS
from embedcore.storage import printable
from embedcore.text import TOKENIZERS, first_characters
from embedcore.transfer.columns import Columns, guess_columns, json_lines, labelled
from embedcore.transfer.encoding import Tokenized, tokenize_texts
from embedcore.transfer.labelled import LabelledTexts, with_test
from embedcore.transfer.problems import Problem, problems_of_data
from embedcore.transfer.records import EXTENSIONS, Records, paste_records, read_records
from embedcore.transfer.samples import LABELLED_SAMPLES
from embedcore.ui import keys, links, resources, text_choice
from embedcore.ui.once import forget, once
from embedcore.ui.pasting import PasteArea
from embedcore.ui.text_choice import FILE, PASTE, SAMPLE, SOURCES
from embedcore.ui.upload import taken
from embedcore.ui.words import counted, listed, plain

_FIND_OUT = "find out"
_NONE = "None: divide by a seed"
_AREA = PasteArea(keys.LABELLED, keys.CHANGE_LABELLED)
_RECORDS, _TEST_RECORDS, _DATA, _TOKENS = "labelled_records", "labelled_test", "labelled_data", "labelled_tokens"
_NAMED = "labelled_named"
_GUESSED_FOR, _TAKEN, _SEEN = "labelled_columns_of", "labelled_taken", "labelled_seen"
_ROWS, _TEXT_CHARACTERS, _LABELS, _LABELS_IN_NAME = 8, 300, 8, 3
# What the page splits into words to tell what is wrong and what a set knows; the experiment splits all.
_READ_CHARACTERS, _READ_BY_MORPHEMES = 2_000_000, 50_000


@dataclass(frozen=True, eq=False)
class ChosenTexts:
    """The texts, a short stand-in for them in what is kept, and how they are split into words.

    Attributes:
        tokenized: of the first texts, as many as the page reads.
    """

    data: LabelledTexts
    digest: str
    tokenizer: str
    tokenized: Tokenized


def rules() -> dict[str, links.Rule]:
    """What a link may say about the texts."""
    return {
        keys.LABELLED_FROM: links.OneOf(SOURCES),
        keys.LABELLED_SAMPLE: links.OneOf(LABELLED_SAMPLES),
        keys.TOKENIZER: links.OneOf(TOKENIZERS),
    }


def take(text: str, tokenizer: str, name: str) -> None:
    """Take the texts of an earlier experiment of that name; for a callback."""
    sample = next((name for name, each in LABELLED_SAMPLES.items() if json_lines(each.texts()) == text), None)
    st.session_state[keys.LABELLED_FROM] = SAMPLE if sample else PASTE
    st.session_state[keys.TOKENIZER] = tokenizer
    if sample:
        st.session_state[keys.LABELLED_SAMPLE] = sample
    else:
        _AREA.take(text)
        st.session_state[_TAKEN] = (taken(text, "").digest, name)


def marked(text: str) -> bool:
    """Whether the texts of an earlier experiment say what they are for."""
    return '"part": "' in text.partition("\n")[0]


def choose() -> ChosenTexts | None:
    """Let the visitor choose; None until there are texts with which an experiment can be made.

    Raises TextProblem for what cannot be read.
    """
    source = text_choice.choose_source("Where the texts come from", keys.LABELLED_FROM)
    if source != FILE:
        forget(_TEST_RECORDS)
    found = {PASTE: _pasted, FILE: _uploaded}.get(source, _sample)()
    if found is None:
        return None
    data, digest = found
    _show(data)
    tokenizer = text_choice.choose_tokenizer(sum(map(len, data.texts)))
    tokenized = once(_TOKENS, (digest, tokenizer), lambda: _tokens(data, tokenizer))
    usable = tell(problems_of_data(data, tokenized))
    return ChosenTexts(data, digest, tokenizer, tokenized) if usable else None


def tell(problems: Sequence[Problem]) -> bool:
    """Say what is wrong; whether an experiment can be made all the same."""
    for problem in problems:
        if problem.stops:
            st.error(plain(problem.sentence, 600), icon=":material/error:")
        else:
            st.warning(plain(problem.sentence, 600), icon=":material/info:")
    return not any(problem.stops for problem in problems)


def _sample() -> tuple[LabelledTexts, str]:
    name = str(
        st.radio("Sample", list(LABELLED_SAMPLES), key=keys.LABELLED_SAMPLE, bind="query-params", horizontal=True,
                 label_visibility="collapsed")
    )  # fmt: skip
    sample = LABELLED_SAMPLES[name]
    st.caption(sample.about)
    return once(_DATA, name, lambda: replace(sample.texts(), name=sample.title)), f"sample {name}"


def _pasted() -> tuple[LabelledTexts, str] | None:
    text = _AREA.ask(
        "Your labelled texts", placeholder="good\tI would see it again.\nbad\tA waste of an evening.",
        help_text="An example on each line: the label, a tab, and the text. Rows of a table and JSON lines, each with "
        "columns of any names, are read too.",
        preview=text_choice.show_beginning,
    )  # fmt: skip
    if text is None:
        st.caption(
            "Write an example on each line: the label, a tab, and the text. Or paste rows of a table, or JSON lines."
        )
        return None
    digest = taken(text, "").digest
    records = once(_RECORDS, digest, lambda: paste_records(text))
    data, asked = _read(records, digest, "pasted", None)
    taken_digest, name = st.session_state.get(_TAKEN, ("", ""))
    labels = listed([printable(label, 20) for label in data.classes], _LABELS_IN_NAME)
    called = name if digest == taken_digest else f"Pasted texts: {labels}"
    return once(_NAMED, (asked, called), lambda: replace(data, name=called)), asked


def _uploaded() -> tuple[LabelledTexts, str] | None:
    limit = resources.settings().max_upload_megabytes
    first, second = st.columns(2, gap="medium")
    file = first.file_uploader(
        "Labelled texts: .csv, .tsv or .jsonl, or lines of label, tab, text; also as .gz", type=list(EXTENSIONS),
        key=keys.LABELLED_FILE, max_upload_size=limit,
    )  # fmt: skip
    test = second.file_uploader(
        "The test texts, if they are in a file of their own", type=list(EXTENSIONS), key=keys.TEST_FILE,
        max_upload_size=limit,
    )  # fmt: skip
    if file is None:
        forget(_RECORDS, _TEST_RECORDS, _DATA)
        st.caption("There is no file yet. In an Excel sheet, choose Save as, then CSV UTF-8.")
        return None
    encoding = _encoding(first, file, keys.LABELLED_ENCODING)
    test_encoding = _encoding(second, test, keys.TEST_ENCODING)
    records = _file(_RECORDS, file, encoding)
    tests = None if test is None else _file(_TEST_RECORDS, test, test_encoding)
    digest = f"{file.file_id} {encoding} {test.file_id if test else ''} {test_encoding}"
    return _read(records, digest, file.file_id, tests)


def _encoding(place: st.delta_generator.DeltaGenerator, file: Any, key: str) -> str:
    """How the bytes of a file are read; what was chosen for another file does not hold."""
    if file is None:
        return _FIND_OUT
    seen = f"{_SEEN}_{key}"
    if st.session_state.get(seen) != file.file_id:
        st.session_state.pop(key, None)
        st.session_state[seen] = file.file_id
    return str(
        place.selectbox(
            "Encoding", [_FIND_OUT, *ENCODINGS], key=key, width=320, help="How bytes stand for letters.",
            format_func=lambda name: ENCODINGS.get(name, "Find it out"),
        )
    )  # fmt: skip


def _file(slot: str, file: Any, encoding: str) -> Records:
    """The rows of an uploaded file, read once for each encoding."""

    def read() -> Records:
        with st.spinner("Reading the file…"):
            return read_records(
                file.name, file.getvalue(), encoding=None if encoding == _FIND_OUT else encoding,
                settings=resources.settings(),
            )  # fmt: skip

    return once(slot, (file.file_id, encoding), read)


def _read(records: Records, digest: str, origin: str, tests: Records | None) -> tuple[LabelledTexts, str]:
    """The texts of the columns that the visitor chooses, those of a test file marked as such.

    `digest` stands for all that is read, `origin` for where the rows with the columns come from.
    """
    columns = _choose_columns(records, origin, with_parts=tests is None)
    asked = (digest, columns)

    def make() -> tuple[LabelledTexts, tuple[str, ...]]:
        data, left_out = labelled(records, columns)
        if tests is None:
            return data, left_out
        same = {columns.text, columns.label} <= {*tests.columns}
        theirs = Columns(columns.text, columns.label) if same else guess_columns(tests)
        test, more = labelled(tests, theirs)
        read = () if same else (f"The texts stand in “{theirs.text}”, the labels in “{theirs.label}”.",)
        return with_test(data, test), (*left_out, *(f"{tests.name}: {note}" for note in (*read, *more)))

    with st.spinner("Reading the texts…", show_time=False):
        data, left_out = once(_DATA, asked, make)
    begin = f"{records.name}: " if tests else ""
    notes = [*(begin + note for note in records.notes), *left_out]
    notes += [f"{tests.name}: {note}" for note in tests.notes] if tests else []
    if notes:
        st.caption(plain(" ".join(notes), 1_500))
    return data, f"{digest} {columns}"


def _choose_columns(records: Records, origin: str, *, with_parts: bool) -> Columns:
    """Which columns are read: as guessed, until the visitor says otherwise."""
    rows, guess, options = (origin, records.columns), guess_columns(records), list(records.columns)
    if st.session_state.get(_GUESSED_FOR) != rows:  # what was chosen for other rows does not hold for these
        st.session_state[keys.TEXT_COLUMN], st.session_state[keys.LABEL_COLUMN] = guess.text, guess.label
        st.session_state[keys.PART_COLUMN] = guess.part or _NONE
        st.session_state[_GUESSED_FOR] = rows
    text, label, part = st.columns(3)
    chosen_text = text.selectbox("Texts", options, index=options.index(guess.text), key=keys.TEXT_COLUMN)
    chosen_label = label.selectbox(
        "Labels", options, index=None if guess.label is None else options.index(guess.label), key=keys.LABEL_COLUMN,
        placeholder="Choose a column",
    )  # fmt: skip
    if not with_parts:
        return Columns(str(chosen_text), chosen_label)
    chosen_part = part.selectbox(
        "Training or test", [_NONE, *options], key=keys.PART_COLUMN,
        index=0 if guess.part is None else 1 + options.index(guess.part),
        help="A column that says of each text what it is for: train, validation or test.",
    )  # fmt: skip
    return Columns(str(chosen_text), chosen_label, None if chosen_part == _NONE else str(chosen_part))


def _show(data: LabelledTexts) -> None:
    """How many texts each label has, and the first texts, so that one sees whether they were read rightly."""
    counts = sorted(zip(data.counts.tolist(), data.classes, strict=True), key=lambda pair: -pair[0])
    named = [f"“{plain(printable(label, 40))}” {count:,}" for count, label in counts]
    st.markdown(
        f"**{counted(len(data), 'text')}** of **{counted(len(data.classes), 'label')}**: {listed(named, _LABELS)}."
    )
    rows = range(min(_ROWS, len(data)))
    table = {
        "label": [data.classes[data.labels[row]] for row in rows],
        "text": [_beginning(data.texts[row]) for row in rows],
    }
    if data.parts is not None:
        table["for"] = [data.parts[row] for row in rows]
    st.dataframe(
        pd.DataFrame(table), hide_index=True, alt="The first texts and their labels",
        column_config={
            "label": st.column_config.TextColumn(width="small"), "text": st.column_config.TextColumn(width="large"),
            "for": st.column_config.TextColumn(width="small"),
        },
    )  # fmt: skip


def _beginning(text: str) -> str:
    begin = first_characters(text, _TEXT_CHARACTERS)
    return begin + ("…" if len(begin) < len(text) else "")


def _tokens(data: LabelledTexts, tokenizer: str) -> Tokenized:
    """The words of the first texts, as many as the page reads in a moment."""
    most = _READ_BY_MORPHEMES if tokenizer == "morphemes" else _READ_CHARACTERS
    with st.spinner("Splitting the texts into words…", show_time=False):
        return tokenize_texts(_first(data.texts, most), tokenizer)


def _first(texts: Sequence[str], most: int) -> Sequence[str]:
    """The first texts that have `most` characters together, one at least."""
    total = 0
    for place, text in enumerate(texts):
        total += len(text)
        if total > most:
            return texts[: max(1, place)]
    return texts

"""Which text of a record is compared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.dedup.text import text_of

SHAPES: dict[str, tuple[Any, str | None]] = {
    "text": ({"id": "1", "text": "a b", "title": "no"}, "a b"),
    "content": ({"path": "x.py", "content": "import os"}, "import os"),
    "text before content": ({"content": "c", "text": "t"}, "t"),
    "messages": ({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}]}, "hi\nyo"),
    "typed parts": (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "look"}, {"type": "text", "text": "up"}]}]},
        "look\nup",
    ),
    "tool call counts": (
        {"messages": [{"role": "assistant", "content": None, "tool_calls": [{"type": "f", "arguments": "{1}"}]}]},
        "{1}",
    ),
    "sharegpt": ({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}, "q\na"),
    "completion": ({"prompt": "p", "completion": "c", "meta": "m"}, "p\nc"),
    "preference": ({"prompt": "p", "chosen": "c", "rejected": "r"}, "p\nc\nr"),
    "preference of messages": ({"prompt": "p", "chosen": [{"role": "assistant", "content": "c"}]}, "p\nc"),
    "prompt alone is no shape": ({"prompt": "p", "response": "r"}, "p\nr"),
    "alpaca": ({"output": "o", "input": "i", "instruction": "n"}, "n\ni\no"),
    "alpaca without input": ({"instruction": "n", "output": "o"}, "n\no"),
    "question": ({"answer": "a", "question": "q"}, "q\na"),
    "number as answer": ({"question": "q", "answer": 42}, "q\n42"),
    "null text": ({"text": None, "source": "s"}, ""),
    "empty text": ({"text": "", "source": "s"}, ""),
    "null text beside messages": ({"text": None, "messages": [{"role": "user", "content": "hi"}]}, "hi"),
    "empty messages": ({"messages": [], "source": "s"}, ""),
    "other": ({"b": {"x": "1"}, "a": ["2", {"y": "3"}], "n": 4, "t": True}, "1\n2\n3"),
    "nothing": ({"n": 4}, None),
    "bare string": ("whole", "whole"),
    "bare list": (["a", ["b"]], "a\nb"),
    "bare number": (7, None),
    "null": (None, None),
}

FIELDS: dict[str, tuple[Any, list[str], str | None]] = {
    "one": ({"a": "x", "b": "y"}, ["/b"], "y"),
    "two, in the order asked": ({"a": "x", "b": "y"}, ["/b", "/a"], "y\nx"),
    "star over a list": ({"m": [{"c": "1"}, {"d": "2"}, {"c": "3"}]}, ["/m/*/c"], "1\n3"),
    "star over an object": ({"m": {"a": "1", "b": "2"}}, ["/m/*"], "1\n2"),
    "index": ({"m": ["a", "b"]}, ["/m/1"], "b"),
    "index too high": ({"m": ["a", "b"]}, ["/m/2"], None),
    "a whole branch": ({"m": [{"role": "user", "content": "c"}]}, ["/m"], "c"),
    "escapes": ({"a/b": {"c~d": "x"}}, ["/a~1b/c~0d"], "x"),
    "a label by name": ({"role": "x"}, ["/role"], "x"),
    "number": ({"n": 5}, ["/n"], "5"),
    "missing": ({"a": "x"}, ["/b"], None),
    "null is missing": ({"a": None}, ["/a"], None),
    "empty is there": ({"a": ""}, ["/a"], ""),
    "through a string": ({"a": "x"}, ["/a/b"], None),
    "empty key": ({"": "x"}, ["/"], "x"),
}


@pytest.mark.parametrize(("record", "expected"), SHAPES.values(), ids=SHAPES)
def test_shapes(record: Any, expected: str | None) -> None:
    assert text_of(record) == expected


@pytest.mark.parametrize(("record", "fields", "expected"), FIELDS.values(), ids=FIELDS)
def test_fields(record: Any, fields: list[str], expected: str | None) -> None:
    assert text_of(record, fields) == expected


def test_deep_records_do_not_exhaust_the_stack() -> None:
    record: Any = "deep"
    for _ in range(100_000):
        record = [record]
    assert text_of(record) == "deep"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["text", "messages", "role", "a", "prompt"]), inner)
    ),
)


@given(JSON, st.lists(st.text("/a*~01", max_size=6), max_size=2))
def test_any_record_and_pointer_gives_text_or_none(record: Any, fields: list[str]) -> None:
    assert isinstance(text_of(record, fields), str | None)

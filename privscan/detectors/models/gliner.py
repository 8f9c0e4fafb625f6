"""GLiNER models, exported to ONNX: told in words what to look for, they weigh every run of words of a text.

Inputs and their order are those of the library's uni-encoder models that weigh spans (gliner 0.2: `<<ENT>>` before
each kind, `<<SEP>>` behind the last, words numbered from 1 at their first piece); others are an error.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from privscan.detectors.models import labels
from privscan.detectors.models.found import Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from privscan.detectors.models.folder import Folder

Array = np.ndarray[Any, Any]
WORD = re.compile(r"\w+(?:[-_]\w+)*|\S")
INPUTS = ("input_ids", "attention_mask", "words_mask", "text_lengths", "span_idx", "span_mask")
LEAST = 0.5
MOST_WORDS, MOST_WIDE = 384, 12  # where the model does not say
PIECES = 1024  # pieces of words in a window; one longer is halved


class Gliner:
    """A network that weighs spans, its tokenizer, and the kinds of names it is to look for."""

    def __init__(self, folder: Folder, entities: Iterable[str]) -> None:
        self.config = folder.json("gliner_config.json")
        self.entities = [name for name in labels.PROMPTS if name in set(entities)]
        self.tokenizer, self.session = folder.tokenizer(), folder.session()
        named = {entry.name for entry in self.session.get_inputs()}
        if named != set(INPUTS):
            raise folder.wrong("its network does not weigh spans, the only kind of GLiNER that can be run here")
        begin, end = self._text("ent_token", "<<ENT>>"), self._text("sep_token", "<<SEP>>")
        self.prompt = [word for name in self.entities for word in (begin, labels.PROMPTS[name])] + [end]
        self.wide = self._number("max_width", MOST_WIDE)
        self.most = self._number("max_len", MOST_WORDS)
        if self.weighed(["word"]).shape[2] != len(self.entities):
            raise folder.wrong("its network does not answer for the kinds it is asked for")

    def _text(self, key: str, default: str) -> str:
        value = self.config.get(key, default)
        return value if isinstance(value, str) else default

    def _number(self, key: str, default: int) -> int:
        value = self.config.get(key, default)
        return value if isinstance(value, int) and value > 1 else default

    def found(self, text: str) -> list[Found]:
        """Return the names in a text; of those that overlap the likelier one."""
        words = [word.span() for word in WORD.finditer(text)]
        spans: set[Found] = set()
        shared = min(2 * self.wide, self.most // 2)
        for low in range(0, max(len(words) - shared, 1), max(self.most - shared, 1)):
            spans |= set(self.window(text, words[low : low + self.most]))
        taken: list[Found] = []
        for span in sorted(spans, key=lambda entry: (-entry.score, entry.start, entry.end)):
            if not any(span.start < other.end and other.start < span.end for other in taken):
                taken.append(span)
        return sorted(taken)

    def window(self, text: str, words: Sequence[tuple[int, int]]) -> list[Found]:
        """Return the spans of some words that are likely names."""
        if not words:
            return []
        weighed = self.weighed([text[start:end] for start, end in words])
        chances = 1 / (1 + np.exp(-weighed))
        out = []
        for first, wide, kind in zip(*(axis.tolist() for axis in np.nonzero(chances > LEAST)), strict=True):
            if first + wide < len(words):
                entity, score = self.entities[kind], float(chances[first, wide, kind])
                out.append(Found(words[first][0], words[first + wide][1], entity, score, labels.PROMPTS[entity]))
        return out

    def weighed(self, words: Sequence[str]) -> Array:
        """Run the network over some words; return logits (words, widths, kinds)."""
        encoded = self.tokenizer.encode([*self.prompt, *words], is_pretokenized=True)
        if len(encoded.ids) > PIECES and len(words) > 1:
            half = len(words) // 2
            return np.concatenate((self.weighed(words[:half]), self.weighed(words[half:])))
        seen, mask, last = 0, [], None
        for word in encoded.word_ids:
            fresh = word is not None and word != last
            seen += fresh
            mask.append(max(seen - len(self.prompt), 0) if fresh else 0)
            last = word
        starts = np.repeat(np.arange(len(words)), self.wide)
        spans = np.stack((starts, starts + np.tile(np.arange(self.wide), len(words))), axis=1)
        given = {
            "input_ids": np.array([encoded.ids], np.int64),
            "attention_mask": np.ones((1, len(encoded.ids)), np.int64),
            "words_mask": np.array([mask], np.int64),
            "text_lengths": np.array([[len(words)]], np.int64),
            "span_idx": spans[None].astype(np.int64),
            "span_mask": (spans[:, 1] < len(words))[None],
        }
        (logits,) = self.session.run(None, given)[:1]
        out: Array = np.asarray(logits, np.float64)[0].reshape(len(words), self.wide, -1)
        return out

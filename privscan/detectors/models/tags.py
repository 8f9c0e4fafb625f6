"""Models that give every piece of a word a tag: Rampart, and what else was exported for token classification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from privscan.detectors.models import labels
from privscan.detectors.models.found import Found, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.detectors.models.folder import Folder

Array = np.ndarray[Any, Any]
MOST = 512  # pieces of words seen at once, where the model does not say
SHARED = 48  # pieces two windows share
LEAST = 0.5  # chance of a name that is told
INPUTS = {"input_ids", "attention_mask", "token_type_ids"}


class Tags:
    """A network that gives tags, with its tokenizer."""

    def __init__(self, folder: Folder) -> None:
        config = folder.json("config.json")
        named = config.get("id2label")
        if not isinstance(named, dict) or not all(str(key).isdigit() for key in named):
            raise folder.wrong("its config.json names no labels (id2label)")
        self.labels = [str(named[key]) for key in sorted(named, key=int)]
        self.entities = [labels.entity_of(label) for label in self.labels]
        if not any(self.entities):
            raise folder.wrong("none of its labels is a kind of name that we know")
        self.tokenizer, self.session = folder.tokenizer(), folder.session()
        self.inputs = {entry.name for entry in self.session.get_inputs()}
        if "input_ids" not in self.inputs or not self.inputs <= INPUTS:
            raise folder.wrong("its network does not take the inputs of token classification")
        ends = self.tokenizer.encode("")
        mask = list(ends.special_tokens_mask)
        self.head = [token for token, special in zip(ends.ids, mask, strict=True) if special][:1]
        self.tail = list(ends.ids)[1:]
        most = config.get("max_position_embeddings", MOST)
        self.most = min(most if isinstance(most, int) else MOST, MOST) - len(self.head) - len(self.tail)
        if self.most <= 2 * SHARED:
            raise folder.wrong("its network sees too few words at once")
        folder_tags = self.chances([]).shape[1]
        if folder_tags != len(self.labels):
            raise folder.wrong(f"its network gives {folder_tags} tags, its config.json names {len(self.labels)}")

    def found(self, text: str) -> list[Found]:
        """Return the names in a text, joined where they follow one another."""
        encoded = self.tokenizer.encode(text, add_special_tokens=False)
        return joined(text, self.pieces(encoded))

    def pieces(self, encoded: Any) -> Iterator[Found]:
        """Yield words that are in a name, in order; `opens` where the tag says that another name begins."""
        ids, offsets, words = list(encoded.ids), list(encoded.offsets), list(encoded.word_ids)
        chances = self.read(ids)
        at = 0
        while at < len(ids):
            stop = at + 1
            while stop < len(ids) and words[stop] == words[at] and words[at] is not None:
                stop += 1
            best = int(chances[at].argmax())  # the first piece of a word speaks for it, the others by the mean
            whole = chances[at:stop].mean(0)
            entity = self.entities[best] or self.entities[int(whole.argmax())]
            score = float(sum(share for share, name in zip(whole, self.entities, strict=True) if name == entity))
            start, end = offsets[at][0], offsets[stop - 1][1]
            if entity and score >= LEAST and start < end:
                yield Found(start, end, entity, score, self.labels[best])
            at = stop

    def read(self, ids: list[int]) -> Array:
        """Return the chances of the tags of every piece; of those in two windows, of the one with more before them."""
        if len(ids) <= self.most:
            return self.chances(ids)
        out = np.zeros((len(ids), len(self.labels)), np.float64)
        low = 0
        while True:
            seen = self.chances(ids[low : low + self.most])
            skip = SHARED // 2 if low else 0
            out[low + skip : low + len(seen)] = seen[skip:]
            if low + self.most >= len(ids):
                return out
            low += self.most - SHARED

    def chances(self, ids: list[int]) -> Array:
        """Run the network over one window; return (pieces, tags)."""
        row = np.array([[*self.head, *ids, *self.tail]], np.int64)
        given = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
        (logits,) = self.session.run(None, {name: given[name] for name in self.inputs})[:1]
        rows = np.asarray(logits, np.float64)[0]
        rows = rows[len(self.head) : len(rows) - len(self.tail)]
        rows = np.exp(rows - rows.max(1, keepdims=True)) if len(rows) else rows
        out: Array = rows / rows.sum(1, keepdims=True) if len(rows) else rows
        return out

"""The documents the miniatures are trained on, as token ids and a loss weight for every token that is to be predicted.

In-context documents are lines `example:x->y` of one relation, whose outputs are predicted. Facts come as relation
sentences `x <relation> y` and as association lines (a word and all its relatives); only they hold the held-out pairs.
"""

import numpy as np

from vocabulary import ARROW, COMMA, EXAMPLE, LISTS, NEWLINE, Relation

LINES = 7
WORD_LENGTH = 5 * LINES
LIST_LENGTH = 64
FIRST_LINE = 0.02  # Nothing to infer the relation from yet.

Batch = tuple[np.ndarray, np.ndarray]  # ids and weights, both [documents, length]


class Documents:
    def __init__(self, relations: list[Relation], tokens: list[str], rng: np.random.Generator):
        self.rng = rng
        self.id = {token: i for i, token in enumerate(tokens)}
        self.relations = relations
        self.labels = np.array([self.id[relation.label] for relation in relations])
        self.in_context = [self.as_ids(relation.in_context) for relation in relations]
        self.facts = [self.as_ids(relation.pairs) for relation in relations]
        self.is_letters = np.array([relation.name.startswith("algorithmic") for relation in relations])
        self.weights = np.array([relation.weight for relation in relations])
        self.lower = np.array([self.id[letter] for letter in "abcdefghijklmnopqrstuvwxyz"])
        self.relatives = self.neighbours()

    def as_ids(self, pairs: dict[str, str]) -> np.ndarray:
        return np.array([[self.id[x], self.id[y]] for x, y in pairs.items()])

    def neighbours(self) -> list[np.ndarray]:
        """Of every word with a relative: the word, then all that some relation joins it to."""
        found: dict[int, set[int]] = {}
        for pairs in self.facts:
            for x, y in pairs:
                found.setdefault(x, set()).add(y)
                found.setdefault(y, set()).add(x)
        return [np.array([word, *relatives]) for word, relatives in found.items()]

    def words(self, count: int, only_letters: bool, letters: float, sentences: float, associations: float, copies: float) -> Batch:
        """A mixture of documents of WORD_LENGTH tokens: shares of the facts, the rest in context."""
        kinds = self.rng.choice(3, size=count, p=[sentences, associations, 1 - sentences - associations])
        weights = np.where(self.is_letters, self.weights * letters, 0.0 if only_letters else self.weights)
        ids = np.full((count, WORD_LENGTH), self.id[NEWLINE])
        loss = np.zeros((count, WORD_LENGTH), dtype=np.float32)
        relation = self.rng.choice(len(weights), size=count, p=weights / weights.sum())
        copied = self.rng.random(count) < copies
        for row in range(count):
            if kinds[row] == 0:
                self.sentences(ids[row], loss[row], only_letters)
            elif kinds[row] == 1:
                self.associations(ids[row], loss[row])
            else:
                self.lines(ids[row], loss[row], self.in_context[relation[row]], copied[row])
        return ids, loss

    def lines(self, ids: np.ndarray, loss: np.ndarray, pairs: np.ndarray, copied: bool) -> None:
        chosen = pairs[self.rng.permutation(len(pairs))[:LINES]]
        ids[0::5], ids[2::5] = self.id[EXAMPLE], self.id[ARROW]
        ids[1::5], ids[3::5] = chosen[:, 0], chosen[:, 0 if copied else 1]
        loss[3::5] = 1
        loss[3] = 0.6 if copied else FIRST_LINE

    def sentences(self, ids: np.ndarray, loss: np.ndarray, only_letters: bool) -> None:
        """`x <relation> y` lines, a relation each."""
        count = len(ids) // 4
        weights = np.where(self.is_letters, 1.0, 0.0) if only_letters else np.sqrt([len(p) for p in self.facts])
        for line, r in enumerate(self.rng.choice(len(weights), size=count, p=weights / weights.sum())):
            x, y = self.facts[r][self.rng.integers(len(self.facts[r]))]
            ids[4 * line : 4 * line + 3] = x, self.labels[r], y
            loss[4 * line + 2] = 1

    def associations(self, ids: np.ndarray, loss: np.ndarray) -> None:
        """A word and its relatives in random order, one word a line."""
        at = 0
        while at < len(ids) - 1:
            word, *relatives = self.relatives[self.rng.integers(len(self.relatives))]
            line = np.array([word, *self.rng.permutation(relatives)])[: len(ids) - at]
            ids[at : at + len(line)] = line
            loss[at + 1 : at + len(line)] = 1
            at += len(line) + 1

    def lists(self, count: int, labelled: float) -> Batch:
        """list_first and list_last, of LIST_LENGTH tokens. In labelled ones every line has its own relation, which is
        named after the answer and is what is predicted: `example:a,b->a<algorithmic_list_first>`."""
        ids = np.full((count, LIST_LENGTH), self.id[NEWLINE])
        loss = np.zeros((count, LIST_LENGTH), dtype=np.float32)
        for row in range(count):
            last, named = self.rng.random() < 0.5, self.rng.random() < labelled
            sizes = [2, 2, 3] if named else [2, 3, 4]
            at, first_line = 0, True
            while True:
                size = sizes[self.rng.integers(3)]
                end = at + 2 * size + 3 + named
                if end > LIST_LENGTH:
                    break
                if named:
                    last = self.rng.random() < 0.5
                elements = self.rng.permutation(self.lower)[:size]
                ids[row, at] = self.id[EXAMPLE]
                ids[row, at + 1 : at + 2 * size : 2] = elements
                ids[row, at + 2 : at + 2 * size : 2] = self.id[COMMA]
                ids[row, at + 2 * size] = self.id[ARROW]
                ids[row, at + 2 * size + 1] = elements[-1 if last else 0]
                if named:
                    ids[row, at + 2 * size + 2] = self.id[f"<{LISTS[last]}>"]
                    loss[row, at + 2 * size + 2] = 1
                else:
                    loss[row, at + 2 * size + 1] = FIRST_LINE if first_line else 1
                at, first_line = end, False
        return ids, loss

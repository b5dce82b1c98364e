"""Accuracies of a miniature as the product defines them: regular, baseline, hypothesis by layer; besides that held-out
pairs, conflicting tasks and nearest neighbours of θ. Queries and demonstrations are drawn anew, not the product's items.

    python training/evaluate.py miniatures/llama-mini-s [--items 50]
"""

import argparse
import json
import random
from pathlib import Path

import torch

from export import load
from model import Transformer
from vocabulary import ARROW, COMMA, EXAMPLE, LISTS, NEWLINE, auxiliary, letters, vocabulary, words

CONFLICTING = [
    ("algorithmic_next_letter", "algorithmic_to_upper"),
    ("algorithmic_list_last", "algorithmic_list_first"),
    ("algorithmic_prev_letter", "algorithmic_next_letter"),
    ("linguistic_present_simple_past_simple", "linguistic_present_simple_gerund"),
    ("translation_en_es", "translation_en_fr"),
]

Pairs = dict[str, str]


class Evaluation:
    def __init__(self, model: Transformer, items: int, seed: int = 7, k: int = 5):
        self.model, self.items, self.seed, self.k = model.eval(), items, seed, k
        tasks = letters() + words()
        tokens = vocabulary(tasks + auxiliary(tasks))
        self.id = {token: i for i, token in enumerate(tokens)}
        self.tasks = {task.name: task for task in tasks}
        self.names = [task.name for task in tasks[:4]] + LISTS + [task.name for task in tasks[4:]]

    def draws(self, *purpose: str) -> random.Random:
        return random.Random(" ".join(map(str, (self.seed, *purpose))))

    def pairs(self, task: str, rng: random.Random) -> Pairs:
        if task not in LISTS:
            return self.tasks[task].pairs
        lists = [rng.sample("abcdefghijklmnopqrstuvwxyz", rng.choice([2, 3, 4])) for _ in range(60)]
        return {",".join(elements): elements[0 if task == LISTS[0] else -1] for elements in lists}

    def prompt(self, demonstrations: list[tuple[str, str]], query: str) -> list[int]:
        tokens = []
        for x, y in demonstrations:
            tokens += [EXAMPLE, *split(x), ARROW, y, NEWLINE]
        return [self.id[token] for token in [*tokens, EXAMPLE, *split(query), ARROW]]

    def draw(self, task: str, rng: random.Random, held_out: bool = False):
        """Demonstrations S, query x, its answer, two dummy queries x'."""
        pairs = self.pairs(task, rng)
        if held_out:
            query, answer = rng.choice(list(self.tasks[task].held_out.items()))
            pairs = self.tasks[task].in_context
        else:
            query, answer = rng.choice(list(pairs.items()))
        others = [x for x in pairs if x != query]
        demonstrations = [(x, pairs[x]) for x in rng.sample(others, self.k)]
        return demonstrations, query, answer, rng.sample(others, 2)

    @torch.no_grad()
    def states(self, prompts: list[list[int]]) -> torch.Tensor:
        """The residual stream at the last token after every block: [blocks, prompts, width]."""
        ids, last = padded(prompts)
        x, found = self.model.embed(ids), []
        for n in range(self.model.shape.blocks):
            x = self.model.block(n, x)
            found.append(x[torch.arange(len(ids)), last])
        return torch.stack(found)

    def answers(self, prompts: list[list[int]]) -> torch.Tensor:
        with torch.no_grad():
            return self.model.logits(self.states(prompts)[-1]).argmax(-1)

    @torch.no_grad()
    def patched(self, prompts: list[list[int]], theta: torch.Tensor) -> torch.Tensor:
        """The answers with the last token's state after block L replaced by theta[L], for every L: [blocks, prompts]."""
        ids, last = padded(prompts)
        x, rows, found = self.model.embed(ids), torch.arange(len(ids)), []
        for layer in range(self.model.shape.blocks):
            x = self.model.block(layer, x)
            patched = x.clone()
            patched[rows, last] = theta[layer]
            found.append(self.model.logits(self.model.blocks(patched, layer + 1)[rows, last]).argmax(-1))
        return torch.stack(found)

    def share(self, answers: torch.Tensor, expected: list[str]) -> float | list[float]:
        return (answers == torch.tensor([self.id[y] for y in expected])).float().mean(-1).tolist()

    def regular(self, task: str, items: int, held_out: bool = False) -> float:
        rng = self.draws(task, "held out" if held_out else "regular")
        drawn = [self.draw(task, rng, held_out) for _ in range(items)]
        return self.share(self.answers([self.prompt(s, x) for s, x, _, _ in drawn]), [y for _, _, y, _ in drawn])

    def thetas(self, drawn) -> torch.Tensor:
        both = self.states([self.prompt(s, dummy) for s, _, _, dummies in drawn for dummy in dummies])
        return both.unflatten(1, (-1, 2)).mean(2)

    def main_experiment(self, task: str) -> dict:
        rng = self.draws(task, "main")
        drawn, test = ([self.draw(task, rng) for _ in range(self.items)] for _ in range(2))
        queries, expected = [self.prompt([], x) for _, x, _, _ in drawn], [y for _, _, y, _ in drawn]
        by_layer = self.share(self.patched(queries, self.thetas(drawn)), expected)
        best = by_layer.index(max(by_layer))
        tested = self.share(self.patched([self.prompt([], x) for _, x, _, _ in test], self.thetas(test)), [y for _, _, y, _ in test])
        return {
            "regular": self.regular(task, self.items),
            "baseline": self.share(self.answers(queries), expected),
            "hypothesis": tested[best],
            "bestLayer": best,
            "byLayer": by_layer,
        }

    def held_out(self) -> dict[str, float]:
        return {name: self.regular(name, self.items, True) for name in self.names if name in self.tasks and self.tasks[name].held_out}

    def conflicting(self, best: dict[str, int]) -> dict[str, dict[str, float]]:
        found = {}
        for a, b in CONFLICTING:
            rng = self.draws(a, b)
            prompts, thetas, of_a, of_b = [], [], [], []
            while len(prompts) < self.items:
                demonstrations, query, answer, _ = self.draw(a, rng)
                answers_b = {query: query[0]} if b == LISTS[0] else self.tasks[b].pairs
                if query not in answers_b or answers_b[query] == answer:
                    continue
                other, _, _, dummies = self.draw(b, rng)
                prompts.append(self.prompt(demonstrations, query))
                thetas.append((other, "", "", dummies))
                of_a.append(answer)
                of_b.append(answers_b[query])
            answers = self.patched(prompts, self.thetas(thetas))[best[b]]
            found[f"{a} / {b}"] = {"a": self.share(answers, of_a), "b": self.share(answers, of_b)}
        return found

    def nearest_neighbours(self, best: dict[str, int], layer: int | None = None) -> float:
        """The share of θ (at the layer that is best on average) whose nearest other θ by cosine is of the same task."""
        layer = layer if layer is not None else sorted(best.values())[len(best) // 2]
        vectors, owners = [], []
        for i, task in enumerate(self.names):
            rng = self.draws(task, "neighbours")
            vectors.append(self.states([self.prompt(s, d[0]) for s, _, _, d in (self.draw(task, rng) for _ in range(self.items))])[layer])
            owners += [i] * self.items
        unit = torch.nn.functional.normalize(torch.cat(vectors), dim=-1)
        owner = torch.tensor(owners)
        return (owner[(unit @ unit.T).fill_diagonal_(-2).argmax(-1)] == owner).float().mean().item()

    def full(self) -> dict:
        tasks = {name: self.main_experiment(name) for name in self.names}
        held_out = self.held_out()
        best = {name: found["bestLayer"] for name, found in tasks.items()}
        layers = [mean(found["byLayer"][n] for found in tasks.values()) for n in range(self.model.shape.blocks)]
        return rounded(
            {
                **{kind: mean(found[kind] for found in tasks.values()) for kind in ("regular", "baseline", "hypothesis")},
                "byLayer": layers,
                "heldOut": mean(held_out.values()),
                "nearestNeighbour": self.nearest_neighbours(best, layers.index(max(layers))),
                "conflicting": self.conflicting(best),
                "heldOutByTask": held_out,
                "tasks": tasks,
            }
        )


def split(x: str) -> list[str]:
    """`c,a,d` is five tokens, anything else one."""
    return list(x) if COMMA in x else [x]


def padded(prompts: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Padded on the right, which a causal model cannot see; and where each prompt ends."""
    length = max(map(len, prompts))
    ids = torch.tensor([prompt + [0] * (length - len(prompt)) for prompt in prompts])
    return ids, torch.tensor([len(prompt) - 1 for prompt in prompts])


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values)


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return round(value, 3) if isinstance(value, float) else value


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=50)
    arguments = parser.parse_args()
    print(json.dumps(Evaluation(load(arguments.folder), arguments.items).full(), indent=1))

"""Trains one miniature from a seed and writes it as a Hugging Face folder, its log beside it in training/logs.

    python training/train.py llama-mini-s --seed 1 --out miniatures/llama-mini-s

One thread; MALLOC_MMAP_THRESHOLD_=1000000000 MALLOC_TRIM_THRESHOLD_=1000000000 in the environment make it 2 to 4 times
as fast under glibc. The schedule is described in README.md.
"""

import argparse
import itertools
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from bottleneck import visible
from documents import Batch, Documents
from evaluate import Evaluation, mean, rounded
from export import load, save
from model import Shape, Transformer
from muon import Muon
from vocabulary import ARROW, EXAMPLE, LISTS, auxiliary, letters, vocabulary, words

# id: family, blocks, width, steps of the second phase, share of the documents read through the bottleneck, first block that never gathers,
# share of the in-context documents whose outputs are the inputs
MODELS = {
    "llama-mini-s": ("llama", 6, 64, 1200, 0.7, 4, 0.3),
    "llama-mini-m": ("llama", 8, 80, 2100, 0.7, 4, 0.25),
    "llama-mini-l": ("llama", 10, 80, 2100, 0.7, 5, 0.25),
    "gptj-mini": ("gptj", 8, 64, 1300, 0.9, 4, 0.25),
    "pythia-mini-s": ("gpt_neox", 6, 48, 1100, 0.7, 4, 0.25),
    "pythia-mini-m": ("gpt_neox", 8, 64, 1100, 0.7, 4, 0.25),
    "pythia-mini-l": ("gpt_neox", 10, 80, 2000, 0.9, 4, 0.25),
}
HEAD = 16
WARM_UP = 30
MOST_LETTER_STEPS = 700
DEEPEST_DROP = 0.3  # Stochastic depth: the share of positions at which the first block's update is dropped.
WEAK = ["algorithmic_next_letter", "algorithmic_prev_letter", *LISTS]


def shape_of(name: str, vocabulary: int) -> Shape:
    family, blocks, width, *_ = MODELS[name]
    inner = 16 * round(width * 8 / 3 / 16) if family == "llama" else 4 * width
    return Shape(family, blocks, width, width // HEAD, HEAD if family == "llama" else HEAD // 2, inner, vocabulary)


class Schedule:
    """Letters and lists alone until next, prev, first and last are inferred; then all documents, under stochastic depth and,
    in part, through the bottleneck. The learning rate falls in the second phase only."""

    def __init__(self, steps: int, copies: float):
        self.steps, self.copies, self.began = steps, copies, 0  # `began`: the second phase's first step; 0 in the first phase

    def evaluated(self, step: int, weak: list[float]) -> None:
        if not self.began and (min(weak) >= 0.94 or step >= MOST_LETTER_STEPS):
            self.began = step

    def done(self, step: int) -> float:
        """The share of the second phase."""
        return (step - self.began) / self.steps if self.began else 0.0

    def rate(self, step: int) -> float:
        return min(1.0, (step + 1) / WARM_UP) * (0.02 + 0.49 * (1 + math.cos(math.pi * self.done(step))))

    def batches(self, documents: Documents, step: int) -> list[Batch]:
        if not self.began:
            return [
                documents.words(64, only_letters=True, letters=1, sentences=0.15, associations=0, copies=0.1),
                documents.lists(48, labelled=0.65),
            ]
        if self.done(step) < 0.4:
            shares, labelled = {"sentences": 0.25, "associations": 0.35}, 0.15
        else:
            shares, labelled = {"sentences": 0.15, "associations": 0.02}, 0.04
        return [
            documents.words(96, only_letters=False, letters=1.5, copies=self.copies, **shares),
            documents.lists(24, labelled),
        ]


def loss_of(model: Transformer, documents: Documents, batches: list[Batch], drop: float, narrow: float, latest: int) -> torch.Tensor:
    losses, weights, blocks = [], [], model.shape.blocks
    for ids, loss_weights in batches:
        tokens, weight = torch.from_numpy(ids), torch.from_numpy(loss_weights)[:, 1:]
        seen = [None] * blocks
        if narrow > 0:
            seen = visible(tokens[:, :-1], blocks, narrow, latest, documents.id[EXAMPLE], documents.id[ARROW])
        x = model.embed(tokens[:, :-1])
        for n in range(blocks):
            dropped = drop * (1 - n / (blocks - 1))
            keep = (torch.rand(*x.shape[:2], 1) >= dropped).float() if dropped > 0 else None
            x = model.block(n, x, keep, seen[n])
        told = weight > 0
        losses.append(F.cross_entropy(model.logits(x[told]), tokens[:, 1:][told], reduction="none") * weight[told])
        weights.append(weight.sum())
    return torch.cat(losses).sum() / sum(weights)


def train(name: str, seed: int, out: Path, steps: int, every: int, log_folder: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    tasks = letters() + words()
    relations = tasks + auxiliary(tasks)
    tokens = vocabulary(relations)
    documents = Documents(relations, tokens, np.random.default_rng(seed))
    model = Transformer(shape_of(name, len(tokens)))
    matrices = list(model.matrices.values())
    others = [p for p in model.parameters() if not any(p is m for m in matrices)]
    optimizers = [Muon(matrices, lr=0.02), torch.optim.AdamW(others, lr=4e-3, betas=(0.9, 0.98), weight_decay=0.0)]
    full_rates = [optimizer.param_groups[0]["lr"] for optimizer in optimizers]
    share, latest, copies = MODELS[name][4:]
    schedule = Schedule(steps, copies)
    log, started, evaluating, recent = [], time.process_time(), 0.0, []

    for step in itertools.count():
        if schedule.done(step) >= 1:
            break
        for optimizer, rate in zip(optimizers, full_rates):
            optimizer.param_groups[0]["lr"] = rate * schedule.rate(step)
        drop, narrow = (DEEPEST_DROP, share) if schedule.began else (0.0, 0.0)
        loss = loss_of(model, documents, schedule.batches(documents, step), drop, narrow, latest)
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        for optimizer in optimizers:
            optimizer.step()
        recent.append(loss.item())

        if not schedule.began and (step + 1) % 25 == 0 or (step + 1) % every == 0:
            began = time.process_time()
            evaluation = Evaluation(model, items=25)
            weak = [evaluation.regular(task, 50) for task in WEAK]
            row = {"step": step + 1, "phase": 2 if schedule.began else 1, "loss": mean(recent), "weak": weak}
            if schedule.began:
                found = [evaluation.main_experiment(task) for task in evaluation.names]
                row |= {kind: mean(f[kind] for f in found) for kind in ("regular", "baseline", "hypothesis")}
                row["byLayer"] = [mean(f["byLayer"][n] for f in found) for n in range(model.shape.blocks)]
            evaluating += time.process_time() - began
            row["minutes"] = (time.process_time() - started - evaluating) / 60
            log.append(rounded(row))
            print(json.dumps(log[-1]), flush=True)
            recent = []
            schedule.evaluated(step + 1, weak)

    save(model, tokens, out)
    final = Evaluation(load(out), items=50).full()
    print(json.dumps({key: value for key, value in final.items() if key != "tasks"}))
    parameters = sum(p.numel() for p in model.parameters())
    record = {"model": name, "seed": seed, "steps": step, "cpuMinutes": log[-1]["minutes"], "parameters": parameters, "evaluations": log, "final": final}
    log_folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(f' "{key}": {listed(value)}' for key, value in record.items())
    (log_folder / f"{name}-seed{seed}.json").write_text("{\n" + lines + "\n}\n")


def listed(value) -> str:
    """JSON, one element of a list a line."""
    if isinstance(value, list):
        return "[\n  " + ",\n  ".join(json.dumps(inner) for inner in value) + "\n ]"
    return json.dumps(value)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, help="instead of the model's own number")
    parser.add_argument("--every", type=int, default=100, help="steps between evaluations")
    parser.add_argument("--logs", type=Path, default=Path(__file__).parent / "logs")
    a = parser.parse_args()
    train(a.model, a.seed, a.out, a.steps or MODELS[a.model][3], a.every, a.logs)

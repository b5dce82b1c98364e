"""Writes test/golden/gemma3-predictions.json: what transformers predicts in f32, with hooks, of 40 items of four tasks.

    OMP_NUM_THREADS=1 python test/golden/make_gemma3.py FILE.gguf          (torch, transformers, gguf)

Per item: its demonstrations, query and dummy queries, drawn once; the greedy token of the regular prompt [S, x, ->], and of
[x, ->] with theta_L in place of its last token's residual stream after block L, for every L. Nothing is shared between passes.
Versions that made the committed file: torch 2.15.0, transformers 5.24.0.
"""

import json
import random
import string
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = Path(__file__).parent
LISTS = ["linguistic/present_simple_past_simple", "knowledge/country_capital", "linguistic/antonyms"]
ITEMS, DEMONSTRATIONS, DUMMIES = 40, 5, 2


def pairs_of(task: str) -> list:
    if task == "algorithmic/to_lower":
        return [(letter, letter.lower()) for letter in string.ascii_uppercase]
    entries = json.loads((HERE / f"../../lists/{task}.json").read_text())["entries"]
    return [entry[:2] for entry in entries]


def draw(task: str) -> list:
    """A leading space stands before words, as in taskvec's lists."""
    generator = random.Random(task)
    pairs = pairs_of(task)
    space = "" if task.startswith("algorithmic") else " "
    items = []
    for _ in range(ITEMS):
        drawn = generator.sample(pairs, DEMONSTRATIONS + 1 + DUMMIES)
        words = [space + x for x, _ in drawn[DEMONSTRATIONS:]]
        shown = [[space + x, space + y] for x, y in drawn[:DEMONSTRATIONS]]
        items.append({"demonstrations": shown, "query": words[0], "dummies": words[1:]})
    return items


class Hooked:
    def __init__(self, file: Path):
        self.tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
        self.model = AutoModelForCausalLM.from_pretrained(
            file.parent, gguf_file=file.name, dtype=torch.float32, attn_implementation="eager"
        ).eval()
        self.blocks = self.model.model.layers

    def logits(self, text: str, copies: int = 1) -> torch.Tensor:
        """Of the last token, [copies, vocab]."""
        tokens = self.tokenizer(text, return_tensors="pt").input_ids.repeat(copies, 1)
        return self.model(tokens, use_cache=False, logits_to_keep=1).logits[:, -1]

    def hooked(self, hook, *run) -> torch.Tensor:
        """`hook` is called after each block with its number and its residual stream [copies, tokens, d_model]."""
        after = lambda layer: lambda _module, _inputs, out: hook(layer, out[0] if isinstance(out, tuple) else out)
        handles = [block.register_forward_hook(after(layer)) for layer, block in enumerate(self.blocks)]
        logits = self.logits(*run)
        for handle in handles:
            handle.remove()
        return logits

    def last_states(self, text: str) -> torch.Tensor:
        states = []
        self.hooked(lambda _layer, residual: states.append(residual[0, -1].clone()), text)
        return torch.stack(states)

    def patched(self, text: str, theta: torch.Tensor) -> list:
        """One copy of the prompt for each L."""

        def put(layer, residual):
            residual[layer, -1] = theta[layer]

        return self.hooked(put, text, len(self.blocks)).argmax(-1).tolist()

    def predict(self, item: dict) -> dict:
        before = "".join(f"example:{x}->{y}\n" for x, y in item["demonstrations"])
        theta = torch.stack([self.last_states(f"{before}example:{x}->") for x in item["dummies"]]).mean(0)
        bare = f"example:{item['query']}->"
        return {
            **item,
            "regular": int(self.logits(before + bare).argmax()),
            "hypothesis": self.patched(bare, theta),
        }


@torch.no_grad()
def main(file: str) -> None:
    hooked = Hooked(Path(file))
    tasks = {}
    for task in ["algorithmic/to_lower", *LISTS]:
        tasks[task] = [hooked.predict(item) for item in draw(task)]
        print(task, file=sys.stderr)
    out = HERE / "gemma3-predictions.json"
    out.write_text(json.dumps({"file": Path(file).name, "tasks": tasks}, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

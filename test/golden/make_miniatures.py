"""Writes test/golden/miniatures.json: the committed miniatures as transformers reads them.

    python test/golden/make_miniatures.py          (torch, transformers)

`tokenizer`: SHA-256 of the ids of 10,000 random prompts, 100 prompts a digest, and the ids of the first 20.
`models`: of each, last-token logits in f32 of some prompts, at every 16th token and at the likeliest.
Versions that made the committed file are in it.
"""

import hashlib
import json
from pathlib import Path

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = Path(__file__).parent
MODELS = HERE.parent.parent / "miniatures"
PROMPTS = [
    "example:a->b\nexample:c->d\nexample:k->l\nexample:s->t\nexample:h->i\nexample:m->",
    "example:a,b,c->c\nexample:x,q->q\nexample:m,n,o,p->p\nexample:k,e->e\nexample:t,u,v->v\nexample:c,a->",
    "example:France->Paris\nexample:Japan->Tokyo\nexample:Italy->Rome\nexample:Egypt->Cairo\nexample:Peru->Lima\nexample:Spain->",
    "example:q->",
    "example:unheard of\n->->example: chat",
]
COUNT, DIGEST, EVERY = 10_000, 100, 16


class Draws:
    """A linear congruential generator that test/models/miniatures.test.ts repeats."""

    def __init__(self, seed: int):
        self.state = seed

    def below(self, n: int) -> int:
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return self.state * n // 2**32


NOISE = [" ", "  ", "\t", "é", "->", "\n", ",", "example:", "a,b", "unheard of", "<unk>", "🙂", "Paris,Rome"]


def random_prompts(words: list[str]) -> list[str]:
    draws, prompts = Draws(41), []

    def word() -> str:
        return NOISE[draws.below(len(NOISE))] if draws.below(8) == 0 else words[draws.below(len(words))]

    for _ in range(COUNT):
        lines = [f"example:{word()}->{word()}\n" for _ in range(draws.below(8))]
        prompts.append("".join(lines) + f"example:{word()}->")
    return prompts


def tokenizer_figures(folder: Path) -> dict:
    words = sorted(json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"])
    ids = AutoTokenizer.from_pretrained(folder)(random_prompts(words)).input_ids
    digests = [
        hashlib.sha256(json.dumps(ids[at : at + DIGEST], separators=(",", ":")).encode()).hexdigest()
        for at in range(0, COUNT, DIGEST)
    ]
    return {"prompts": COUNT, "perDigest": DIGEST, "digests": digests, "first": ids[:20]}


@torch.no_grad()
def logits_of(folder: Path) -> list[dict]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    found = []
    for text in PROMPTS:
        tokens = tokenizer(text, return_tensors="pt").input_ids
        logits = model(tokens, use_cache=False).logits[0, -1]
        best = int(logits.argmax())
        sample = [round(value, 6) for value in logits[::EVERY].tolist()]
        found.append({"text": text, "tokens": tokens[0].tolist(), "best": best, "bestLogit": round(logits[best].item(), 6), "sample": sample})
    return found


folders = sorted(path.parent for path in MODELS.glob("*/config.json"))
golden = {
    "torch": torch.__version__,
    "transformers": transformers.__version__,
    "every": EVERY,
    "tokenizer": tokenizer_figures(folders[0]),
    "models": {folder.name: logits_of(folder) for folder in folders},
}
(HERE / "miniatures.json").write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")

"""Writes test/golden/attention.json: attention weights of tiny models of some families, as transformers gives them.

    python test/golden/make_attention.py          (torch, transformers, safetensors)

Of the models of test/golden/families, by `output_attentions` of eager attention: the last token's weights, `[block][head]`, of
the prompts of 6 and 45 tokens, summed over groups of tokens: those at places 0, 5, 10, ..; the third of the prompt that follows
place 0; the last token. A model with sinks gives its keys less than 1 in sum.
Versions that made the committed file: torch 2.15.0, transformers 5.24.0.
"""

import json
from pathlib import Path

import torch
from make_families import rounded, tokens
from make_family_components import load

# Grouped queries, sliding windows and norms of keys, softcaps, ALiBi, fused projections, sinks, latent attention, positions
# without rotation, learned positions, chunks.
MODELS = [
    "llama-1",
    "gemma3_text-1",
    "gemma2-1",
    "bloom-1",
    "mpt-1",
    "falcon-1",
    "gpt_oss-1",
    "deepseek_v2-1",
    "deepseek_v3-1",
    "llama4_text-1",
    "opt-1",
    "gpt_neo-1",
    "smollm3-1",
]
LENGTHS = [6, 45]


def groups(length):
    return [list(range(0, length, 5)), list(range(1, 1 + length // 3)), [length - 1]]


@torch.no_grad()
def make(name):
    model = load(name)

    def weights(length):
        prompt = tokens(name, length)
        attentions = model(prompt[None], use_cache=False, output_attentions=True).attentions
        return [[rounded(block[0, :, -1, places].sum(-1)) for places in groups(length)] for block in attentions]

    # [block][head][group]
    return [[list(map(list, zip(*block))) for block in weights(length)] for length in LENGTHS]


if __name__ == "__main__":
    golden = {"lengths": LENGTHS, "models": {name: make(name) for name in MODELS}}
    (Path(__file__).parent / "attention.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")

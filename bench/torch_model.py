"""What both PyTorch peers share: loading the same weights in f32, and the JSON that `taskvec bench` exchanges.

Input (stdin):  {"model": folder or .gguf, "layers": N, "dev": [item], "test": [item]} with
                item = {"theta": [[ids], [ids]], "bare": [ids], "regular": [ids], "right": [ids of right answers]}
Output (stdout): {"seconds", "bestLayer", "dev": [[token by layer] by item], "regular": [token], "hypothesis": [token]}
"""

import json
import os
import sys
import time

import torch
from transformers import AutoModelForCausalLM


def load(path):
    torch.set_num_threads(1)
    folder, gguf = (os.path.dirname(path), os.path.basename(path)) if path.endswith(".gguf") else (path, None)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf, dtype=torch.float32)
    return model.eval()


def left_pad(prompts):
    """ids [batch, pos], mask [batch, pos] (1 = a token), positions [batch, pos] from 0 at each first token."""
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(p)) + list(p) for p in prompts])
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
    return ids, mask, (mask.cumsum(-1) - 1).clamp(min=0)


def best_layer(dev, items):
    """The lowest layer with the highest accuracy; dev: [item][layer] tokens."""
    right = [set(item["right"]) for item in items]
    counts = [sum(row[layer] in r for row, r in zip(dev, right)) for layer in range(len(dev[0]))]
    return counts.index(max(counts))


def main(method):
    job = json.load(sys.stdin)
    model = load(job["model"])
    with torch.no_grad():
        model(torch.tensor([[1, 2, 3]]))  # first use sets up kernels: not part of either method
        start = time.perf_counter()
        result = method(model, job["dev"], job["test"])
        result["seconds"] = time.perf_counter() - start
    json.dump(result, sys.stdout)

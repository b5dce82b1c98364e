"""What both PyTorch peers share: loading the same weights, and the JSON that `taskvec bench` exchanges.

Input (stdin):  {"model": folder or .gguf, "dtype", "runs", "layer": L or absent, "dev": [item], "test": [item]} with
                item = {"theta": [[ids], [ids]], "bare": [ids], "regular": [ids], "right": [ids of right answers]}
Output (stdout): {"seconds": [of each run], "processorSeconds": [of each run], "bestLayer",
                "dev": [[token by layer] by item], "regular": [token], "hypothesis": [token, at "layer" where that was given]}
"""

import json
import os
import sys
import time

import torch
from transformers import AutoModelForCausalLM


def load(path, dtype):
    torch.set_num_threads(1)
    folder, gguf = (os.path.dirname(path), os.path.basename(path)) if path.endswith(".gguf") else (path, None)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf, dtype=getattr(torch, dtype))
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
    model = load(job["model"], job["dtype"])
    runs, cpu = [], []
    with torch.no_grad():
        model(torch.tensor([[1, 2, 3]]))  # first use sets up kernels: not part of either method
        for _ in range(job["runs"]):
            start, used = time.perf_counter(), time.process_time()
            result = method(model, job["dev"], job["test"], job.get("layer"))
            runs.append(time.perf_counter() - start)
            cpu.append(time.process_time() - used)
    json.dump(dict(result, seconds=runs, processorSeconds=cpu), sys.stdout)

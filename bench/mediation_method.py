"""Indirect effects of heads as the public code of Todd et al. computes them (github.com/ericwtodd/function_vectors), written anew in
its structure: one whole forward pass, with the logits of every position, for each head of each layer and each prompt; a hook puts
the head's mean into what the output projection takes at the last token. Run by `taskvec bench --mediation`.

Input (stdin):  {"model": folder or .gguf, "every": n, "clean": [item], "shuffled": [item]}, item = {"tokens": [ids], "answer": id}
Output (stdout): {"cleanSeconds", "passSeconds": [..], "effects": [{"layer", "head", "effect"}]}, of every n-th head on the first
                item of "shuffled"; seconds are of processor time.
"""

import json
import sys
import time

import torch

from torch_model import load


def main():
    job = json.load(sys.stdin)
    model = load(job["model"], "float32")
    projections = [block.self_attn.o_proj for block in model.model.layers]
    heads = model.config.num_attention_heads
    width = projections[0].in_features // heads

    def last_logits(tokens):
        return model(torch.tensor([tokens])).logits[:, -1]

    with torch.no_grad():
        last_logits([1, 2, 3])  # first use sets up kernels: not part of the method
        start = time.process_time()
        means = torch.zeros(len(projections), heads, width)
        for item in job["clean"]:
            hooks = []
            for layer, module in enumerate(projections):

                def take(_, args, layer=layer):
                    means[layer] += args[0][0, -1].view(heads, width) / len(job["clean"])

                hooks.append(module.register_forward_pre_hook(take))
            last_logits(item["tokens"])
            for hook in hooks:
                hook.remove()
        item = job["shuffled"][0]
        before = last_logits(item["tokens"]).softmax(-1)[0, item["answer"]]
        clean_seconds = time.process_time() - start

        passes, effects = [], []
        for place in range(0, len(projections) * heads, job["every"]):
            layer, head = divmod(place, heads)
            start = time.process_time()

            def replace(_, args):
                x = args[0].clone()
                x[0, -1, head * width : (head + 1) * width] = means[layer, head]
                return (x,)

            hook = projections[layer].register_forward_pre_hook(replace)
            after = last_logits(item["tokens"]).softmax(-1)[0, item["answer"]]
            hook.remove()
            passes.append(time.process_time() - start)
            effects.append({"layer": layer, "head": head, "effect": (after - before).item()})
    json.dump({"cleanSeconds": clean_seconds, "passSeconds": passes, "effects": effects}, sys.stdout)


main()

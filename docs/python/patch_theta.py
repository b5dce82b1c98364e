"""Patches exported θ into plain transformers, and compares every hypothesis prediction of a task with taskvec's.

    taskvec vectors export SWEEP --task TASK --per-item --out thetas.safetensors
    python docs/python/patch_theta.py results.db thetas.safetensors FOLDER [FILE.gguf]

FOLDER holds the model: of Hugging Face, or with FILE.gguf in it. Needs torch, transformers, safetensors, and for GGUF gguf.
Exits with 1 if a prediction differs. --golden FILE also writes what transformers predicted, for taskvec's own tests.
"""

import argparse
import json
import re
import sqlite3

import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer


def patched(layer, theta):
    """A forward hook that replaces the last token's residual stream after a block (resid_post of L = `layer`) with θ."""

    def hook(_module, _inputs, output):
        hidden = output[0] if isinstance(output, tuple) else output
        hidden[:, -1] = theta
        return output

    return hook


def blocks_of(model):
    """LLaMA, Qwen, Gemma, .. have model.layers; GPT-2 and GPT-J transformer.h; GPT-NeoX gpt_neox.layers."""
    for path in ("model.layers", "transformer.h", "gpt_neox.layers"):
        try:
            return model.get_submodule(path)
        except AttributeError:
            continue
    raise SystemExit("name the list of blocks of this model in blocks_of")


@torch.no_grad()
def main(database, vectors, folder, gguf, golden):
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=gguf)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf, dtype=torch.float32).eval()
    blocks = blocks_of(model)
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    equal, found = 0, []
    with safe_open(vectors, "pt") as file:
        for name in file.keys():
            about = json.loads(file.metadata()[name])
            item = int(re.search(r"/item(\d+)$", name)[1])
            query, token = db.execute(
                """SELECT query, token FROM item_predictions
                   WHERE sweep = ? AND model = ? AND task = ? AND split = 'test' AND kind = 'hypothesis' AND item = ?""",
                (about["sweep"], about["model"], about["task"], item),
            ).fetchone()
            # [x, ->]: the template's last line, without demonstrations.
            prompt = about["prompt_query"].replace("{x}", query)
            tokens = tokenizer(prompt, return_tensors="pt").input_ids
            layer = int(about["layer"])
            handle = blocks[layer].register_forward_hook(patched(layer, file.get_tensor(name)))
            predicted = model(tokens, use_cache=False).logits[0, -1].argmax().item()
            handle.remove()
            equal += predicted == token
            found.append({"name": name, "layer": layer, "tokens": tokens[0].tolist(), "predicted": predicted})
            if predicted != token:
                print(f"{name}: {tokenizer.decode(token)!r} by taskvec, {tokenizer.decode(predicted)!r} by transformers")
    print(f"{equal} of {len(found)} hypothesis predictions are the same")
    if golden:
        with open(golden, "w") as out:
            json.dump(found, out)
    return equal == len(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("database", "vectors", "folder"):
        parser.add_argument(name)
    parser.add_argument("gguf", nargs="?")
    parser.add_argument("--golden")
    raise SystemExit(0 if main(**vars(parser.parse_args())) else 1)

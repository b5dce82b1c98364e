"""Writes test/golden/family-components.json: head outputs and indirect effects of tiny models of some families, by plain hooks.

    python test/golden/make_family_components.py          (torch, transformers, safetensors)

Of the models of test/golden/families, for the prompts of 6 and 45 tokens: what the output projection takes at the last token,
`[block][heads * d_value]`, averaged over the two; and, in each of them, the change of token 7's probability where one head has
that average in its place, `[block][head]`. Versions that made the committed file: torch 2.15.0, transformers 5.24.0.
"""

import json
import tempfile
from pathlib import Path

import torch
from make_families import OUT, blocks, rounded, tokens, values
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

# The output projection, within a block.
MODELS = {
    "llama-1": "self_attn.o_proj",
    "gemma3_text-1": "self_attn.o_proj",
    "granite-1": "self_attn.o_proj",
    "olmo2-1": "self_attn.o_proj",
    "phi-1": "self_attn.dense",
    "falcon-1": "self_attention.dense",
    "opt-1": "self_attn.out_proj",
    "gpt_bigcode-1": "attn.c_proj",
}
LENGTHS, ANSWER = [6, 45], 7


def load(name):
    golden = json.loads((OUT / f"{name}.json").read_text())
    weights = {
        tensor: values(f"{name}/{tensor}", shape) if shape else torch.tensor(golden["scalars"][tensor])
        for tensor, shape in golden["tensors"].items()
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(golden["config"]))
        save_file(weights, f"{folder}/model.safetensors", {"format": "pt"})
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


@torch.no_grad()
def make(name, path):
    model = load(name)
    heads = model.config.num_attention_heads
    projections = [block.get_submodule(path) for block in blocks(model)]
    prompts = [tokens(name, length) for length in LENGTHS]

    def probability(prompt):
        return model(prompt[None], use_cache=False).logits[0, -1].softmax(-1)[ANSWER].item()

    means = [0] * len(projections)
    for layer, module in enumerate(projections):

        def take(_, args, layer=layer):
            means[layer] = means[layer] + args[0].flatten(0, -2)[-1] / len(prompts)

        hook = module.register_forward_pre_hook(take)
        own = [probability(prompt) for prompt in prompts]
        hook.remove()
    effects = []
    for prompt, before in zip(prompts, own):
        effects.append([])
        for layer, module in enumerate(projections):
            width = len(means[layer]) // heads
            effects[-1].append([])
            for head in range(heads):

                def replace(_, args):
                    x = args[0].clone()
                    of_head = slice(head * width, (head + 1) * width)
                    x.flatten(0, -2)[-1, of_head] = means[layer][of_head]
                    return (x,)

                hook = module.register_forward_pre_hook(replace)
                effects[-1][-1].append(round(probability(prompt) - before, 7))
                hook.remove()
    return {"means": [rounded(mean) for mean in means], "effects": effects}


if __name__ == "__main__":
    golden = {"lengths": LENGTHS, "answer": ANSWER, "models": {name: make(name, path) for name, path in MODELS.items()}}
    (Path(__file__).parent / "family-components.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")

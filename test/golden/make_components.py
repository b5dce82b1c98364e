"""Writes test/golden/smollm2-components.json: head outputs, indirect effects and a function vector of SmolLM2, by plain hooks.

    python test/golden/make_components.py FOLDER FILE.gguf          (torch, transformers, gguf)

The computations of Todd et al. (ICLR 2024, arXiv 2310.15213), section 2, on antonyms: mean head outputs at the last token of
clean prompts; each head's mean put in its place in prompts with shuffled labels; the ten heads with the largest mean effect;
the sum of their mean outputs added after a block in zero-shot prompts. Head outputs are what the output projection takes.
Of the means, every 37th value is kept. Versions that made the committed file: torch 2.15.0, transformers 5.24.0.
"""

import json
import random
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PAIRS = """hot cold|big small|early late|wet dry|fast slow|up down|left right|open closed|light dark|happy sad|old new|rich poor|
hard soft|high low|long short|strong weak|near far|full empty|thick thin|loud quiet|clean dirty|young old|good bad|true false|
day night|black white|first last|inside outside|push pull|win lose""".replace("\n", "").split("|")
PAIRS = [tuple(" " + word for word in pair.split()) for pair in PAIRS]
CLEAN, SHUFFLED, ZERO_SHOT = 10, 2, 20
LAYERS = [10, 14, 16, 18, 20]
STRIDE = 37


def prompt(demonstrations, query):
    return "\n".join([*(f"example:{x}->{y}" for x, y in demonstrations), f"example:{query}->"])


@torch.no_grad()
def main(folder: str, file: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=file, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    blocks, heads = model.config.num_hidden_layers, model.config.num_attention_heads
    width = model.config.hidden_size // heads
    draw = random.Random(41)

    def encode(text):
        return tokenizer(text).input_ids

    def few_shot(shuffle):
        *demonstrations, (query, answer) = draw.sample(PAIRS, 6)
        outputs = [y for _, y in demonstrations]
        if shuffle:
            draw.shuffle(outputs)
        text = prompt(list(zip([x for x, _ in demonstrations], outputs)), query)
        return {"tokens": encode(text), "answer": encode(answer)[0]}

    clean = [few_shot(False) for _ in range(CLEAN)]
    shuffled = [few_shot(True) for _ in range(SHUFFLED)]
    zero_shot = [{"tokens": encode(prompt([], x)), "answer": encode(y)[0]} for x, y in PAIRS[:ZERO_SHOT]]

    def run(tokens, copies=1):
        return model(torch.tensor([tokens] * copies), use_cache=False, logits_to_keep=1).logits[:, -1]

    projections = [layer.self_attn.o_proj for layer in model.model.layers]
    means = torch.zeros(blocks, heads, width)
    for item in clean:
        hooks = []
        for layer, module in enumerate(projections):

            def take(_, args, layer=layer):
                means[layer] += args[0][0, -1].view(heads, width) / CLEAN

            hooks.append(module.register_forward_pre_hook(take))
        run(item["tokens"])
        for hook in hooks:
            hook.remove()

    effects = torch.zeros(SHUFFLED, blocks, heads)
    for i, item in enumerate(shuffled):
        before = run(item["tokens"]).softmax(-1)[0, item["answer"]]
        for layer, module in enumerate(projections):

            def replace(_, args, layer=layer):
                (x,) = args
                x = x.clone()
                for head in range(heads):  # the copy of the prompt at place `head` has that head replaced
                    x[head, -1, head * width : (head + 1) * width] = means[layer, head]
                return (x,)

            hook = module.register_forward_pre_hook(replace)
            effects[i, layer] = run(item["tokens"], heads).softmax(-1)[:, item["answer"]] - before
            hook.remove()

    order = effects.mean(0).flatten().argsort(descending=True)[:10].tolist()
    top = [[place // heads, place % heads] for place in order]
    vector = torch.zeros(model.config.hidden_size)
    for layer, head in top:
        weight = projections[layer].weight[:, head * width : (head + 1) * width]
        vector += weight @ means[layer, head]

    predicted = []
    for layer in LAYERS:

        def add(_, __, output):
            hidden = output[0] if isinstance(output, tuple) else output
            hidden[:, -1] += vector

        hook = model.model.layers[layer].register_forward_hook(add)
        predicted.append([run(item["tokens"]).argmax().item() for item in zero_shot])
        hook.remove()

    golden = {
        "clean": clean,
        "shuffled": shuffled,
        "zeroShot": zero_shot,
        "stride": STRIDE,
        "means": rounded(means.flatten()[::STRIDE]),
        "effects": [rounded(of.flatten()) for of in effects],
        "top": top,
        "vector": rounded(vector[::STRIDE]),
        "layers": LAYERS,
        "predicted": predicted,
    }
    out = Path(__file__).parent / "smollm2-components.json"
    out.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


def rounded(values):
    return [round(value, 6) for value in values.tolist()]


main(*sys.argv[1:])

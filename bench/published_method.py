"""The published method as its authors' code runs it (github.com/roeehendel/icl_task_vectors), written anew in its structure:
batches of left-padded prompts, all hidden states of the dummy prompts, the key-value cache of [x, ->] kept, then for every L one
forward of the last token through all layers with a hook that puts theta in its place. Run by `taskvec bench`.
"""

import torch

from torch_model import best_layer, left_pad, main


def forward(model, prompts, **kwargs):
    ids, mask, positions = left_pad(prompts)
    return model(input_ids=ids, attention_mask=mask, position_ids=positions, **kwargs)


def thetas(model, items):
    """theta [item, layer, d_model]: the mean over the dummy queries of the last token's state after each block."""
    states = []
    hooks = [block.register_forward_hook(lambda _m, _i, out: states.append(first(out)[:, -1])) for block in model.model.layers]
    forward(model, [prompt for item in items for prompt in item["theta"]], use_cache=False)
    for hook in hooks:
        hook.remove()
    stacked = torch.stack(states, 1)
    return stacked.view(len(items), -1, *stacked.shape[1:]).mean(1)


def patched(model, layer, vectors, **inputs):
    """Greedy next token with `vectors` [item, d_model] in the last token's place after block `layer`."""

    def put(_module, _inputs, out):
        first(out)[:, -1] = vectors
        return out

    hook = model.model.layers[layer].register_forward_hook(put)
    logits = model(**inputs).logits[:, -1]
    hook.remove()
    return logits.argmax(-1)


def first(out):
    return out[0] if isinstance(out, tuple) else out


def method(model, dev, test, fixed_layer=None):
    theta = thetas(model, dev)
    ids, mask, positions = left_pad([item["bare"] for item in dev])
    cache = model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=True).past_key_values
    cache.crop(-1)
    by_layer = []
    for layer in range(theta.shape[1]):
        inputs = dict(input_ids=ids[:, -1:], attention_mask=mask, position_ids=positions[:, -1:], past_key_values=cache)
        by_layer.append(patched(model, layer, theta[:, layer], **inputs))
        cache.crop(-1)
    tokens = torch.stack(by_layer, 1).tolist()
    own_best = best_layer(tokens, dev)
    best = own_best if fixed_layer is None else fixed_layer

    regular = forward(model, [item["regular"] for item in test]).logits[:, -1].argmax(-1)
    theta = thetas(model, test)
    ids, mask, positions = left_pad([item["bare"] for item in test])
    hypothesis = patched(model, best, theta[:, best], input_ids=ids, attention_mask=mask, position_ids=positions)
    return {"dev": tokens, "bestLayer": own_best, "regular": regular.tolist(), "hypothesis": hypothesis.tolist()}


main(method)

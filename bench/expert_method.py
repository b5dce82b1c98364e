"""What a PyTorch expert would write for the same results: the demonstrations' key-value cache shared by the query and the dummy
queries, all layers L in one batch on the last token, blocks up to L skipped, logits of the last token only. LLaMA and Gemma 3.
Run by `taskvec bench`.
"""

import torch
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from torch_model import best_layer, left_pad, main

ITEMS_AT_ONCE = 25


def common_prefix(prompts):
    length = 0
    while all(len(p) > length + 1 and p[length] == prompts[0][length] for p in prompts):
        length += 1
    return length


def last_states(model, items, with_regular):
    """States of the last tokens after each block: theta [item, layer, d], and regular's final ones [item, d]."""
    prompts = [item["theta"] + ([item["regular"]] if with_regular else []) for item in items]
    cuts = [common_prefix(p) for p in prompts]
    ids, mask, positions = left_pad([p[0][:cut] for p, cut in zip(prompts, cuts)])
    cache = model.model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=True).past_key_values
    branches = len(prompts[0])
    cache.batch_repeat_interleave(branches)
    suffixes = [branch[cut:] for p, cut in zip(prompts, cuts) for branch in p]
    s_ids, s_mask, s_positions = left_pad(suffixes)
    s_positions = s_positions + torch.tensor([cut for cut in cuts for _ in range(branches)])[:, None]
    full_mask = torch.cat([mask.repeat_interleave(branches, 0), s_mask], 1)
    states = []
    hooks = [b.register_forward_hook(lambda _m, _i, o: states.append((o[0] if isinstance(o, tuple) else o)[:, -1])) for b in model.model.layers]
    model.model(input_ids=s_ids, attention_mask=full_mask, position_ids=s_positions, past_key_values=cache, use_cache=True)
    for hook in hooks:
        hook.remove()
    stacked = torch.stack(states, 1).view(len(items), branches, len(states), -1)
    dummies = len(items[0]["theta"])
    return stacked[:, :dummies].mean(1), stacked[:, -1, -1]


def run_patched(model, items, theta, layers):
    """Greedy tokens [item, layer]: theta_L enters after block L and goes through blocks L+1.. only."""
    bare = [item["bare"] for item in items]
    ids, mask, positions = left_pad([p[:-1] for p in bare])
    cache = model.model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=True).past_key_values
    at = torch.tensor([[len(p) - 1] for p in bare])
    rotary = rotary_by_block(model.model, theta, at)
    hidden = theta.new_empty(len(items), 0, theta.shape[-1])
    blind = theta.new_zeros(mask.shape).masked_fill(mask == 0, float("-inf"))[:, None, None]
    for number, block in enumerate(model.model.layers):
        if hidden.shape[1] > 0:
            hidden = through_block(block, hidden, cache.layers[number].keys, cache.layers[number].values, rotary[number], blind)
        if number in layers:
            hidden = torch.cat([hidden, theta[:, number : number + 1]], 1)
    flat = hidden.flatten(0, 1).split(256)
    tokens = torch.cat([model.lm_head(model.model.norm(rows)).argmax(-1) for rows in flat])
    return tokens.view(len(items), -1)


def rotary_by_block(model, x, at):
    """Cosines and sines of each block: Gemma 3 turns blocks with a window by another base."""
    kinds = getattr(model.config, "layer_types", None)
    if not kinds:
        return [model.rotary_emb(x, at)] * len(model.layers)
    by_kind = {kind: model.rotary_emb(x, at, kind) for kind in set(kinds)}
    return [by_kind[kind] for kind in kinds]


def through_block(block, hidden, keys, values, rotary, blind):
    """hidden [item, row, d]: rows that each see the cached tokens and themselves, not one another."""
    attention = block.self_attn
    normed = block.input_layernorm(hidden)
    heads = lambda x: x.view(*x.shape[:2], -1, attention.head_dim).transpose(1, 2)
    q, k, v = heads(attention.q_proj(normed)), heads(attention.k_proj(normed)), heads(attention.v_proj(normed))
    if hasattr(attention, "q_norm"):
        q, k = attention.q_norm(q), attention.k_norm(k)
    q, k = apply_rotary_pos_emb(q, k, *rotary)
    group = q.shape[1] // k.shape[1]
    wide = lambda x: x.repeat_interleave(group, 1)
    k, v, keys, values = wide(k), wide(v), wide(keys), wide(values)
    scores = torch.cat([q @ keys.transpose(2, 3) * attention.scaling + blind, (q * k).sum(-1, keepdim=True) * attention.scaling], -1)
    weights = scores.softmax(-1)
    mixed = weights[..., :-1] @ values + weights[..., -1:] * v
    attended = attention.o_proj(mixed.transpose(1, 2).flatten(2))
    if not hasattr(block, "pre_feedforward_layernorm"):
        hidden = hidden + attended
        return hidden + block.mlp(block.post_attention_layernorm(hidden))
    # Gemma 3: a norm before and one behind each part. The prompts are shorter than its window.
    hidden = hidden + block.post_attention_layernorm(attended)
    return hidden + block.post_feedforward_layernorm(block.mlp(block.pre_feedforward_layernorm(hidden)))


def chunks(items):
    return [items[i : i + ITEMS_AT_ONCE] for i in range(0, len(items), ITEMS_AT_ONCE)]


def method(model, dev, test, fixed_layer=None):
    tokens = []
    for part in chunks(dev):
        theta, _ = last_states(model, part, with_regular=False)
        tokens += run_patched(model, part, theta, range(theta.shape[1])).tolist()
    own_best = best_layer(tokens, dev)
    best = own_best if fixed_layer is None else fixed_layer
    regular, hypothesis = [], []
    for part in chunks(test):
        theta, final = last_states(model, part, with_regular=True)
        regular += model.lm_head(model.model.norm(final)).argmax(-1).tolist()
        hypothesis += run_patched(model, part, theta, [best])[:, 0].tolist()
    return {"dev": tokens, "bestLayer": own_best, "regular": regular, "hypothesis": hypothesis}


main(method)

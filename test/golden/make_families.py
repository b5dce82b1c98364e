"""Writes test/golden/families/<name>.json: tiny models of every family, two sets of options each, and what transformers
computes on them in f32.

    python test/golden/make_families.py [NAME ...]          (torch, transformers, safetensors)

A file holds a config.json, names and shapes of the checkpoint's tensors, and for each prompt length the last token's residual
stream after every block `[block][d_model]` (before any later norm) and its logits `[vocab]`. Weights and tokens are not in it:
`values` and `tokens` below make them from their names, and test/golden/families.ts makes the same ones.
Versions that made the committed files: torch 2.15.0, transformers 5.24.0.
"""

import json
import math
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

OUT = Path(__file__).parent / "families"
LENGTHS = [1, 6, 45, 300]
VOCAB = 48

# Fields that most families share.
BASE = dict(
    vocab_size=VOCAB, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=320, bos_token_id=0, eos_token_id=0, pad_token_id=0,
)  # fmt: skip
LLAMA3 = dict(
    rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16
)
SLIDING, FULL = "sliding_attention", "full_attention"


def base(**config):
    return {**BASE, **config}


# family -> option sets. Configs are as repositories have them; those with `resaved` are as transformers 5 writes them.
FAMILIES = {
    "llama": [
        base(rope_theta=500000.0, rope_scaling=LLAMA3, tie_word_embeddings=True, head_dim=8),
        base(attention_bias=True, mlp_bias=True, hidden_act="gelu", num_key_value_heads=None, resaved=True),
    ],
    "mistral": [
        base(sliding_window=9, rope_theta=10000.0),
        base(sliding_window=None, head_dim=8, num_key_value_heads=1, resaved=True),
    ],
    "ministral": [
        base(sliding_window=7, layer_types=[SLIDING, FULL], head_dim=8),
        base(sliding_window=7, head_dim=4, resaved=True),
    ],
    "ministral3": [
        base(
            head_dim=8,
            rope_parameters=dict(
                rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=40, mscale=1.0,
                mscale_all_dim=1.0, beta_fast=32.0, beta_slow=1.0, llama_4_scaling_beta=0.1,
            ),
        ),
        base(head_dim=4, sliding_window=20, resaved=True),
    ],
    "qwen2": [
        base(rope_theta=1000000.0, use_sliding_window=False, sliding_window=8, max_window_layers=1, tie_word_embeddings=True),
        base(use_sliding_window=True, sliding_window=8, max_window_layers=1, resaved=True),
    ],
    "qwen3": [
        base(head_dim=8, rope_theta=1000000.0, rope_scaling=None, use_sliding_window=False, tie_word_embeddings=True),
        base(head_dim=4, attention_bias=True, use_sliding_window=True, sliding_window=8, max_window_layers=1, resaved=True),
    ],
    "gemma": [
        base(head_dim=8, hidden_act="gelu", hidden_activation=None),
        base(head_dim=4, num_key_value_heads=1, attention_bias=True, tie_word_embeddings=False, resaved=True),
    ],
    "gemma2": [
        base(head_dim=8, query_pre_attn_scalar=12, sliding_window=9, hidden_activation="gelu_pytorch_tanh"),
        base(head_dim=4, attn_logit_softcapping=5.0, final_logit_softcapping=None, sliding_window=20,
             layer_types=[FULL, SLIDING], resaved=True),
    ],
    "vaultgemma": [
        base(head_dim=8, query_pre_attn_scalar=12, sliding_window=9, hidden_activation="gelu_pytorch_tanh"),
        base(head_dim=4, attn_logit_softcapping=None, final_logit_softcapping=None, sliding_window=20, tie_word_embeddings=False,
             attention_bias=True, layer_types=[FULL, SLIDING], resaved=True),
    ],
    "gemma3_text": [
        base(head_dim=8, query_pre_attn_scalar=8, sliding_window=9, sliding_window_pattern=2, num_hidden_layers=3,
             rope_theta=1000000.0, rope_local_base_freq=10000.0, rope_scaling=dict(rope_type="linear", factor=8.0)),
        base(head_dim=4, query_pre_attn_scalar=16, sliding_window=20, layer_types=[FULL, SLIDING], resaved=True,
             final_logit_softcapping=10.0),
    ],
    "phi": [
        base(num_key_value_heads=None, partial_rotary_factor=0.5, rope_theta=10000.0, num_attention_heads=2),
        base(qk_layernorm=True, num_attention_heads=2, num_key_value_heads=1, hidden_act="gelu", resaved=True),
    ],
    "phi3": [
        base(original_max_position_embeddings=320, sliding_window=30, rope_theta=10000.0),
        base(
            num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=640, tie_word_embeddings=True,
            original_max_position_embeddings=320, sliding_window=None,
            rope_parameters=dict(
                rope_type="longrope", rope_theta=10000.0, partial_rotary_factor=0.5, short_factor=[1.0, 1.3],
                long_factor=[2.0, 4.0], original_max_position_embeddings=320,
            ),
        ),
    ],
    "olmo": [
        base(clip_qkv=0.7, rope_theta=10000.0, num_key_value_heads=None),
        base(clip_qkv=None, attention_bias=True, tie_word_embeddings=True, resaved=True),
    ],
    "olmo2": [base(rope_theta=500000.0, num_key_value_heads=4), base(attention_bias=True, tie_word_embeddings=True, resaved=True)],
    "olmo3": [
        base(num_hidden_layers=4, sliding_window=9, rope_theta=500000, num_key_value_heads=4,
             rope_scaling=dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=40, attention_factor=1.1,
                               beta_fast=32.0, beta_slow=1.0)),
        base(layer_types=[FULL, SLIDING], sliding_window=20, resaved=True),
    ],
    "falcon": [
        dict(vocab_size=VOCAB, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, bias=False, alibi=False,
             new_decoder_architecture=False, multi_query=True, parallel_attn=True, max_position_embeddings=320),
        dict(vocab_size=VOCAB, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, num_kv_heads=2, bias=False,
             alibi=False, new_decoder_architecture=True, parallel_attn=True, max_position_embeddings=320, resaved=True),
        dict(vocab_size=VOCAB, hidden_size=24, num_hidden_layers=2, num_attention_heads=6, bias=True, alibi=True,
             new_decoder_architecture=False, multi_query=False, parallel_attn=False, max_position_embeddings=320),
        dict(vocab_size=VOCAB, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, num_kv_heads=2, bias=True,
             alibi=False, new_decoder_architecture=True, num_ln_in_parallel_attn=1, ffn_hidden_size=24,
             max_position_embeddings=320, tie_word_embeddings=False),
    ],
    "mpt": [
        dict(vocab_size=VOCAB, d_model=16, n_heads=4, n_layers=2, max_seq_len=320, no_bias=True,
             attn_config=dict(alibi=True, clip_qkv=0.6, attn_impl="torch", softmax_scale=None)),
        dict(vocab_size=VOCAB, d_model=24, n_heads=6, n_layers=2, max_seq_len=320,
             attn_config=dict(alibi=True, alibi_bias_max=4, softmax_scale=0.3), resaved=True),
    ],
    "bloom": [
        dict(vocab_size=VOCAB, n_embed=16, n_layer=2, num_attention_heads=4, seq_length=320),
        dict(vocab_size=VOCAB, hidden_size=24, n_layer=2, n_head=6, seq_length=320,
             apply_residual_connection_post_layernorm=True, resaved=True),
    ],
    "opt": [
        dict(vocab_size=VOCAB, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, ffn_dim=24,
             max_position_embeddings=320, word_embed_proj_dim=16),
        dict(vocab_size=VOCAB, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, ffn_dim=24,
             max_position_embeddings=320, word_embed_proj_dim=12, do_layer_norm_before=False, resaved=True),
        dict(vocab_size=VOCAB, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, ffn_dim=24,
             max_position_embeddings=320, enable_bias=False, layer_norm_elementwise_affine=False, activation_function="gelu"),
    ],
    "gpt_neo": [
        dict(vocab_size=VOCAB, hidden_size=16, num_layers=2, num_heads=4, intermediate_size=None, window_size=9,
             attention_types=[[["global", "local"], 1]], max_position_embeddings=320),
        dict(vocab_size=VOCAB, hidden_size=16, num_layers=3, num_heads=2, intermediate_size=24, window_size=20,
             attention_types=[[["local"], 2], [["global"], 1]], max_position_embeddings=320, tie_word_embeddings=False,
             resaved=True),
    ],
    "gpt_bigcode": [
        dict(vocab_size=VOCAB, n_embd=16, n_layer=2, n_head=4, n_inner=24, n_positions=320, multi_query=True),
        dict(vocab_size=VOCAB, n_embd=16, n_layer=2, n_head=2, n_positions=320, multi_query=False,
             activation_function="gelu", scale_attn_weights=False, tie_word_embeddings=False, resaved=True),
    ],
    "starcoder2": [
        base(use_bias=True, sliding_window=20, rope_theta=100000.0, norm_epsilon=1e-5),
        base(use_bias=False, num_key_value_heads=1, tie_word_embeddings=False, hidden_act="relu", resaved=True),
    ],
    "stablelm": [
        base(num_attention_heads=2, num_key_value_heads=1, use_qkv_bias=True, rope_theta=10000, partial_rotary_factor=0.25,
             layer_norm_eps=1e-5),
        base(num_attention_heads=2, qk_layernorm=True, use_parallel_residual=True, resaved=True),
    ],
    "cohere": [
        base(use_qk_norm=False, logit_scale=0.25, rope_theta=10000.0),
        base(use_qk_norm=True, attention_bias=True, tie_word_embeddings=False, resaved=True),
    ],
    "cohere2": [
        base(num_hidden_layers=4, sliding_window=9, sliding_window_pattern=4, rope_theta=50000, logit_scale=0.25),
        base(sliding_window=20, layer_types=[FULL, SLIDING], attention_bias=True, resaved=True),
        base(sliding_window=20, layer_types=[SLIDING, FULL]),
    ],
    "granite": [
        base(embedding_multiplier=6.0, logits_scaling=4.0, residual_multiplier=0.22, attention_multiplier=0.3, rope_theta=10000),
        base(attention_bias=True, mlp_bias=True, tie_word_embeddings=True, residual_multiplier=0.5, resaved=True),
    ],
    "smollm3": [
        base(num_hidden_layers=4, rope_theta=5000000.0, no_rope_layer_interval=4, no_rope_layers=[1, 1, 1, 0]),
        base(no_rope_layer_interval=2, use_sliding_window=True, sliding_window=9, attention_bias=True, mlp_bias=True,
             tie_word_embeddings=False, resaved=True),
    ],
    "glm": [
        base(head_dim=8, partial_rotary_factor=0.5, rope_theta=10000.0, attention_bias=True),
        base(head_dim=16, attention_bias=False, num_key_value_heads=1, resaved=True),
    ],
    "glm4": [
        base(head_dim=8, partial_rotary_factor=0.5, rope_theta=10000.0, attention_bias=True),
        base(head_dim=16, attention_bias=False, num_key_value_heads=4, resaved=True),
    ],
    "glm4_moe": [
        base(head_dim=8, n_routed_experts=6, num_experts_per_tok=2, moe_intermediate_size=8, first_k_dense_replace=1, n_group=3,
             topk_group=2, routed_scaling_factor=2.5, use_qk_norm=True, rope_theta=1000000, partial_rotary_factor=0.5),
        base(head_dim=4, n_routed_experts=4, num_experts_per_tok=3, n_shared_experts=2, moe_intermediate_size=12,
             first_k_dense_replace=0, norm_topk_prob=False, attention_bias=True, tie_word_embeddings=True, resaved=True),
    ],
    "nemotron": [
        base(partial_rotary_factor=0.5, rope_theta=10000.0, norm_eps=1e-5, hidden_act="relu2", head_dim=None),
        base(head_dim=8, attention_bias=True, mlp_bias=True, tie_word_embeddings=True, resaved=True),
    ],
    "exaone4": [
        base(num_hidden_layers=4, sliding_window=9, sliding_window_pattern="LLLG",
             layer_types=[SLIDING, SLIDING, SLIDING, FULL], rope_theta=1000000),
        base(sliding_window=None, layer_types=[FULL, FULL], num_key_value_heads=1, resaved=True),
    ],
    "seed_oss": [
        base(head_dim=8, rope_theta=10000000.0, attention_bias=True, attention_out_bias=False),
        base(head_dim=4, attention_bias=False, attention_out_bias=True, mlp_bias=True, tie_word_embeddings=True, resaved=True),
    ],
    "apertus": [
        base(rope_theta=12000000.0, rope_scaling=LLAMA3, hidden_act="xielu"),
        base(hidden_act="xielu", attention_bias=True, tie_word_embeddings=True, resaved=True),
    ],
    "helium": [
        base(head_dim=4, rope_theta=100000.0, rms_norm_eps=1e-8),
        base(head_dim=4, attention_bias=True, mlp_bias=True, num_key_value_heads=4, tie_word_embeddings=True, resaved=True),
    ],
    "ernie4_5": [
        base(head_dim=8, rope_theta=500000.0, use_bias=False),
        base(head_dim=4, use_bias=True, tie_word_embeddings=False, resaved=True),
    ],
    "hunyuan_v1_dense": [
        base(head_dim=8, rope_theta=10000.0, rope_scaling=dict(type="dynamic", alpha=1000.0, factor=1.0, beta_fast=32, beta_slow=1)),
        base(head_dim=4, attention_bias=True, tie_word_embeddings=True, resaved=True),
    ],
    "arcee": [
        base(rope_theta=10000.0, rope_scaling=dict(rope_type="yarn", factor=5.0, original_max_position_embeddings=64), head_dim=8),
        base(attention_bias=True, mlp_bias=True, tie_word_embeddings=True, resaved=True),
    ],
    "mixtral": [
        base(num_local_experts=4, num_experts_per_tok=2, rope_theta=1000000.0),
        base(num_local_experts=3, num_experts_per_tok=1, sliding_window=9, head_dim=8, tie_word_embeddings=True, resaved=True),
    ],
    "qwen2_moe": [
        base(num_experts=5, num_experts_per_tok=2, moe_intermediate_size=12, shared_expert_intermediate_size=20),
        base(num_hidden_layers=4, num_experts=4, num_experts_per_tok=3, moe_intermediate_size=8, shared_expert_intermediate_size=8,
             decoder_sparse_step=2, mlp_only_layers=[1], norm_topk_prob=True, qkv_bias=False, use_sliding_window=True,
             sliding_window=9, max_window_layers=3, resaved=True),
        base(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=8, shared_expert_intermediate_size=8, resaved=True),
    ],
    "qwen3_moe": [
        base(head_dim=8, num_experts=6, num_experts_per_tok=2, moe_intermediate_size=12, norm_topk_prob=True, rope_theta=1000000.0),
        base(num_hidden_layers=3, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=8, mlp_only_layers=[1],
             attention_bias=True, use_sliding_window=True, sliding_window=9, tie_word_embeddings=True, resaved=True),
    ],
    "olmoe": [
        base(num_experts=6, num_experts_per_tok=3, num_key_value_heads=4),
        base(num_experts=4, num_experts_per_tok=2, norm_topk_prob=True, clip_qkv=0.8, attention_bias=True, resaved=True),
    ],
    "phimoe": [
        base(num_local_experts=4, attention_bias=True, lm_head_bias=True, sliding_window=200),
        base(num_local_experts=6, router_jitter_noise=0.4, original_max_position_embeddings=320, max_position_embeddings=640,
             rope_parameters=dict(rope_type="longrope", rope_theta=10000.0, short_factor=[1.0, 1.1], long_factor=[2.0, 3.0],
                                  short_mscale=1.24, long_mscale=1.3, original_max_position_embeddings=320), resaved=True),
    ],
    "granitemoe": [
        base(num_local_experts=4, num_experts_per_tok=2, embedding_multiplier=12.0, logits_scaling=6.0, residual_multiplier=0.22,
             attention_multiplier=0.1, tie_word_embeddings=True),
        base(num_local_experts=3, num_experts_per_tok=3, attention_bias=True, resaved=True),
    ],
    "gpt_oss": [
        base(num_hidden_layers=3, head_dim=8, num_local_experts=4, num_experts_per_tok=2, sliding_window=9, rope_theta=150000,
             rope_scaling=dict(rope_type="yarn", factor=32.0, beta_fast=32.0, beta_slow=1.0, truncate=False,
                               original_max_position_embeddings=40)),
        base(head_dim=4, num_local_experts=3, num_experts_per_tok=1, attention_bias=False, swiglu_alpha=1.5, swiglu_limit=0.5,
             layer_types=[FULL, SLIDING], sliding_window=20, tie_word_embeddings=True, resaved=True),
    ],
    "deepseek_v2": [
        base(q_lora_rank=None, kv_lora_rank=10, qk_nope_head_dim=6, qk_rope_head_dim=4, v_head_dim=8, n_routed_experts=5,
             num_experts_per_tok=2, n_shared_experts=2, moe_intermediate_size=8, first_k_dense_replace=1, num_key_value_heads=4,
             rope_theta=10000.0, rope_scaling=dict(type="yarn", factor=40, beta_fast=32, beta_slow=1, mscale=0.707,
                                                   mscale_all_dim=0.707, original_max_position_embeddings=40)),
        base(q_lora_rank=12, kv_lora_rank=8, qk_nope_head_dim=4, qk_rope_head_dim=8, v_head_dim=4, n_routed_experts=6,
             num_experts_per_tok=3, n_shared_experts=1, moe_intermediate_size=12, topk_method="group_limited_greedy", n_group=3,
             topk_group=2, routed_scaling_factor=2.0, attention_bias=True, mlp_bias=True, num_key_value_heads=4, resaved=True),
    ],
    "deepseek_v3": [
        base(q_lora_rank=12, kv_lora_rank=10, qk_nope_head_dim=6, qk_rope_head_dim=4, v_head_dim=8, n_routed_experts=6,
             num_experts_per_tok=2, n_shared_experts=1, moe_intermediate_size=8, first_k_dense_replace=1, num_key_value_heads=4,
             n_group=3, topk_group=2, rope_theta=10000.0,
             rope_scaling=dict(type="yarn", factor=40, beta_fast=32, beta_slow=1, mscale=1.0, mscale_all_dim=1.0,
                               original_max_position_embeddings=40)),
        base(q_lora_rank=None, kv_lora_rank=8, qk_nope_head_dim=4, qk_rope_head_dim=4, v_head_dim=12, n_routed_experts=4,
             num_experts_per_tok=3, n_shared_experts=2, moe_intermediate_size=8, first_k_dense_replace=0, num_key_value_heads=4,
             n_group=1, topk_group=1, norm_topk_prob=False, routed_scaling_factor=1.5, rope_interleave=False,
             attention_bias=True, resaved=True),
    ],
    "dots1": [
        base(n_routed_experts=6, n_shared_experts=1, num_experts_per_tok=2, moe_intermediate_size=8, first_k_dense_replace=1,
             n_group=3, topk_group=2, norm_topk_prob=True, routed_scaling_factor=2.5, sliding_window=None, rope_theta=10000000),
        base(n_routed_experts=4, n_shared_experts=2, num_experts_per_tok=3, moe_intermediate_size=12, attention_bias=True,
             sliding_window=9, max_window_layers=1, tie_word_embeddings=True, resaved=True),
    ],
    "llama4_text": [
        base(num_hidden_layers=4, head_dim=8, intermediate_size_mlp=20, num_local_experts=4, num_experts_per_tok=1,
             attention_chunk_size=16, floor_scale=20, attn_scale=0.3, rope_theta=500000.0),
        base(num_hidden_layers=2, head_dim=4, intermediate_size_mlp=20, num_local_experts=3, num_experts_per_tok=2,
             interleave_moe_layer_step=2, use_qk_norm=False, no_rope_layer_interval=2, attention_chunk_size=None,
             attn_temperature_tuning=False, attention_bias=True, resaved=True),
    ],
}  # fmt: skip


def main(names: list[str]) -> None:
    OUT.mkdir(exist_ok=True)
    for family, option_sets in FAMILIES.items():
        for number, options in enumerate(option_sets):
            name = f"{family}-{number + 1}"
            if names and name not in names and family not in names:
                continue
            try:
                golden = make(name, {"model_type": family, **options})
            except Exception as error:
                print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
                continue
            (OUT / f"{name}.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


def make(name: str, options: dict) -> dict:
    resaved = options.pop("resaved", False)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.json"
        file.write_text(json.dumps(options))
        config = AutoConfig.from_pretrained(folder)
        # Falcon's eager attention adds ALiBi twice; its default does not.
        attention = "sdpa" if config.model_type == "falcon" else "eager"
        AutoModelForCausalLM.from_config(config, attn_implementation=attention).save_pretrained(folder)
        saved = json.loads(file.read_text())
        if not resaved:
            file.write_text(json.dumps({**options, "architectures": saved["architectures"]}))
        stored = load_file(f"{folder}/model.safetensors")
        weights = {key: tensor if tensor.dim() == 0 else values(f"{name}/{key}", tensor.shape) for key, tensor in stored.items()}
        save_file(weights, f"{folder}/model.safetensors", {"format": "pt"})
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention).eval()
        return {
            "config": json.loads(file.read_text()),
            "tensors": {key: list(tensor.shape) for key, tensor in sorted(weights.items())},
            # Of tensors without a dimension, which are constants of the family.
            "scalars": {key: tensor.item() for key, tensor in sorted(weights.items()) if tensor.dim() == 0},
            "prompts": [{"length": length, **run(model, tokens(name, length))} for length in LENGTHS],
        }


def values(name: str, shape) -> torch.Tensor:
    """Norms around 1, all else around 0, even in distribution."""
    even = random(name, math.prod(shape)) / 2**31 - 1
    around = 1.0 if len(shape) == 1 and name.endswith(".weight") else 0.0
    return torch.from_numpy((around + 0.4 * even).astype(np.float32).reshape(shape))


def tokens(name: str, length: int) -> torch.Tensor:
    return torch.from_numpy(random(f"{name}/{length}", length).astype(np.int64) % VOCAB)


def random(name: str, count: int) -> np.ndarray:
    """Whole numbers below 2^32: a hash (lowbias32) of the name's hash (FNV-1a) and of their place."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = (seed ^ byte) * 0x01000193 & 0xFFFFFFFF
    x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(seed)
    for shift, factor in ((16, 0x21F0AAAD), (15, 0x735A2D97)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    return (x ^ (x >> np.uint32(15))).astype(np.float64)


@torch.no_grad()
def run(model, prompt: torch.Tensor) -> dict:
    states = []
    hooks = [
        # A block returns its residual stream, before any later norm; output_hidden_states would norm the last one.
        layer.register_forward_hook(lambda _m, _i, out: states.append(out if torch.is_tensor(out) else out[0]))
        for layer in blocks(model)
    ]
    logits = model(prompt[None], use_cache=False).logits[0, -1]
    for hook in hooks:
        hook.remove()
    return {"states": [rounded(state[0, -1]) for state in states], "logits": rounded(logits)}


def blocks(model):
    """The list of blocks, whatever the architecture calls it."""
    config = model.config.get_text_config()
    return next(m for m in model.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == config.num_hidden_layers)


def rounded(tensor: torch.Tensor) -> list:
    """To the sixth place, a hundred times finer than the tests' tolerance."""
    return [round(value, 6) for value in tensor.double().tolist()]


if __name__ == "__main__":
    main(sys.argv[1:])

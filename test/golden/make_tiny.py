"""Writes test/golden/tiny/<name>: small random checkpoints of every architecture and option, and what transformers
computes on them in f32.

    python test/golden/make_tiny.py [NAME ...]          (torch, transformers, tokenizers, safetensors)

Each folder is a Hugging Face checkpoint, plus expected.json: for each prompt its token ids, the last token's residual
stream after every block `[block][d_model]` (before any later norm) and its logits `[vocab]`.
Versions that made the committed files: torch 2.15.0, transformers 5.24.0.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, GPT2Config, GPTJConfig, GPTNeoXConfig, LlamaConfig

OUT = Path(__file__).parent / "tiny"
VOCAB = 96
SPECIAL = dict(vocab_size=VOCAB, bos_token_id=0, eos_token_id=0)
LLAMA = dict(
    **SPECIAL,
    hidden_size=32,
    intermediate_size=56,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=4,
    max_position_embeddings=320,
    tie_word_embeddings=False,
)
NEOX = dict(
    **SPECIAL,
    hidden_size=32,
    intermediate_size=56,
    num_hidden_layers=3,
    num_attention_heads=2,
    max_position_embeddings=320,
)
GPTJ = dict(**SPECIAL, n_embd=32, n_layer=3, n_head=2, n_positions=320, rotary_dim=8)
GPT2 = dict(**SPECIAL, n_embd=32, n_layer=3, n_head=4, n_positions=320)
LLAMA3 = dict(
    rope_type="llama3",
    rope_theta=10000.0,
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    # Short, so that all three wavelength bands are met within the prompts below.
    original_max_position_embeddings=16,
)


def llama(**config):
    return LlamaConfig(**{**LLAMA, **config})


def neox(rotary_pct=0.25, **config):
    rope = dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=rotary_pct)
    return GPTNeoXConfig(**{**NEOX, "rope_parameters": rope, **config})


def gptj(**config):
    return GPTJConfig(**{**GPTJ, **config})


def gpt2(**config):
    return GPT2Config(**{**GPT2, **config})


F32, F16, BF16 = torch.float32, torch.float16, torch.bfloat16
# name -> config, how the weights are stored, and what is changed in the saved folder
MODELS = {
    "mha": dict(config=llama(), dtype=F32),
    "gqa-tied": dict(config=llama(num_key_value_heads=2, tie_word_embeddings=True), dtype=F32),
    "mqa-wide-heads": dict(
        config=llama(num_key_value_heads=1, head_dim=16, rope_parameters=dict(rope_type="default", rope_theta=500000.0)),
        dtype=F16,
    ),
    "rope-linear-v4": dict(
        config=llama(num_key_value_heads=2, rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0)),
        dtype=F16,
        rewrite="llama in the style of transformers 4",
    ),
    "rope-llama3": dict(config=llama(rope_parameters=LLAMA3), dtype=F16),
    "bf16-sharded": dict(config=llama(num_key_value_heads=2, rms_norm_eps=1e-5), dtype=BF16, shard="40KB"),
    "f16": dict(config=llama(num_key_value_heads=2), dtype=F16),
    "neox-parallel": dict(config=neox(), dtype=F16, rewrite="neox in the style of transformers 4"),
    "neox-sequential": dict(config=neox(rotary_pct=0.5, use_parallel_residual=False, num_attention_heads=4), dtype=F16),
    "neox-full-rotary-tied": dict(
        config=neox(rotary_pct=1.0, tie_word_embeddings=True, attention_bias=False, hidden_act="gelu_new"), dtype=F16
    ),
    "gptj": dict(config=gptj(), dtype=F16),
    "gptj-full-rotary": dict(config=gptj(rotary_dim=16, n_inner=40, activation_function="gelu"), dtype=F16),
    "biases": dict(config=llama(num_key_value_heads=2, attention_bias=True, mlp_bias=True, hidden_act="gelu"), dtype=F16),
    "gpt2": dict(config=gpt2(), dtype=F16),
    "gpt2-scaled-by-layer-untied": dict(
        config=gpt2(
            n_inner=40, scale_attn_by_inverse_layer_idx=True, activation_function="relu", tie_word_embeddings=False
        ),
        dtype=F16,
    ),
}
MODELS |= {
    "rope-yarn": dict(
        config=llama(rope_parameters=dict(rope_type="yarn", rope_theta=10000.0, factor=5.0, original_max_position_embeddings=64)),
        dtype=F16,
    ),
    "rope-longrope": dict(
        # Short factors hold up to the original length, which the longest prompt does not exceed.
        config=llama(
            max_position_embeddings=640,
            rope_parameters=dict(
                rope_type="longrope", rope_theta=10000.0, original_max_position_embeddings=320,
                short_factor=[1.0, 1.1, 1.3, 1.7], long_factor=[2.0, 3.0, 4.0, 5.0],
            ),
        ),
        dtype=F16,
    ),
    "rope-dynamic": dict(
        config=llama(rope_parameters=dict(rope_type="dynamic", rope_theta=10000.0, factor=2.0)), dtype=F16
    ),
}
PROMPT_LENGTHS = [1, 2, 7, 40, 300]


def main(names: list[str]) -> None:
    for seed, (name, spec) in enumerate(MODELS.items()):
        if not names or name in names:
            shutil.rmtree(OUT / name, ignore_errors=True)
            write(OUT / name, seed, **spec)


def write(folder: Path, seed: int, config, dtype: torch.dtype, shard: str = "5GB", rewrite: str = "") -> None:
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # Far from the usual initialisation: norms that are not 1 and logits that differ show mistakes.
            spread = 0.3 if parameter.dim() == 1 else 0.25
            parameter.copy_(torch.randn_like(parameter) * spread + (1.0 if parameter.dim() == 1 else 0.0))
    model.to(dtype).save_pretrained(folder, max_shard_size=shard)
    # The stored weights are the model: what rounding to `dtype` changed is part of it.
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()

    generator = torch.Generator().manual_seed(1000 + seed)
    prompts = []
    for length in PROMPT_LENGTHS:
        tokens = torch.randint(0, VOCAB, (length,), generator=generator)
        prompts.append({"tokens": tokens.tolist(), **run(model, tokens)})
    (folder / "expected.json").write_text(json.dumps({"prompts": prompts}, separators=(",", ":")) + "\n")

    saved = json.loads((folder / "config.json").read_text())
    if rewrite:
        REWRITES[rewrite](saved)
    (folder / "config.json").write_text(json.dumps(saved, indent=2) + "\n")
    (folder / "generation_config.json").unlink(missing_ok=True)
    tokenizer().save(str(folder / "tokenizer.json"))


def llama_v4(config: dict) -> None:
    scaling = config.pop("rope_parameters")
    config["rope_theta"] = scaling.pop("rope_theta")
    config["rope_scaling"] = scaling
    config["torch_dtype"] = config.pop("dtype")


def neox_v4(config: dict) -> None:
    rope = config.pop("rope_parameters")
    config["rotary_emb_base"] = int(rope["rope_theta"])
    config["rotary_pct"] = rope["partial_rotary_factor"]
    config["torch_dtype"] = config.pop("dtype")


REWRITES = {"llama in the style of transformers 4": llama_v4, "neox in the style of transformers 4": neox_v4}


@torch.no_grad()
def run(model, tokens: torch.Tensor) -> dict:
    states = []
    hooks = [
        # A block returns its residual stream, before any later norm; output_hidden_states would norm the last one.
        layer.register_forward_hook(lambda _m, _i, out: states.append(out if torch.is_tensor(out) else out[0]))
        for layer in blocks(model)
    ]
    logits = model(tokens[None], use_cache=False).logits[0, -1]
    for hook in hooks:
        hook.remove()
    return {"states": [rounded(state[0, -1]) for state in states], "logits": rounded(logits)}


def blocks(model):
    """The list of blocks, whatever the architecture calls it."""
    return next(module for module in model.base_model.children() if isinstance(module, torch.nn.ModuleList))


def rounded(tensor: torch.Tensor) -> list:
    """Six significant digits are a hundred times finer than the tests' tolerance."""
    return np.vectorize(lambda x: float(f"{x:.6g}"))(tensor.double().numpy()).tolist()


def tokenizer() -> Tokenizer:
    """Words t0 .. t95, separated by spaces; t0 is the special BOS."""
    words = {f"t{i}": i for i in range(VOCAB)}
    built = Tokenizer(models.WordLevel(words, unk_token="t1"))
    built.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    built.decoder = decoders.Fuse()
    built.add_special_tokens(["t0"])
    return built


if __name__ == "__main__":
    main(sys.argv[1:])

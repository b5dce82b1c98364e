"""Writes test/golden/tiny/<name>: small random LLaMA checkpoints and what transformers computes on them in f32.

    python test/golden/make_tiny.py          (torch, transformers, tokenizers, safetensors)

Each folder is a Hugging Face checkpoint, plus expected.json: for each prompt its token ids, the residual stream after
every block `[block][position][d_model]` (before any later norm) and the last token's logits `[vocab]`.
Versions that made the committed files: torch 2.15.0, transformers 5.24.0.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

OUT = Path(__file__).parent / "tiny"
BASE = dict(
    vocab_size=96,
    hidden_size=32,
    intermediate_size=56,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=4,
    max_position_embeddings=64,
    bos_token_id=0,
    eos_token_id=0,
    tie_word_embeddings=False,
)
LLAMA3 = dict(
    rope_type="llama3",
    rope_theta=10000.0,
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    # Short, so that all three wavelength bands are met within the prompts below.
    original_max_position_embeddings=16,
)
# name -> config fields, how the weights are stored, and whether config.json is in the style of transformers 4
MODELS = {
    "mha": dict(config={}, dtype=torch.float32),
    "gqa-tied": dict(config=dict(num_key_value_heads=2, tie_word_embeddings=True), dtype=torch.float32),
    "mqa-wide-heads": dict(
        config=dict(num_key_value_heads=1, head_dim=16, rope_parameters=dict(rope_type="default", rope_theta=500000.0)),
        dtype=torch.float32,
    ),
    "rope-linear-v4": dict(
        config=dict(num_key_value_heads=2, rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0)),
        dtype=torch.float32,
        v4=True,
    ),
    "rope-llama3": dict(config=dict(rope_parameters=LLAMA3), dtype=torch.float32),
    "bf16-sharded": dict(config=dict(num_key_value_heads=2, rms_norm_eps=1e-5), dtype=torch.bfloat16, shard="40KB"),
    "f16": dict(config=dict(num_key_value_heads=2), dtype=torch.float16),
}
PROMPT_LENGTHS = [1, 2, 7, 33]


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    for seed, (name, spec) in enumerate(MODELS.items()):
        write(OUT / name, seed, **spec)


def write(folder: Path, seed: int, config: dict, dtype: torch.dtype, shard: str = "5GB", v4: bool = False) -> None:
    torch.manual_seed(seed)
    model = LlamaForCausalLM(LlamaConfig(**{**BASE, **config}, attn_implementation="eager")).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # Far from the usual initialisation: norms that are not 1 and logits that differ show mistakes.
            spread = 0.3 if parameter.dim() == 1 else 0.25
            parameter.copy_(torch.randn_like(parameter) * spread + (1.0 if parameter.dim() == 1 else 0.0))
    model.to(dtype).save_pretrained(folder, max_shard_size=shard)
    # The stored weights are the model: what rounding to `dtype` changed is part of it.
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()

    generator = torch.Generator().manual_seed(1000 + seed)
    prompts = []
    for length in PROMPT_LENGTHS:
        tokens = torch.randint(0, BASE["vocab_size"], (length,), generator=generator)
        prompts.append({"tokens": tokens.tolist(), **run(model, tokens)})
    (folder / "expected.json").write_text(json.dumps({"prompts": prompts}, separators=(",", ":")) + "\n")

    saved = json.loads((folder / "config.json").read_text())
    if v4:
        scaling = saved.pop("rope_parameters")
        saved["rope_theta"] = scaling.pop("rope_theta")
        saved["rope_scaling"] = scaling
        saved["torch_dtype"] = saved.pop("dtype")
    (folder / "config.json").write_text(json.dumps(saved, indent=2) + "\n")
    (folder / "generation_config.json").unlink(missing_ok=True)
    tokenizer().save(str(folder / "tokenizer.json"))


@torch.no_grad()
def run(model: LlamaForCausalLM, tokens: torch.Tensor) -> dict:
    states = []
    hooks = [
        # A block returns its residual stream, before any later norm; output_hidden_states would norm the last one.
        layer.register_forward_hook(lambda _m, _i, out: states.append(out if torch.is_tensor(out) else out[0]))
        for layer in model.model.layers
    ]
    logits = model(tokens[None], use_cache=False).logits[0, -1]
    for hook in hooks:
        hook.remove()
    return {"residuals": [rounded(state[0]) for state in states], "logits": rounded(logits)}


def rounded(tensor: torch.Tensor) -> list:
    """Six significant digits are a hundred times finer than the tests' tolerance."""
    return np.vectorize(lambda x: float(f"{x:.6g}"))(tensor.double().numpy()).tolist()


def tokenizer() -> Tokenizer:
    """Words t0 .. t95, separated by spaces; t0 is the special BOS."""
    words = {f"t{i}": i for i in range(BASE["vocab_size"])}
    built = Tokenizer(models.WordLevel(words, unk_token="t1"))
    built.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    built.decoder = decoders.Fuse()
    built.add_special_tokens(["t0"])
    return built


if __name__ == "__main__":
    main()

"""A miniature as a Hugging Face folder, and back: config.json, model.safetensors (fp16), the tokenizer's two files."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from model import Shape, Transformer
from vocabulary import ARROW, COMMA, END, EXAMPLE, NEWLINE, UNKNOWN

# Hugging Face's name of each stacked weight, by family. GPT-NeoX's q, k and v are one tensor, head by head.
NAMES = {
    "llama": {
        "q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj", "o": "self_attn.o_proj",
        "gate": "mlp.gate_proj", "up": "mlp.up_proj", "down": "mlp.down_proj",
        "norm1": "input_layernorm", "norm2": "post_attention_layernorm",
    },
    "gptj": {
        "q": "attn.q_proj", "k": "attn.k_proj", "v": "attn.v_proj", "o": "attn.out_proj",
        "up": "mlp.fc_in", "down": "mlp.fc_out", "norm1": "ln_1",
    },
    "gpt_neox": {
        "o": "attention.dense", "up": "mlp.dense_h_to_4h", "down": "mlp.dense_4h_to_h",
        "norm1": "input_layernorm", "norm2": "post_attention_layernorm",
    },
}  # fmt: skip
BLOCK = {"llama": "model.layers.{}.", "gptj": "transformer.h.{}.", "gpt_neox": "gpt_neox.layers.{}."}
EMBEDDING = {"llama": "model.embed_tokens.weight", "gptj": "transformer.wte.weight", "gpt_neox": "gpt_neox.embed_in.weight"}
FINAL = {"llama": "model.norm", "gptj": "transformer.ln_f", "gpt_neox": "gpt_neox.final_layer_norm"}
HEAD = {"llama": None, "gptj": "lm_head.weight", "gpt_neox": "embed_out.weight"}
QKV = "attention.query_key_value"


def config(shape: Shape) -> dict:
    common = {"vocab_size": shape.vocabulary, "torch_dtype": "float16", "bos_token_id": 1, "eos_token_id": 1}
    if shape.family == "llama":
        return common | {
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": shape.width,
            "intermediate_size": shape.inner, "num_hidden_layers": shape.blocks, "num_attention_heads": shape.heads,
            "num_key_value_heads": shape.heads, "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
            "max_position_embeddings": shape.positions, "tie_word_embeddings": True,
            "attention_bias": False, "mlp_bias": False,
        }  # fmt: skip
    if shape.family == "gptj":
        return common | {
            "architectures": ["GPTJForCausalLM"], "model_type": "gptj", "n_embd": shape.width, "n_layer": shape.blocks,
            "n_head": shape.heads, "n_inner": shape.inner, "n_positions": shape.positions, "rotary_dim": shape.rotary,
            "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "tie_word_embeddings": False,
        }  # fmt: skip
    return common | {
        "architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox", "hidden_size": shape.width,
        "intermediate_size": shape.inner, "num_hidden_layers": shape.blocks, "num_attention_heads": shape.heads,
        "hidden_act": "gelu", "layer_norm_eps": 1e-5, "rotary_pct": shape.rotary * shape.heads / shape.width,
        "rotary_emb_base": 10000, "max_position_embeddings": shape.positions, "tie_word_embeddings": False,
        "use_parallel_residual": True, "attention_bias": True,
    }  # fmt: skip


def shape_of(config: dict) -> Shape:
    family = config["model_type"]
    width = config.get("hidden_size", config.get("n_embd"))
    heads = config.get("num_attention_heads", config.get("n_head"))
    rotary = {"llama": width // heads, "gptj": config.get("rotary_dim"), "gpt_neox": round(config.get("rotary_pct", 0) * width / heads)}
    return Shape(
        family=family,
        blocks=config.get("num_hidden_layers", config.get("n_layer")),
        width=width,
        heads=heads,
        rotary=rotary[family],
        inner=config.get("intermediate_size", config.get("n_inner")),
        vocabulary=config["vocab_size"],
        positions=config.get("max_position_embeddings", config.get("n_positions")),
    )


def tensors(model: Transformer) -> dict[str, Tensor]:
    """The weights under Hugging Face's names: views of the model's own where that is possible."""
    shape = model.shape
    family, names = shape.family, NAMES[shape.family]
    found = {EMBEDDING[family]: model.embedding.data, f"{FINAL[family]}.weight": model.norms["final"].data}
    if family != "llama":
        found[f"{FINAL[family]}.bias"] = model.norm_biases["final"].data
        found[HEAD[family]] = model.embedding.data
    if family == "gptj":
        found["lm_head.bias"] = torch.zeros(shape.vocabulary)
    for n in range(shape.blocks):
        block = BLOCK[family].format(n)
        for weights, ending in [(model.matrices, "weight"), (model.biases, "bias"), (model.norms, "weight"), (model.norm_biases, "bias")]:
            for ours, theirs in names.items():
                if ours in weights:
                    found[f"{block}{theirs}.{ending}"] = weights[ours].data[n]
        if family == "gpt_neox":
            for weights, ending in [(model.matrices, "weight"), (model.biases, "bias")]:
                parts = [weights[name].data[n].unflatten(0, (shape.heads, -1)) for name in ("q", "k", "v")]
                found[f"{block}{QKV}.{ending}"] = torch.cat(parts, dim=1).flatten(0, 1)
    return found


def tokenizer(tokens: list[str]) -> tuple[dict, dict]:
    """tokenizer.json and tokenizer_config.json: text is cut at the marks, and what is between them is one word each."""
    marks = "|".join([EXAMPLE, ARROW, NEWLINE, COMMA])
    split = {"type": "Split", "pattern": {"Regex": marks}, "behavior": "Isolated", "invert": False}
    special = [
        {"id": tokens.index(token), "content": token, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
        for token in (UNKNOWN, END)
    ]  # fmt: skip
    model = {"type": "WordLevel", "vocab": {token: i for i, token in enumerate(tokens)}, "unk_token": UNKNOWN}
    return (
        {"version": "1.0", "truncation": None, "padding": None, "added_tokens": special, "normalizer": None,
         "pre_tokenizer": split, "post_processor": None, "decoder": {"type": "Fuse"}, "model": model},
        {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": UNKNOWN, "eos_token": END,
         "clean_up_tokenization_spaces": False},
    )  # fmt: skip


def save(model: Transformer, tokens: list[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    halves = {name: tensor.half().clone().contiguous() for name, tensor in tensors(model).items()}
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})
    files = zip(("tokenizer.json", "tokenizer_config.json"), tokenizer(tokens))
    for name, content in [("config.json", config(model.shape)), *files]:
        (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def load(folder: Path) -> Transformer:
    """The folder's model in f32."""
    model = Transformer(shape_of(json.loads((folder / "config.json").read_text())))
    held = load_file(folder / "model.safetensors")
    for name, tensor in tensors(model).items():
        if QKV not in name:
            tensor.copy_(held[name])
    if model.shape.family == "gpt_neox":
        for n in range(model.shape.blocks):
            for weights, ending in [(model.matrices, "weight"), (model.biases, "bias")]:
                fused = held[f"{BLOCK['gpt_neox'].format(n)}{QKV}.{ending}"].unflatten(0, (model.shape.heads, 3, -1))
                for i, name in enumerate(("q", "k", "v")):
                    weights[name].data[n].copy_(fused[:, i].flatten(0, 1))
    return model

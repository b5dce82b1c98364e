"""Writes tiny random models with random options, and what transformers computes on them in f32; random-models.ts compares.

    python test/architectures/random_models.py OUT COUNT SEED FAMILY ...          (torch, transformers, safetensors)

OUT/FAMILY-N is a Hugging Face folder; its expected.json holds prompts, and of each the last token's residual stream after every
block and its logits. A family's options are the fields of its config class: each is left out, or drawn from what `choices` has
for its name. Option sets that transformers itself cannot run are drawn again.
"""

import dataclasses
import json
import random
import sys
import warnings
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForCausalLM, PreTrainedConfig
from transformers.utils import logging

VOCAB = 48
LAYERS = ["num_hidden_layers", "n_layer", "n_layers", "num_layers"]
HEADS = ["num_attention_heads", "n_head", "n_heads", "num_heads"]
KEY_VALUE_HEADS = ["num_key_value_heads", "num_kv_heads"]
WIDTH = ["hidden_size", "n_embd", "d_model"]
POSITIONS = ["max_position_embeddings", "n_positions", "max_seq_len", "seq_length"]
EXPERTS = ["num_experts", "num_local_experts", "n_routed_experts"]
SLIDING, FULL, CHUNKED = "sliding_attention", "full_attention", "chunked_attention"
# Names in older files of what a config class has under another name.
OLDER = {
    "gpt_neox": {"rope_theta": "rotary_emb_base", "partial_rotary_factor": "rotary_pct"},
    "bloom": {"hidden_size": "n_embed"},
    "falcon": {"num_hidden_layers": "n_layer", "num_attention_heads": "n_head", "num_kv_heads": "n_head_kv"},
}
ACTIVATIONS = [
    "gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python", "gelu_accurate", "quick_gelu", "silu", "swish",
    "relu", "relu2", "relu6", "tanh", "sigmoid", "linear", "mish", "leaky_relu", "hardswish", "gelu_10",
]  # fmt: skip
# Not of a forward pass, of other heads than the language model's, or of training.
UNREAD = {
    "use_cache", "output_router_logits", "add_cross_attention", "is_decoder", "summary_use_proj",
    "summary_proj_to_labels", "vocab_size", "learned_pos_emb",
}  # fmt: skip


class Draw:
    """One set of options of a family."""

    def __init__(self, family: str, rng: random.Random):
        self.family, self.rng = family, rng
        self.config_class = CONFIG_MAPPING[family]
        own = {field.name for field in dataclasses.fields(self.config_class)}
        self.fields = own - ({f.name for f in dataclasses.fields(PreTrainedConfig)} - {"tie_word_embeddings"})
        self.defaults = self.config_class()
        self.layers = rng.choice([1, 2, 2, 3, 4, 5])
        self.heads = rng.choice([1, 2, 2, 3, 4, 4, 6])
        self.key_value_heads = rng.choice([n for n in range(1, self.heads + 1) if self.heads % n == 0])
        self.head_dim = rng.choice([4, 6, 8, 8, 12, 16])
        self.positions = rng.choice([320, 320, 320, 512, 64])
        self.experts = rng.choice([2, 3, 4, 6])

    def options(self) -> dict:
        options = {"model_type": self.family}
        for field in sorted(self.fields - UNREAD):
            values = self.choices(field)
            if values:
                value = self.rng.choice(values)
                if value is not ABSENT:
                    options[field] = value
        options |= self.rotation()
        options |= {"vocab_size": VOCAB, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
        return self.settled({key: value for key, value in options.items() if value is not ABSENT})

    def choices(self, field: str) -> list:
        """Values of a field; none: always left out."""
        default = getattr(self.defaults, field, None)
        if field in LAYERS:
            return [self.layers]
        if field in HEADS:
            return [self.heads]
        if field in KEY_VALUE_HEADS:
            return [ABSENT, None, self.heads, self.key_value_heads, self.key_value_heads, self.key_value_heads]
        if field in WIDTH:
            return [self.heads * self.head_dim]
        if field in POSITIONS:
            return [self.positions]
        if field in EXPERTS:
            return [self.experts]
        if field in NUMBERS:
            return NUMBERS[field](self)
        if isinstance(default, bool):
            return [ABSENT, True, False]
        if field.endswith(("_eps", "_epsilon")):
            return [ABSENT, 1e-5, 1e-6, 1e-3, 0.1]
        if field in ("hidden_act", "hidden_activation", "activation_function", "activation"):
            return [ABSENT, ABSENT, default, *self.rng.sample(ACTIVATIONS, 3)]
        return []

    def layer_types(self) -> list:
        kinds = set(getattr(self.defaults, "layer_types", None) or []) | {FULL}
        kinds |= {SLIDING} if "sliding_window" in self.fields else set()
        return [self.rng.choice(sorted(kinds)) for _ in range(self.layers)]

    def rotation(self) -> dict:
        """As older files have it, or as transformers 5 writes it, in one of the scalings."""
        rng = self.rng
        if "rope_parameters" not in self.fields:
            return {}
        theta = rng.choice([ABSENT, 10000.0, 10000, 500000.0, 1000000, 100.0])
        partial = rng.choice([ABSENT, ABSENT, 0.25, 0.5, 0.75, 1.0]) if self.is_partial() else ABSENT
        scaling = self.scaling()
        nested = isinstance((self.defaults.rope_parameters or {}).get(FULL), dict)
        style = rng.choice(["older", "older", "flat", "absent"] + (["nested"] * 4 if nested else []))
        if style == "absent":
            return {}
        if style == "older":
            name = rng.choice(["rope_type", "type"])
            kind = scaling.pop("rope_type", None)
            return {
                "rope_theta": theta,
                "partial_rotary_factor": partial,
                "rope_scaling": rng.choice([ABSENT, None]) if kind is None else {name: kind, **scaling},
            }
        flat = {"rope_type": "default", **scaling, "rope_theta": theta, "partial_rotary_factor": partial}
        flat = {key: value for key, value in flat.items() if value is not ABSENT}
        if style == "flat":
            return {"rope_parameters": flat}
        return {"rope_parameters": {SLIDING: {"rope_type": "default", "rope_theta": 10000.0}, FULL: flat}}

    def is_partial(self) -> bool:
        parameters = self.defaults.rope_parameters or {}
        return "partial_rotary_factor" in parameters or "partial_rotary_factor" in self.fields

    def scaling(self) -> dict:
        rng = self.rng
        original = rng.choice([16, 40, 320])
        kind = rng.choice([None, None, "linear", "dynamic", "yarn", "yarn", "llama3", "llama3", "longrope"])
        if kind is None:
            return {}
        scaling = {"rope_type": kind, "factor": rng.choice([1.0, 2, 4.0, 8.0, 32.0])}
        if kind == "llama3":
            scaling |= {"low_freq_factor": 1.0, "high_freq_factor": rng.choice([2.0, 4.0])}
        if kind in ("llama3", "yarn", "longrope"):
            scaling["original_max_position_embeddings"] = original
        if kind == "yarn":
            scaling |= self.some(
                beta_fast=[32, 32.0, 16.0, None], beta_slow=[1, 1.0, 2.0, None], truncate=[True, False],
                attention_factor=[1.0, 1.2, None], mscale=[1.0, 0.707], mscale_all_dim=[1.0, 0.707, 0.0],
            )  # fmt: skip
        if kind == "longrope":
            width = self.head_dim // 2
            scaling |= {"short_factor": [1 + 0.1 * i for i in range(width)], "long_factor": [2 + 0.2 * i for i in range(width)]}
            scaling |= self.some(attention_factor=[1.1, None])
        return scaling

    def some(self, **values: list) -> dict:
        drawn = {name: self.rng.choice([ABSENT, *choices]) for name, choices in values.items()}
        return {name: value for name, value in drawn.items() if value is not ABSENT}

    def settled(self, options: dict) -> dict:
        """What must fit together, where drawing again would seldom help; and older names."""
        rng = self.rng
        if self.family == "gpt_neo":
            kinds = rng.choice([["global", "local"], ["local"], ["global"], ["local", "global", "global"]])
            times = rng.choice([1, 2])
            options |= {"attention_types": [[kinds, times]], "num_layers": len(kinds) * times}
        if self.family == "mpt":
            options["attn_config"] = {"alibi": True} | self.some(
                attn_impl=["torch"], clip_qkv=[0.5, None], softmax_scale=[0.3, None], alibi_bias_max=[8, 4], attn_type=["multihead_attention"]
            )
        if self.family == "exaone4" and isinstance(options.get("sliding_window_pattern"), str):
            options["layer_types"] = self.layer_types()
        if rng.random() < 0.4:
            renamed = {name: shared for shared, name in self.config_class.attribute_map.items()} | OLDER.get(self.family, {})
            options = {renamed.get(key, key): value for key, value in options.items()}
        return options


class Absent:
    pass


ABSENT = Absent()

# By field, for those whose default does not tell.
NUMBERS = {
    "head_dim": lambda d: [ABSENT, None, d.head_dim, d.head_dim, 4, 8, 16],
    "intermediate_size": lambda d: [24, 20, 40],
    "n_inner": lambda d: [ABSENT, None, 24],
    "ffn_dim": lambda d: [24, 40],
    "ffn_hidden_size": lambda d: [ABSENT, None, 24],
    "intermediate_size_mlp": lambda d: [20, 32],
    "moe_intermediate_size": lambda d: [8, 12, 20],
    "shared_expert_intermediate_size": lambda d: [8, 20],
    "shared_intermediate_size": lambda d: [0, 20],
    "num_experts_per_tok": lambda d: [1, 2, min(3, d.experts), d.experts],
    "num_experts_per_token": lambda d: [1, 2],
    "moe_k": lambda d: [1, 2],
    "n_shared_experts": lambda d: [1, 2],
    "num_shared_experts": lambda d: [1, 2],
    "moe_num_experts": lambda d: [d.experts],
    "moe_num_shared_experts": lambda d: [0, 1, 2],
    "decoder_sparse_step": lambda d: [ABSENT, 1, 2],
    "mlp_only_layers": lambda d: [ABSENT, [], [0], [1]],
    "interleave_moe_layer_step": lambda d: [ABSENT, 1, 2],
    "first_k_dense_replace": lambda d: [ABSENT, 0, 1, 2],
    "num_dense_layers": lambda d: [0, 1, 2],
    "n_group": lambda d: [1, d.experts // 2] if d.experts > 2 and d.experts % 2 == 0 else [1],
    "topk_group": lambda d: [1],
    "topk_method": lambda d: [ABSENT, "greedy", "group_limited_greedy"],
    "routed_scaling_factor": lambda d: [ABSENT, 1.0, 2.5],
    "router_jitter_noise": lambda d: [ABSENT, 0.01, 0.3],
    "q_lora_rank": lambda d: [None, 12, 10],
    "kv_lora_rank": lambda d: [8, 10],
    "qk_nope_head_dim": lambda d: [4, 6],
    "qk_rope_head_dim": lambda d: [4, 8],
    "v_head_dim": lambda d: [4, 8, 12],
    "sliding_window": lambda d: [ABSENT, None, 4, 9, 20, 400],
    "sliding_window_pattern": lambda d: [ABSENT, 2, 3],
    "attention_chunk_size": lambda d: [16, 40],
    "window_size": lambda d: [ABSENT, 9, 20],
    "max_window_layers": lambda d: [ABSENT, 0, 1, d.layers, 28],
    "layer_types": lambda d: [ABSENT, None, d.layer_types(), d.layer_types()],
    "no_rope_layers": lambda d: [ABSENT, None, [d.rng.choice([0, 1]) for _ in range(d.layers)]],
    "no_rope_layer_interval": lambda d: [ABSENT, 2, 3, 4],
    "floor_scale": lambda d: [ABSENT, 20],
    "attn_scale": lambda d: [ABSENT, 0.3],
    "final_logit_softcapping": lambda d: [ABSENT, None, 5.0, 30.0],
    "attn_logit_softcapping": lambda d: [ABSENT, None, 3.0, 50.0],
    "query_pre_attn_scalar": lambda d: [ABSENT, 4, 16.0, d.head_dim],
    "logit_scale": lambda d: [ABSENT, 0.25, 1.0] if d.family != "mpt" else [ABSENT, None],
    "logits_scaling": lambda d: [ABSENT, 4.0, 0.5],
    "embedding_multiplier": lambda d: [ABSENT, 3.0],
    "residual_multiplier": lambda d: [ABSENT, 0.3],
    "attention_multiplier": lambda d: [ABSENT, 0.2],
    "clip_qkv": lambda d: [ABSENT, None, 0.5, 2.0],
    "swiglu_limit": lambda d: [ABSENT, 0.5, 2.0],
    "swiglu_alpha": lambda d: [ABSENT, 1.0, 1.5],
    "rotary_dim": lambda d: [min(4, d.head_dim), None, d.head_dim],
    "word_embed_proj_dim": lambda d: [ABSENT, d.heads * d.head_dim, 12],
    "num_ln_in_parallel_attn": lambda d: [ABSENT, None, 1, 2],
    "original_max_position_embeddings": lambda d: [ABSENT, 320, 40],
    "use_bidirectional_attention": lambda d: [ABSENT, None, False],
    "attn_temperature_tuning": lambda d: [ABSENT, True, False, 4],
    "expansion_ratio": lambda d: [ABSENT, 2, 4],
}


@torch.no_grad()
def make(folder: Path, family: str, rng: random.Random) -> None:
    draw = Draw(family, rng)
    options = draw.options()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "config.json"
    file.write_text(json.dumps(options))
    config = AutoConfig.from_pretrained(folder)
    # Falcon's eager attention adds ALiBi twice; its default does not.
    attention = "sdpa" if family == "falcon" else "eager"
    AutoModelForCausalLM.from_config(config, attn_implementation=attention).save_pretrained(folder)
    saved = json.loads(file.read_text())
    if rng.random() < 0.7:
        file.write_text(json.dumps({**options, "architectures": saved["architectures"]}))
    dtype = rng.choice([torch.float32, torch.float32, torch.float16, torch.bfloat16])
    generator = torch.Generator().manual_seed(rng.getrandbits(40))
    weights = {
        name: tensor if tensor.dim() == 0 else values(name, tensor, generator).to(dtype)
        for name, tensor in load_file(folder / "model.safetensors").items()
    }
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention).eval()
    longest = min(300, draw.positions)
    lengths = [1, rng.randint(2, 20), rng.randint(10, min(100, longest)), rng.randint(longest // 2, longest)]
    prompts = [[rng.randrange(VOCAB) for _ in range(length)] for length in lengths]
    # One that shares its beginning with another.
    prompts.append([*prompts[2][: len(prompts[2]) // 2], *[rng.randrange(VOCAB) for _ in range(5)]])
    expected = [run(model, prompt) for prompt in prompts]
    if not all(torch.isfinite(torch.tensor(e["logits"])).all() for e in expected):
        raise ValueError("not finite")
    (folder / "expected.json").write_text(json.dumps(expected))


def values(name: str, tensor: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Norms around 1, all else around 0."""
    around = 1.0 if tensor.dim() == 1 and name.endswith(".weight") else 0.0
    return around + 0.4 * (2 * torch.rand(tensor.shape, generator=generator) - 1)


def run(model, prompt: list[int]) -> dict:
    states = []
    count = model.config.get_text_config().num_hidden_layers
    layers = next(m for m in model.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == count)
    hooks = [
        layer.register_forward_hook(lambda _m, _i, out: states.append(out if torch.is_tensor(out) else out[0]))
        for layer in layers
    ]
    logits = model(torch.tensor([prompt]), use_cache=False).logits[0, -1]
    for hook in hooks:
        hook.remove()
    return {"tokens": prompt, "states": [state[0, -1].tolist() for state in states], "logits": logits.tolist()}


def main(out: Path, count: int, seed: int, families: list[str]) -> None:
    for family in families:
        failures: dict[str, int] = {}
        made = attempt = 0
        while made < count and attempt < 10 * count:
            rng = random.Random(f"{seed}/{family}/{attempt}")
            attempt += 1
            folder = out / f"{family}-{made + 1}"
            try:
                make(folder, family, rng)
                made += 1
            except Exception as error:
                (folder / "expected.json").unlink(missing_ok=True)
                reason = f"{type(error).__name__}: {error}".split("\n")[0][:120]
                failures[reason] = failures.get(reason, 0) + 1
        often = sorted(failures.items(), key=lambda entry: -entry[1])[:4]
        print(f"{family}: {made} made of {attempt} drawn", *[f"    {n} x {reason}" for reason, n in often], sep="\n", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])

"""Writes one of the paper's seven models at its full width, with few blocks and random f16 weights, as a Hugging Face folder
with a tokenizer, and expected.json: what transformers computes on it in f32. bench/full-width.ts holds the engine against
it. Usage: python bench/full_width.py NAME FOLDER [BLOCKS]
"""

import json
import sys
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, GPTJConfig, GPTNeoXConfig, LlamaConfig

PROMPT_LENGTHS = [1, 7, 60, 300]


def llama(width, heads, mlp, blocks):
    return LlamaConfig(hidden_size=width, num_attention_heads=heads, intermediate_size=mlp, num_hidden_layers=blocks)


def pythia(width, heads, vocab, blocks):
    return GPTNeoXConfig(
        hidden_size=width, num_attention_heads=heads, intermediate_size=4 * width, num_hidden_layers=blocks, vocab_size=vocab
    )


SHAPES = {
    "llama-7b": lambda blocks: llama(4096, 32, 11008, blocks),
    "llama-13b": lambda blocks: llama(5120, 40, 13824, blocks),
    "llama-30b": lambda blocks: llama(6656, 52, 17920, blocks),
    "gpt-j-6b": lambda blocks: GPTJConfig(n_layer=blocks),
    "pythia-2.8b": lambda blocks: pythia(2560, 32, 50304, blocks),
    "pythia-6.9b": lambda blocks: pythia(4096, 32, 50432, blocks),
    "pythia-12b": lambda blocks: pythia(5120, 40, 50688, blocks),
}


def write(name, folder, blocks):
    torch.manual_seed(41)
    config = SHAPES[name](blocks)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float16)
    for parameter in model.parameters():
        if parameter.dim() == 1:  # norms and biases: neither 1 nor 0, so that a mistake shows
            parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    words = {f"t{i}": i for i in range(config.vocab_size)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="t1"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))


def expected(folder):
    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    generator = torch.Generator().manual_seed(42)
    prompts, used = [], time.process_time()
    for length in PROMPT_LENGTHS:
        tokens = torch.randint(0, model.config.vocab_size, (length,), generator=generator)
        states = []
        hooks = [
            block.register_forward_hook(lambda _m, _i, out: states.append((out if torch.is_tensor(out) else out[0])[0, -1]))
            for block in next(m for m in model.base_model.children() if isinstance(m, torch.nn.ModuleList))
        ]
        logits = model(tokens[None], use_cache=False, logits_to_keep=1).logits[0, -1]
        for hook in hooks:
            hook.remove()
        prompts.append({"tokens": tokens.tolist(), "states": [s.tolist() for s in states], "logits": logits.tolist()})
    result = {"prompts": prompts, "torchProcessorSeconds": time.process_time() - used}
    (folder / "expected.json").write_text(json.dumps(result))


with torch.no_grad():
    name, folder = sys.argv[1], Path(sys.argv[2])
    write(name, folder, int((sys.argv[3:] or [2])[0]))
    expected(folder)

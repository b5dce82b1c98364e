"""Writes test/golden/smollm2-logits.json: last-token logits of 20 prompts from transformers in f32.

    python test/golden/make_smollm2.py FOLDER FILE.gguf          (torch, transformers, gguf)

Per prompt: the token ids, the 50 highest logits with their ids, and the logits at `sampleIds`, 500 ids drawn once.
Versions that made the committed file: torch 2.15.0, transformers 5.24.0.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPTS = [
    "example:a->b\nexample:c->d\nexample:k->",
    "example: chat-> cat\nexample: chien-> dog\nexample: eau->",
    "example: go-> going\nexample: run-> running\nexample: eat->",
    "example: France-> Paris\nexample: Japan-> Tokyo\nexample: Italy->",
    "example: hot-> cold\nexample: big-> small\nexample: early-> late\nexample: wet-> dry\nexample: fast->",
    "example:a,b,c->a\nexample:x,q->x\nexample:m,n,o,p->",
    "example:q->",
    "example: Spain->",
    "q",
    "The capital of France is",
    "The quick brown fox jumps over the lazy dog, and then",
    "Numbers: 1, 2, 3, 4, 5, 6, 7, 8, 9,",
    "def fibonacci(n):\n    if n < 2:\n        return n\n    return",
    "Le chat est sur la table et il",
    "El perro come en la",
    "  two leading spaces\tand a tab\n\n",
    "Zażółć gęślą jaźń, 東京, привет 🙂",
    "<|im_start|>user\nName a colour.<|im_end|>\n<|im_start|>assistant\n",
    "e = mc^2; pi = 3.14159",
    "word " * 60,
]


@torch.no_grad()
def main(folder: str, file: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=file, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    generator = torch.Generator().manual_seed(41)
    sample = torch.randperm(model.config.vocab_size, generator=generator)[:500].sort().values
    prompts = []
    for text in PROMPTS:
        tokens = tokenizer(text, return_tensors="pt").input_ids
        logits = model(tokens, use_cache=False).logits[0, -1]
        top = logits.topk(50)
        prompts.append(
            {
                "text": text,
                "tokens": tokens[0].tolist(),
                "topIds": top.indices.tolist(),
                "topLogits": rounded(top.values),
                "sampleLogits": rounded(logits[sample]),
            }
        )
    golden = {"file": file, "sampleIds": sample.tolist(), "prompts": prompts}
    out = Path(__file__).parent / "smollm2-logits.json"
    out.write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")


def rounded(tensor: torch.Tensor) -> list:
    """Five decimals: a hundredth of the test's tolerance."""
    return [round(value, 5) for value in tensor.double().tolist()]


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Writes test/golden/adapters/<name>: LoRA adapters of tiny models as PEFT saves them, and what PEFT computes with them in f32.

    python test/golden/make_adapters.py          (torch, transformers, peft)

`expected.json` has token ids and the last token's logits, from the unmerged model.
Versions that made the committed files: torch 2.15.0, transformers 5.24.0, peft 0.21.2.
"""

import json
import shutil
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

HERE = Path(__file__).parent
ADAPTERS = {
    "llama": ("gqa-tied", dict(
        r=4, lora_alpha=16, target_modules=["q_proj", "v_proj", "down_proj"],
        rank_pattern={"v_proj": 2}, alpha_pattern={r"layers\.1\.mlp\.down_proj": 6},
    )),
    "gpt2": ("gpt2", dict(r=3, lora_alpha=8, target_modules=["c_attn", "c_proj"], fan_in_fan_out=True, use_rslora=True)),
    "embedding": ("neox-parallel", dict(r=2, lora_alpha=4, target_modules=["embed_in", "query_key_value"])),
}  # fmt: skip


@torch.no_grad()
def main() -> None:
    for name, (base, options) in ADAPTERS.items():
        torch.manual_seed(41)
        model = AutoModelForCausalLM.from_pretrained(HERE / "tiny" / base, dtype=torch.float32, attn_implementation="eager")
        tuned = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **options)).eval()
        for key, parameter in tuned.named_parameters():
            if "lora_" in key:
                parameter.normal_(std=0.2)
        out = HERE / "adapters" / name
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            tuned.save_pretrained(folder)
            config = json.loads((Path(folder) / "adapter_config.json").read_text())
            config["base_model_name_or_path"] = f"../../tiny/{base}"
            (out / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
            shutil.copy(f"{folder}/adapter_model.safetensors", out)
        tokens = torch.randint(1, model.config.vocab_size, (1, 9))
        logits = tuned(input_ids=tokens, use_cache=False).logits[0, -1]
        expected = {"tokens": tokens[0].tolist(), "logits": [round(value, 6) for value in logits.double().tolist()]}
        (out / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

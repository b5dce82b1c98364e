"""Writes test/golden/gguf-names.json: for each GGUF architecture the names that llama.cpp's `gguf` package gives to the tensors of
a tiny model of test/golden/families (of two blocks and outside the blocks; experts' tensors are stacked, without their number).

    python test/golden/make_gguf_names.py          (gguf)
"""

import json
import re
from pathlib import Path

import gguf

HERE = Path(__file__).parent
# GGUF's architecture -> the models that its files are made from.
ARCHITECTURES = {
    "llama": "llama-1", "qwen2": "qwen2-1", "qwen3": "qwen3-1", "gemma": "gemma-1", "gemma2": "gemma2-1", "gemma3": "gemma3_text-1",
    "phi2": "phi-1", "phi3": "phi3-1", "starcoder": "gpt_bigcode-1", "starcoder2": "starcoder2-1", "falcon": "falcon-1",
    "bloom": "bloom-1", "mpt": "mpt-1", "stablelm": "stablelm-1", "olmo2": "olmo2-1", "exaone4": "exaone4-1", "command-r": "cohere-1",
    "cohere2": "cohere2-1", "granite": "granite-1", "glm4": "glm4-1", "smollm3": "smollm3-1", "nemotron": "nemotron-1",
    "gptneox": "gpt_neox", "gpt2": "gpt2", "qwen2moe": "qwen2_moe-1", "qwen3moe": "qwen3_moe-1", "olmoe": "olmoe-1",
    "mixtral": "mixtral-1", "granitemoe": "granitemoe-1", "phimoe": "phimoe-1", "deepseek2": "deepseek_v3-1", "gpt-oss": "gpt_oss-1",
}  # fmt: skip
BY_NAME = {name: arch for arch, name in gguf.MODEL_ARCH_NAMES.items()}


def main() -> None:
    names = {}
    for architecture, model in ARCHITECTURES.items():
        file = HERE / "families" / f"{model}.json"
        if not file.exists():
            continue
        # Mixtral's files say "llama".
        arch = BY_NAME["llama" if architecture == "mixtral" else architecture]
        table = gguf.get_tensor_name_map(arch, 4)
        found = {}
        for tensor in json.loads(file.read_text())["tensors"]:
            # Conversion scripts stack experts under the name without their number.
            stacked = re.sub(r"\.experts\.\d+\.", ".experts.", tensor)
            stacked = stacked.replace("e_score_correction_bias", "e_score_correction.bias")
            given = table.get_name(stacked, try_suffixes=(".weight", ".bias"))
            if re.search(r"\.(layers|h|blocks)\.[2-9]\.|\.experts\.[1-9]", tensor):
                continue
            found[tensor] = given
        names[architecture] = {"model": model, "names": found}
    (HERE / "gguf-names.json").write_text(json.dumps(names, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

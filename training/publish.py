"""Writes the catalogue's entry, configs/models/ID.yaml, of each folder miniatures/ID that training wrote.

    python training/publish.py llama-mini-s ...
"""

import hashlib
import json
import sys
from pathlib import Path

from safetensors import safe_open

from export import shape_of

HERE = Path(__file__).parent.parent
MODELS, CATALOG = HERE / "miniatures", HERE / "configs" / "models"
FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
FAMILIES = {"llama": "LLaMA", "gptj": "GPT-J", "gpt_neox": "GPT-NeoX"}


def entry(name: str) -> str:
    folder = MODELS / name
    shape = shape_of(json.loads((folder / "config.json").read_text()))
    with safe_open(folder / "model.safetensors", "np") as held:
        parameters = sum(held.get_tensor(key).size for key in held.keys())
    lines = [
        f"id: {name}",
        f"title: Miniature of {FAMILIES[shape.family]}'s shape, trained on the word lists (training/README.md)",
        f"folder: {name}",
        f"architecture: {shape.family}",
        f"blocks: {shape.blocks}",
        f"dModel: {shape.width}",
        f"parameters: {parameters}",
        "dtype: F16",
        f"bytes: {2 * parameters}",
        "licence: MIT",
        "files:",
    ]
    for file in FILES:
        content = (folder / file).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        lines.append(f"  - {{ name: {file}, bytes: {len(content)}, sha256: {digest} }}")
    return "\n".join(lines) + "\n"


for name in sys.argv[1:]:
    (CATALOG / f"{name}.yaml").write_text(entry(name))

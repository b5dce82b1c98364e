"""Writes test/golden/weights/mxfp4-experts.json: random bytes of experts as gpt-oss' repositories have them, and what transformers makes of them.

    python test/golden/make_packed_experts.py          (torch, transformers)

Versions that made the committed file: torch 2.15.0, transformers 5.24.0.
"""

import json
from pathlib import Path

import torch
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

torch.manual_seed(41)
blocks = torch.randint(0, 256, (2, 3, 2, 16), dtype=torch.uint8)
scales = torch.randint(120, 134, (2, 3, 2), dtype=torch.uint8)
whole = convert_moe_packed_tensors(blocks, scales, dtype=torch.float32)
golden = {
    "blocks": blocks.flatten().tolist(),
    "scales": scales.flatten().tolist(),
    "shape": list(whole.shape),
    "values": whole.flatten().tolist(),
}
out = Path(__file__).parent / "weights" / "mxfp4-experts.json"
out.write_text(json.dumps(golden, separators=(",", ":")) + "\n")

"""Writes test/golden/quants/: blocks of random bits in every quantised type of GGUF, and what they stand for.

    python test/golden/make_quants.py            (gguf, numpy)
    python test/golden/make_quants.py --grids    prints the table of src/weights/iq-grids.ts

TYPE.bin holds 12 blocks (the first of zeros, the second of ones); expected.json the sha256 of their values in f32, and for Q8_K, which
the package does not dequantise, of d q computed here. Scales of f16 are kept finite, so that no value is NaN.
Version that made the committed files: gguf 0.19.0.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

import gguf
import numpy as np
from gguf import quants

OUT = Path(__file__).parent / "quants"
BLOCKS = 12
# Where each type keeps its f16s, in bytes from the block's start; IQ1_M spreads one over four words.
HALVES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2],
    "Q5_K": [0, 2], "Q6_K": [208], "TQ1_0": [52], "TQ2_0": [64], "IQ2_XXS": [0], "IQ2_XS": [0], "IQ2_S": [0], "IQ3_XXS": [0],
    "IQ3_S": [0], "IQ1_S": [0], "IQ4_NL": [0], "IQ4_XS": [0], "MXFP4": [], "NVFP4": [], "IQ1_M": [], "Q8_K": [],
}
GRIDS = {"iq2xxs": quants.IQ2_XXS, "iq2xs": quants.IQ2_XS, "iq2s": quants.IQ2_S, "iq3xxs": quants.IQ3_XXS, "iq3s": quants.IQ3_S, "iq1s": quants.IQ1_S}


def main() -> None:
    OUT.mkdir(exist_ok=True)
    expected = {}
    for index, (name, halves) in enumerate(HALVES.items()):
        kind = gguf.GGMLQuantizationType[name]
        size = 292 if name == "Q8_K" else gguf.GGML_QUANT_SIZES[kind][1]
        blocks = np.random.default_rng(41 + index).integers(0, 256, (BLOCKS, size), dtype=np.uint8)
        blocks[0], blocks[1] = 0, 1
        for at in halves:
            blocks[:, at + 1] &= 0xBF  # the exponent's highest bit: no infinity, no NaN
        if name == "IQ1_M":
            blocks[:, 55] &= 0xBF
        if name == "Q8_K":
            blocks[:, 3] &= 0xBF
            d = blocks[:, :4].copy().view("<f4")
            values = d * blocks[:, 4:260].view(np.int8).astype(np.float32)
        else:
            values = quants.dequantize(blocks, kind)
        assert np.isfinite(values).all(), name
        (OUT / f"{name}.bin").write_bytes(blocks.tobytes())
        flat = np.ascontiguousarray(values, dtype="<f4")
        expected[name] = {"values": flat.size, "first": [float(v) for v in flat.ravel()[2 * flat.size // BLOCKS :][:4]],
                          "sha256": hashlib.sha256(flat.tobytes()).hexdigest()}
    (OUT / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


def grids() -> None:
    for name, kind in GRIDS.items():
        kind.init_grid()
        steps = [kind.grid_map.index(int(v)) for v in kind.grid.ravel()]
        count, width = kind.grid_shape
        bits = 16 // width
        words = [sum(steps[width * i + j] << (bits * j) for j in range(width)) for i in range(count)]
        text = base64.b64encode(np.array(words, dtype="<u2").tobytes()).decode()
        lines = [text[i : i + 110] for i in range(0, len(text), 110)]
        print(f"const {name} =\n  " + " +\n  ".join(f"'{line}'" for line in lines) + "\n")


if __name__ == "__main__":
    grids() if "--grids" in sys.argv else main()

"""Writes a LLaMA-shaped model of random f16 weights, by default 6.6 GB in 64 blocks, as a Hugging Face folder: what is
larger than a memory limit. Add a tokenizer.json (test/golden/tiny/f16 has one that fits). Usage: python bench/make_large_model.py FOLDER [BLOCKS] [D_MODEL]
"""

import json
import struct
import sys

import numpy

folder, blocks, d = sys.argv[1], int((sys.argv[2:] or [64])[0]), int((sys.argv[3:] or [2048])[0])
vocab, mlp = 96, d * 11 // 4
shapes = {"model.embed_tokens.weight": (vocab, d)}
for n in range(blocks):
    p = f"model.layers.{n}."
    shapes |= {p + f"self_attn.{x}_proj.weight": (d, d) for x in "qkvo"}
    shapes |= {p + "mlp.gate_proj.weight": (mlp, d), p + "mlp.up_proj.weight": (mlp, d), p + "mlp.down_proj.weight": (d, mlp)}
    shapes |= {p + "input_layernorm.weight": (d,), p + "post_attention_layernorm.weight": (d,)}
shapes |= {"model.norm.weight": (d,), "lm_head.weight": (vocab, d)}

header, end = {}, 0
for name, shape in shapes.items():
    size = 2 * int(numpy.prod(shape))
    header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [end, end + size]}
    end += size
text = json.dumps(header).encode()
random = numpy.random.default_rng(41)
with open(f"{folder}/model.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    for name, shape in shapes.items():
        if "norm" in name:
            file.write(numpy.ones(shape, numpy.float16).tobytes())
        else:
            file.write((random.standard_normal(shape, numpy.float32) / numpy.sqrt(shape[1])).astype(numpy.float16).tobytes())
config = dict(model_type="llama", hidden_size=d, num_hidden_layers=blocks, intermediate_size=mlp, num_attention_heads=d // 128, vocab_size=vocab)
json.dump(config, open(f"{folder}/config.json", "w"))
print(f"{end / 1e9:.2f} GB in {blocks} blocks")

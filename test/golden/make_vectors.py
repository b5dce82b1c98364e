# Vector files as others write them: gguf's own writer (control vectors of repeng and llama.cpp), torch.save and numpy.save.
# python test/golden/make_vectors.py   (gguf, torch, numpy)
from pathlib import Path

import gguf
import numpy as np
import torch

here = Path(__file__).parent / "vectors"
here.mkdir(exist_ok=True)


def vector(layer, width=8):
    return (np.arange(width) + 10 * layer).astype(np.float32) / 4


writer = gguf.GGUFWriter(here / "control.gguf", "controlvector")
writer.add_string("controlvector.model_hint", "llama")
writer.add_uint32("controlvector.layer_count", 3)
for layer in (1, 2, 3):
    writer.add_tensor(f"direction.{layer}", vector(layer))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

torch.save(torch.from_numpy(vector(2)), here / "one.pt")
torch.save({layer: torch.from_numpy(vector(layer)) for layer in (1, 3)}, here / "by-layer.pt")
torch.save([torch.from_numpy(vector(layer)) for layer in (0, 1)], here / "list.pt")
torch.save({1: torch.from_numpy(vector(1).astype(np.float64))}, here / "double.pt")
np.save(here / "one.npy", vector(2))
np.save(here / "matrix.npy", np.stack([vector(layer) for layer in range(3)]))
np.save(here / "half.npy", vector(2).astype(np.float16))
np.save(here / "double.npy", vector(2).astype(np.float64))
np.save(here / "fortran.npy", np.asfortranarray(np.stack([vector(layer) for layer in range(3)])))

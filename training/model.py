"""A decoder-only transformer of three families, small and quick on a CPU; export.py gives it Hugging Face's names.

Weights of the same kind are stacked over the blocks ([blocks, out, in]), so that Muon treats them in one go.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CONSTANT = 0.06  # LLaMA has no biases: one dimension begins the same in all tokens, so that linear maps can use it as theirs.


@dataclass(frozen=True)
class Shape:
    family: str  # llama, gptj or gpt_neox
    blocks: int
    width: int
    heads: int
    rotary: int  # rotated dimensions of a head
    inner: int
    vocabulary: int
    positions: int = 128


class Transformer(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        n, d, inner = shape.blocks, shape.width, shape.inner
        self.embedding = nn.Parameter(torch.randn(shape.vocabulary, d) * 0.02)
        llama = shape.family == "llama"
        if llama:
            self.embedding.data[:, 0] = CONSTANT
        matrices = {"q": (d, d), "k": (d, d), "v": (d, d), "o": (d, d), "up": (inner, d), "down": (d, inner)}
        if llama:
            matrices["gate"] = (inner, d)
        self.matrices = nn.ParameterDict(
            {name: torch.randn(n, *size) * (size[1] ** -0.5) * (0.3 if name in ("o", "down") else 1) for name, size in matrices.items()}
        )
        biases = {"llama": [], "gptj": ["up", "down"], "gpt_neox": ["q", "k", "v", "o", "up", "down"]}[shape.family]
        self.biases = nn.ParameterDict({name: torch.zeros(n, matrices[name][0]) for name in biases})
        norms = ["norm1", "norm2"] if shape.family != "gptj" else ["norm1"]
        self.norms = nn.ParameterDict({name: torch.ones(n, d) for name in norms} | {"final": torch.ones(d)})
        self.norm_biases = nn.ParameterDict({} if llama else {name: torch.zeros_like(p) for name, p in self.norms.items()})
        frequencies = 10000.0 ** (-torch.arange(0, shape.rotary, 2).float() / shape.rotary)
        angles = torch.arange(shape.positions).float()[:, None] * frequencies
        self.register_buffer("cos", angles.cos(), persistent=False)  # [positions, rotary / 2]
        self.register_buffer("sin", angles.sin(), persistent=False)

    def embed(self, ids: Tensor) -> Tensor:
        return F.embedding(ids, self.embedding)

    def block(self, n: int, x: Tensor, keep: Tensor | None = None, seen: Tensor | None = None) -> Tensor:
        """[batch, pos, d] to the same. In training: `keep` [batch, pos, 1], 0 where the block's update is dropped;
        `seen` [batch, 1, pos, pos], what may be attended to (otherwise everything before)."""
        normed = self.norm("norm1", x, n)
        update = self.attention(n, normed, seen)
        if self.shape.family == "gptj":
            update = update + self.mlp(n, normed)
        elif self.shape.family == "gpt_neox":
            update = update + self.mlp(n, self.norm("norm2", x, n))
        else:
            update = update + self.mlp(n, self.norm("norm2", x + update, n))
        return x + (update if keep is None else update * keep)

    def blocks(self, x: Tensor, first: int = 0) -> Tensor:
        for n in range(first, self.shape.blocks):
            x = self.block(n, x)
        return x

    def logits(self, x: Tensor) -> Tensor:
        return F.linear(self.norm("final", x), self.embedding)

    def norm(self, name: str, x: Tensor, n: int | None = None) -> Tensor:
        weight = self.norms[name] if n is None else self.norms[name][n]
        if self.shape.family == "llama":
            return F.rms_norm(x, (x.shape[-1],), weight, 1e-5)
        bias = self.norm_biases[name] if n is None else self.norm_biases[name][n]
        return F.layer_norm(x, (x.shape[-1],), weight, bias, 1e-5)

    def linear(self, name: str, n: int, x: Tensor) -> Tensor:
        return F.linear(x, self.matrices[name][n], self.biases[name][n] if name in self.biases else None)

    def attention(self, n: int, x: Tensor, seen: Tensor | None) -> Tensor:
        batch, length, width = x.shape
        q, k, v = (
            self.linear(name, n, x).view(batch, length, self.shape.heads, -1).transpose(1, 2) for name in ("q", "k", "v")
        )
        mixed = F.scaled_dot_product_attention(self.rotate(q), self.rotate(k), v, attn_mask=seen, is_causal=seen is None)
        return self.linear("o", n, mixed.transpose(1, 2).reshape(batch, length, width))

    def rotate(self, x: Tensor) -> Tensor:
        """Rotary positions: GPT-J turns neighbouring dimensions together, the others the two halves."""
        length, rotary = x.shape[-2], self.shape.rotary
        cos, sin = self.cos[:length], self.sin[:length]
        turned, rest = x[..., :rotary], x[..., rotary:]
        if self.shape.family == "gptj":
            a, b = turned[..., 0::2], turned[..., 1::2]
            turned = torch.stack((a * cos - b * sin, b * cos + a * sin), dim=-1).flatten(-2)
        else:
            a, b = turned.chunk(2, dim=-1)
            turned = torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)
        return torch.cat((turned, rest), dim=-1) if rest.shape[-1] else turned

    def mlp(self, n: int, x: Tensor) -> Tensor:
        up = self.linear("up", n, x)
        if self.shape.family == "llama":
            return self.linear("down", n, F.silu(self.linear("gate", n, x)) * up)
        return self.linear("down", n, F.gelu(up, approximate="tanh" if self.shape.family == "gptj" else "none"))

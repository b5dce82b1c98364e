"""Documents read through a bottleneck: what is inferred from earlier lines must pass the arrow of a line.

In a share of the documents attention is restricted. At an arrow, one or two blocks see the own line only, so that the earlier lines are
read first where they stand; then, up to a random depth, blocks see the earlier lines but not the line's own input;
the blocks after them see the own line only. All other tokens see their own line only. So the
relation has to be gathered at the arrow before the input is read there: the split into inferring and executing that the
paper finds in large models. Without it these small models mix the two at all positions and depths.
"""

import torch
from torch import Tensor

LATEST_START = 2  # The most blocks before gathering begins.
EARLIEST = 3  # The first block that may be after gathering. Block `latest` and those after it always are: they would read other demonstrations than θ's.


def visible(ids: Tensor, blocks: int, share: float, latest: int, example: int, arrow: int) -> list[Tensor]:
    """For every block what may be attended to: [documents, 1, pos, pos]. `latest`: the first block that never gathers."""
    documents, length = ids.shape
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    line = (ids == example).cumsum(1)
    same_line = causal & (line[:, :, None] == line[:, None, :])
    itself = torch.eye(length, dtype=torch.bool)
    at_arrow = (ids == arrow)[:, :, None]
    gathering = torch.where(at_arrow, causal & (~same_line | itself), same_line)
    free = (torch.rand(documents) >= share)[:, None, None]
    start = torch.randint(1, LATEST_START + 1, (documents,))[:, None, None]
    depth = torch.randint(EARLIEST, latest + 1, (documents,))[:, None, None]
    return [(causal & (free | torch.where((start <= n) & (n < depth), gathering, same_line)))[:, None] for n in range(blocks)]

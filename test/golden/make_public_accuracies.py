"""Writes test/golden/smollm2-public-accuracies.json: zero-shot accuracies of SmolLM2 with a function vector added, by the public code of Todd et al.

    python test/golden/make_public_accuracies.py CODE FOLDER FILE.gguf          (torch, transformers, gguf, pandas, tqdm)

CODE is a checkout of github.com/ericwtodd/function_vectors at fb9eac7b6dc707ea1475a717379916007fe448d5; none of it is here. Its
`compute_function_vector` and `n_shot_eval` run on the prompts of smollm2-components.json, whose effects choose the heads. baukit,
bitsandbytes and scikit-learn, which it imports, are stood in for: of them only baukit's TraceDict is used here. Blocks of present transformers
give a tensor where the code waits for a tuple, without which it adds nothing: TraceDict hands it one.
Versions that made the committed file: torch 2.15.0, transformers 5.24.0.
"""

import importlib.machinery
import inspect
import json
import sys
import types
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = Path(__file__).parent


class TraceDict(dict):
    """Of baukit's: the inputs of the named modules, and `edit_output(output, name[, inputs])` of them, while the context lasts."""

    def __init__(self, model, layers, edit_output=None, **_):
        self.hooks = []
        inputs = edit_output is not None and "inputs" in inspect.signature(edit_output).parameters

        def edited(output, name, given):
            if inputs:
                return edit_output(output, name, given)
            out = edit_output((output,) if torch.is_tensor(output) else output, name)
            return out[0] if torch.is_tensor(output) else out

        for name in layers:

            def hook(_, given, output, name=name):
                self[name] = types.SimpleNamespace(input=given[0])
                return edited(output, name, given) if edit_output else None

            self.hooks.append(model.get_submodule(name).register_forward_hook(hook))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()


def stand_in(name, **members):
    module = types.ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    module.__dict__.update(members)
    sys.modules[name] = module


class Words:
    """The split of a data set that `n_shot_eval` reads."""

    def __init__(self, pairs):
        self.pairs = [{"input": x, "output": y} for x, y in pairs]

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]


def importable(code: str) -> None:
    """The checkout's modules, and what they import."""
    stand_in("baukit", TraceDict=TraceDict, get_module=None)
    stand_in("bitsandbytes")
    stand_in("sklearn")
    stand_in("sklearn.model_selection", train_test_split=None)
    sys.path.insert(0, str(Path(code) / "src"))


@torch.no_grad()
def main(code: str, folder: str, file: str) -> None:
    importable(code)
    from utils.eval_utils import n_shot_eval
    from utils.extract_utils import compute_function_vector

    golden = json.loads((HERE / "smollm2-components.json").read_text())
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=file, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    shape = model.config
    blocks, heads, width = shape.num_hidden_layers, shape.num_attention_heads, shape.hidden_size
    config = {
        "n_heads": heads,
        "n_layers": blocks,
        "resid_dim": width,
        "name_or_path": "llama",
        "attn_hook_names": [f"model.layers.{layer}.self_attn.o_proj" for layer in range(blocks)],
        "layer_hook_names": [f"model.layers.{layer}" for layer in range(blocks)],
        "prepend_bos": True,
    }

    means = torch.zeros(blocks, heads, 1, width // heads)
    for item in golden["clean"]:
        hooks = []
        for layer, name in enumerate(config["attn_hook_names"]):

            def take(_, args, layer=layer):
                means[layer, :, 0] += args[0][0, -1].view(heads, -1) / len(golden["clean"])

            hooks.append(model.get_submodule(name).register_forward_pre_hook(take))
        model(torch.tensor([item["tokens"]]))
        for hook in hooks:
            hook.remove()
    effects = torch.tensor(golden["effects"]).view(-1, blocks, heads)
    vector, top = compute_function_vector(means, effects, model, config, n_top_heads=10)
    assert [[int(layer), int(head)] for layer, head, _ in top] == golden["top"]

    def words(tokens):
        return tokenizer.decode(tokens).removeprefix("example: ").removesuffix("->")

    pairs = [(words(item["tokens"]), tokenizer.decode(item["answer"]).strip()) for item in golden["zeroShot"]]
    formats = {
        "prefixes": {"input": "example:", "output": "->", "instructions": ""},
        "separators": {"input": "", "output": "\n", "instructions": ""},
    }
    results = [
        n_shot_eval({"train": [], "test": Words(pairs)}, vector, layer, 0, model, config, tokenizer, **formats)
        for layer in golden["layers"]
    ]
    out = {
        "clean": results[0]["clean_topk"][0][1],
        "accuracies": [result["intervention_topk"][0][1] for result in results],
        "cleanRanks": results[0]["clean_rank_list"],
        "ranks": [result["intervention_rank_list"] for result in results],
    }
    (HERE / "smollm2-public-accuracies.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

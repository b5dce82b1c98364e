"""Writes test/golden/gemma3-components.json and gptj-components.json: the public code of Todd et al., run on two more models.

    python test/golden/make_public_components.py CODE FILE.gguf          (torch, transformers, gguf, pandas, tqdm)

CODE and its stand-ins are those of make_public_accuracies.py; FILE is Gemma 3 270M, the other model is miniatures/gptj-mini. The code's own
`get_mean_head_activations`, `compute_indirect_effect`, `compute_function_vector` and `n_shot_eval` run on prompts that it draws; their tokens
are those the model was given. Two things are changed for them, in memory alone:

- It takes a head to be `resid_dim // n_heads` wide, which Gemma 3's are not (640 and 4, but 256): its config says 1,024 where it splits heads,
  and the vector that `compute_function_vector` sums into is as wide as the stream.
- It writes a space before every word, and GPT-J's BOS as text; the miniature's tokenizer, of whole words, is given neither space nor any
  BOS but its own.

Of Gemma's means every 37th value is kept. Its function vector is what the output projections give: the norm behind them is not applied.
Versions that made the committed files: torch 2.15.0, transformers 5.24.0.
"""

import json
import string
import sys
from pathlib import Path

import torch
from make_public_accuracies import importable
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = Path(__file__).parent
SHOTS, CLEAN, SHUFFLED, ZERO_SHOT = 5, 10, 4, 20
FORMATS = {
    "prefixes": {"input": "example:", "output": "->", "instructions": ""},
    "separators": {"input": "", "output": "\n", "instructions": ""},
}


class OfWholeWords:
    """The miniature's tokenizer, as the code calls one."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    def __getattr__(self, name):
        return getattr(self.tokenizer, name)

    def tokenize(self, text):
        return self.tokenizer.tokenize(self.written(text))

    def __call__(self, text, **options):
        return self.tokenizer([self.written(one) for one in text] if isinstance(text, list) else self.written(text), **options)

    @staticmethod
    def written(text):
        return text.replace(" ", "").replace("<|endoftext|>", "<end>")


def gemma3(file: str):
    folder, name = str(Path(file).parent), Path(file).name
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32, attn_implementation="eager")
    config = model.config
    layers = [f"model.layers.{layer}" for layer in range(config.num_hidden_layers)]
    entries = json.loads((HERE / "../../lists/linguistic/antonyms.json").read_text())["entries"]
    return {
        "model": model,
        "tokenizer": AutoTokenizer.from_pretrained(folder, gguf_file=name),
        "config": {
            "n_heads": config.num_attention_heads,
            "n_layers": config.num_hidden_layers,
            "resid_dim": config.num_attention_heads * config.head_dim,
            "name_or_path": "gemma",
            "attn_hook_names": [f"{layer}.self_attn.o_proj" for layer in layers],
            "layer_hook_names": layers,
            "prepend_bos": True,
        },
        "width": config.hidden_size,
        "pairs": [entry[:2] for entry in entries[:60]],
        "layers": [6, 8, 9, 10, 12],
        "stride": 37,
    }


def gptj():
    folder = HERE / "../../miniatures/gptj-mini"
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    config = model.config
    layers = [f"transformer.h.{layer}" for layer in range(config.n_layer)]
    letters = string.ascii_lowercase
    return {
        "model": model,
        "tokenizer": OfWholeWords(AutoTokenizer.from_pretrained(folder)),
        "config": {
            "n_heads": config.n_head,
            "n_layers": config.n_layer,
            "resid_dim": config.n_embd,
            "name_or_path": "gpt-j",
            "attn_hook_names": [f"{layer}.attn.out_proj" for layer in layers],
            "layer_hook_names": layers,
            "prepend_bos": False,
        },
        "width": config.n_embd,
        "pairs": list(zip(letters, letters[1:] + "a")),
        "layers": list(range(config.n_layer)),
        "stride": 1,
    }


@torch.no_grad()
def run(code, *, model, tokenizer, config, width, pairs, layers, stride):
    model.eval()
    words = code["ICLDataset"]({"input": [x for x, _ in pairs], "output": [y for _, y in pairs]})
    few = code["ICLDataset"]({"input": words["input"][:ZERO_SHOT], "output": words["output"][:ZERO_SHOT]})
    data = {"train": words, "valid": words, "test": few}
    code["set_seed"](41)
    drawn = []  # what the model is given, once where the same prompt runs again and again
    answers = code["answers"]

    def note(_, __, given):
        tokens = given["input_ids"][0].tolist()
        if not drawn or drawn[-1] != tokens:
            drawn.append(tokens)

    def prompts(number):
        assert len(drawn) == number
        asked = answers or [[0]] * number
        taken = [{"tokens": tokens, "answer": answer[0]} for tokens, answer in zip(drawn, asked, strict=True)]
        drawn.clear()
        answers.clear()
        return taken

    hook = model.register_forward_pre_hook(note, with_kwargs=True)
    means = code["get_mean_head_activations"](data, model, config, tokenizer, n_icl_examples=SHOTS, N_TRIALS=CLEAN, **FORMATS)
    clean = prompts(CLEAN)
    effects = code["compute_indirect_effect"](data, means, model, config, tokenizer, n_shots=SHOTS, n_trials=SHUFFLED, **FORMATS)
    shuffled = prompts(SHUFFLED)
    vector, top = code["compute_function_vector"](means, effects, model, config, n_top_heads=10)
    stream = {**config, "resid_dim": width}
    results = []
    for layer in layers:
        results.append(code["n_shot_eval"](data, vector, layer, 0, model, stream, tokenizer, **FORMATS))
        zero_shot = prompts(ZERO_SHOT)
    hook.remove()
    return {
        **{"clean": clean, "shuffled": shuffled, "zeroShot": zero_shot, "stride": stride},
        "means": rounded(means[:, :, -1].flatten()[::stride]),
        "effects": [rounded(of.flatten()) for of in effects],
        "top": [[int(layer), int(head)] for layer, head, _ in top],
        "vector": rounded(vector.flatten()),
        "layers": layers,
        "clean_accuracy": results[0]["clean_topk"][0][1],
        "accuracies": [result["intervention_topk"][0][1] for result in results],
        "ranks": [result["intervention_rank_list"] for result in results],
    }


def rounded(values):
    return [round(value, 6) for value in values.tolist()]


def public_code(folder: str):
    importable(folder)
    import compute_indirect_effect as effects
    import utils.eval_utils as scores
    import utils.extract_utils as extract
    from utils.prompt_utils import ICLDataset

    answers = []

    def noted(*asked, own=scores.get_answer_id):
        answers.append(own(*asked))
        return answers[-1]

    effects.get_answer_id = scores.get_answer_id = noted
    source = (Path(folder) / "src/utils/extract_utils.py").read_text()
    start, end = source.index("def compute_function_vector("), source.index("def compute_universal_function_vector(")
    sums = source[start:end].replace("torch.zeros((1,1,model_resid_dim))", "torch.zeros((1,1,out_width))")
    sums = sums.replace("reshape(1, model_resid_dim)\n", "reshape(1, out_width)\n")
    assert sums.count("out_width") == 2
    exec(sums.replace("    device = model.device\n", "    device = model.device\n    out_width = model.config.hidden_size\n"), vars(extract))
    return {
        **vars(extract),
        **{"compute_indirect_effect": effects.compute_indirect_effect, "n_shot_eval": scores.n_shot_eval},
        **{"ICLDataset": ICLDataset, "answers": answers},
    }


def main(folder: str, file: str) -> None:
    code = public_code(folder)
    for name, setup in {"gemma3": gemma3(file), "gptj": gptj()}.items():
        golden = run(code, **setup)
        print(name, golden["clean_accuracy"], golden["accuracies"], golden["top"], file=sys.stderr)
        (HERE / f"{name}-components.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main(*sys.argv[1:])

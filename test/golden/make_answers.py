"""Writes test/golden/answers.json: what transformers' generate gives with θ patched in by a forward hook, in f32.

    python test/golden/make_answers.py          (torch, transformers)

Per model and task: items as token ids, and the tokens generated greedily behind [S, x, ->] (regular), [x, ->] (baseline)
and [x, ->] with θ_L in the last token's place after block L, for every L (hypothesis). θ_L is the mean over two dummy
queries x'. A text of STOP ends an answer, wherever it stands in it, and so does the model's end-of-text token.
Versions that made the committed file: torch 2.15.0, transformers 5.24.0.
"""

import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast, StoppingCriteria, StoppingCriteriaList

HERE = Path(__file__).parent
MODELS = {
    "llama-mini-s": HERE / "../../miniatures/llama-mini-s",
    "pythia-mini-s": HERE / "../../miniatures/pythia-mini-s",
    "gptj-mini": HERE / "../../miniatures/gptj-mini",
    "gpt2": HERE / "tiny/gpt2",
}
MAX_TOKENS = 8
# A newline, a text within a token, one over two tokens.
STOP = ["\n", "ont", "aA"]
# Of the miniatures' words; 3 to 7 tokens an answer.
TASKS = {
    "reversed": {",".join(w): ",".join(w[::-1]) for w in "cad dog suno treb bird milk door rain".split()},
    "upper": {",".join(w): ",".join(w.upper()) for w in "cat bog sun tree bird pond wren rain".split()},
    "place": {
        "France": "Paris,Europe", "Japan": "Tokyo,Asia", "Egypt": "Cairo,Africa", "Italy": "Rome,Europe",
        "Chile": "Santiago,South America", "Kenya": "Nairobi,Africa", "Spain": "Madrid,Europe", "Haiti": "Kingston,Europe",
    },
}  # fmt: skip
K, ITEMS = 3, 3


def blocks(model):
    return next(module for module in model.base_model.children() if isinstance(module, torch.nn.ModuleList))


def prompt(demonstrations, query):
    return "\n".join([*(f"example:{x}->{y}" for x, y in demonstrations), f"example:{query}->"])


class Stop(StoppingCriteria):
    def __init__(self, tokenizer, start):
        self.tokenizer, self.start = tokenizer, start

    def __call__(self, ids, scores, **_):
        texts = [self.tokenizer.decode(row[self.start :], skip_special_tokens=True) for row in ids]
        return torch.tensor([any(stop in text for stop in STOP) for text in texts])


@torch.no_grad()
def generate(model, tokenizer, tokens, patch=None):
    """The hook of `patch`, (layer, vector), changes the first pass alone: that over the prompt."""
    hooks = []
    if patch:
        layer, vector = patch
        seen = []

        def hook(_module, _inputs, out):
            if seen:
                return out
            seen.append(True)
            state = out if torch.is_tensor(out) else out[0]
            state[0, -1] = vector
            return out

        hooks = [blocks(model)[layer].register_forward_hook(hook)]
    out = model.generate(
        torch.tensor([tokens]),
        attention_mask=torch.ones(1, len(tokens), dtype=torch.long),
        max_new_tokens=MAX_TOKENS,
        do_sample=False,
        use_cache=True,
        pad_token_id=0,
        stopping_criteria=StoppingCriteriaList([Stop(tokenizer, len(tokens))]),
    )
    for hook in hooks:
        hook.remove()
    return out[0, len(tokens) :].tolist()


@torch.no_grad()
def last_states(model, tokens):
    states = []
    hooks = [
        block.register_forward_hook(lambda _m, _i, out: states.append((out if torch.is_tensor(out) else out[0])[0, -1].clone()))
        for block in blocks(model)
    ]
    model(torch.tensor([tokens]), use_cache=False)
    for hook in hooks:
        hook.remove()
    return torch.stack(states)


def items(name, tokenizer, pairs):
    """As token ids: words where the tokenizer has words, else `t<id>` drawn by position."""
    inputs = list(pairs)
    for i in range(ITEMS):
        s, x, dummies = [inputs[(i + j) % 8] for j in range(K)], inputs[(i + K) % 8], [inputs[(i + K + 1 + j) % 8] for j in range(2)]
        demonstrations = [(w, pairs[w]) for w in s]
        texts = [prompt([], x), prompt(demonstrations, x), *(prompt(demonstrations, d) for d in dummies)]
        if name == "gpt2":
            texts = [" ".join(f"t{1 + sum(map(ord, word * (1 + at % 7))) % 95}" for at, word in enumerate(text.replace("->", " ->").replace(",", " , ").split())) for text in texts]
        bare, regular, *theta = [tokenizer(text).input_ids for text in texts]
        yield {"theta": theta, "bare": bare, "regular": regular}


def main():
    found = []
    for name, folder in MODELS.items():
        tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json")) if name == "gpt2" else AutoTokenizer.from_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        for task, pairs in TASKS.items():
            for item in items(name, tokenizer, pairs):
                theta = torch.stack([last_states(model, tokens) for tokens in item["theta"]]).mean(0)
                found.append({
                    "model": name, "task": task, **item,
                    "answers": {
                        "regular": generate(model, tokenizer, item["regular"]),
                        "baseline": generate(model, tokenizer, item["bare"]),
                        "hypothesis": [generate(model, tokenizer, item["bare"], (l, theta[l])) for l in range(len(theta))],
                    },
                })  # fmt: skip
    (HERE / "answers.json").write_text(json.dumps({"maxTokens": MAX_TOKENS, "stop": STOP, "items": found}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

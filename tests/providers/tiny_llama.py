"""Serve a LLaMA of random weights with llama.cpp: `python tiny_llama.py FILE PORT ALIAS KEY`.

Runs in the environment of `run.py test --providers llama-cpp`, which holds llama.cpp's own server
(inside the package xllamacpp), gguf and numpy, and nothing of this project. The weights are made on
the spot: one layer of 32 dimensions over bytes and letters, 120 KB. Tensors and keys are those of
GGUF's architecture "llama". Its answers mean nothing; that they come is what matters.
"""

import signal
import sys

import gguf
import numpy as np
import xllamacpp

SIZE, HIDDEN, HEADS, CONTEXT = 32, 64, 2, 512
SPECIAL = ("<unk>", "<s>", "</s>")
LETTERS = [*"abcdefghijklmnopqrstuvwxyz", "\u2581"]  # the last stands for a space


def write_model(path: str) -> None:
    """Write the model as a GGUF file of float32 tensors."""
    writer = gguf.GGUFWriter(path, "llama")
    tokens = write_tokens(writer)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(SIZE)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(SIZE // HEADS)
    rng = np.random.default_rng(1)
    square, wide, tall = (SIZE, SIZE), (HIDDEN, SIZE), (SIZE, HIDDEN)
    shapes = {
        "token_embd": (tokens, SIZE),
        **{f"blk.0.attn_{name}": square for name in ("q", "k", "v", "output")},
        "blk.0.ffn_gate": wide,
        "blk.0.ffn_up": wide,
        "blk.0.ffn_down": tall,
    }
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", rng.normal(0, 0.2, shape).astype(np.float32))
    # Only letters are likely: no answer ends by itself, or holds half a character.
    output = np.zeros((tokens, SIZE), np.float32)
    output[-len(LETTERS) :] = rng.normal(0, 2, (len(LETTERS), SIZE))
    writer.add_tensor("output.weight", output)
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(SIZE, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_tokens(writer: gguf.GGUFWriter) -> int:
    """Write a vocabulary of all bytes and some letters, and return its size."""
    kind = gguf.TokenType
    tokens = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *LETTERS]
    kinds = [kind.UNKNOWN, kind.CONTROL, kind.CONTROL, *[kind.BYTE] * 256]
    writer.add_tokenizer_model("llama")
    writer.add_token_list([one.encode() for one in tokens])
    writer.add_token_scores([-float(at) for at in range(len(tokens))])
    writer.add_token_types([*kinds, *[kind.NORMAL] * len(LETTERS)])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    return len(tokens)


def serve(path: str, port: int, alias: str, key: str) -> xllamacpp.Server:
    """Start the server, which answers in threads of its own until it is forgotten."""
    asked = xllamacpp.CommonParams()
    asked.model.path = path
    asked.model_alias = {alias}
    asked.api_keys = [key]
    asked.port = port
    asked.n_ctx = CONTEXT
    asked.n_parallel = 1
    asked.cpuparams.n_threads = 1
    return xllamacpp.Server(asked)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    write_model(sys.argv[1])
    server = serve(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
    signal.pause()

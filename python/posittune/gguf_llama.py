"""GGUF files of Llama models -> transformers: weights dequantized to fp32, and the tokenizer that the file describes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from posittune.errors import Exit, Failure, one_line

BLOCK = {  # blk.N.X.weight -> model.layers.N.Y.weight
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
WHOLE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
CONTROL = 3  # token type of special tokens


def open_file(path: Path) -> Any:
    import gguf

    try:
        reader = gguf.GGUFReader(path)
        architecture = reader.fields["general.architecture"].contents()
    except (ValueError, KeyError, IndexError, OSError) as error:
        raise Failure(
            Exit.INPUT, "not a GGUF file, or a damaged one", where=str(path), found=one_line(error)
        ) from error
    if architecture != "llama":
        raise Failure(
            Exit.UNSUPPORTED, f"GGUF of architecture '{architecture}' is not read", where=str(path), hint="known: llama"
        )
    return reader


def config(reader: Any) -> Any:
    import transformers

    get = lambda key: reader.fields[f"llama.{key}"].contents()
    ids = {f"{name}_token_id": reader.fields[f"tokenizer.ggml.{name}_token_id"].contents() for name in ("bos", "eos")}
    return transformers.LlamaConfig(
        vocab_size=len(reader.fields["tokenizer.ggml.tokens"].data),
        hidden_size=get("embedding_length"),
        intermediate_size=get("feed_forward_length"),
        num_hidden_layers=get("block_count"),
        num_attention_heads=get("attention.head_count"),
        num_key_value_heads=get("attention.head_count_kv"),
        max_position_embeddings=get("context_length"),
        rms_norm_eps=get("attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": get("rope.freq_base")},
        tie_word_embeddings=all(tensor.name != "output.weight" for tensor in reader.tensors),
        **ids,
    )


def halves_first(weight: np.ndarray, heads: int) -> np.ndarray:
    """llama.cpp keeps the two rotated halves of a head interleaved, (heads, width/2, 2); transformers has one after the other."""
    return weight.reshape(heads, -1, 2, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


def name_of(tensor: str) -> str:
    """The transformers name of a GGUF tensor."""
    parts = tensor.removesuffix(".weight").split(".")
    if len(parts) == 3 and parts[0] == "blk" and parts[2] in BLOCK:
        return f"model.layers.{parts[1]}.{BLOCK[parts[2]]}.weight"
    if len(parts) == 1 and parts[0] in WHOLE:
        return f"{WHOLE[parts[0]]}.weight"
    raise Failure(Exit.UNSUPPORTED, "a tensor without a place in LlamaForCausalLM", where=tensor)


def weights(reader: Any, heads: Mapping[str, int]) -> dict[str, Any]:
    """heads: of attn_q and attn_k."""
    import gguf
    import torch

    found = {}
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        part = tensor.name.split(".")[-2]
        if part in heads:
            values = halves_first(values, heads[part])
        found[name_of(tensor.name)] = torch.from_numpy(np.ascontiguousarray(values))
    return found


def model(reader: Any) -> Any:
    """LlamaForCausalLM in fp32, eager attention."""
    import torch
    import transformers

    settings = config(reader)
    settings.architectures = ["LlamaForCausalLM"]
    with torch.device("meta"):
        empty = transformers.LlamaForCausalLM._from_config(settings, attn_implementation="eager")
    state = weights(reader, {"attn_q": settings.num_attention_heads, "attn_k": settings.num_key_value_heads})
    missing = set(empty.state_dict()) - set(state) - ({"lm_head.weight"} if settings.tie_word_embeddings else set())
    if missing:
        raise Failure(Exit.INPUT, "the GGUF file lacks weights", expected=", ".join(sorted(missing)[:4]))
    filled = transformers.LlamaForCausalLM(settings)
    filled.load_state_dict(state, strict=False, assign=True)
    filled.tie_weights()
    filled.set_attn_implementation("eager")
    return filled.float()


def tokenizer(reader: Any) -> Any:
    """The byte-level BPE of llama.cpp's pre-tokenizer "smollm": single digits apart, then GPT-2's expression."""
    import tokenizers
    import transformers

    get = lambda key: reader.fields[f"tokenizer.ggml.{key}"].contents()
    if (get("model"), get("pre")) != ("gpt2", "smollm"):
        raise Failure(Exit.UNSUPPORTED, f"a tokenizer '{get('model')}' with pre-tokenizer '{get('pre')}'")
    words = get("tokens")
    core = tokenizers.Tokenizer(
        tokenizers.models.BPE(
            {word: number for number, word in enumerate(words)}, [tuple(merge.split(" ")) for merge in get("merges")]
        )
    )
    split = tokenizers.pre_tokenizers
    core.pre_tokenizer = split.Sequence([split.Digits(individual_digits=True), split.ByteLevel(add_prefix_space=False)])
    core.decoder = tokenizers.decoders.ByteLevel()
    core.add_special_tokens([word for word, kind in zip(words, get("token_type"), strict=True) if kind == CONTROL])
    named = {
        f"{name}_token": words[get(f"{key}_token_id")]
        for name, key in (("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding"))
    }
    return transformers.PreTrainedTokenizerFast(tokenizer_object=core, **named)

"""GGUF files written here, as llama.cpp's converter lays them out, against the model they were written from."""

import unittest

import gguf
import numpy as np
import torch
import transformers
from posittune.errors import Exit, Failure
from support import LLAMA, FolderCase, ids

from posittune import gguf_llama

NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "embed_tokens": "token_embd",
    "norm": "output_norm",
}


def interleaved(weight, heads):
    """Row 2 i + j of a head is row i of its half j."""
    rows, columns = weight.shape
    width = rows // heads
    new = np.empty_like(weight)
    for head in range(heads):
        for i in range(width // 2):
            for half in range(2):
                new[head * width + 2 * i + half] = weight[head * width + half * (width // 2) + i]
    return new


def write(path, model, quantization, architecture="llama"):
    config = model.config
    file = gguf.GGUFWriter(str(path), architecture)
    file.add_context_length(config.max_position_embeddings)
    file.add_embedding_length(config.hidden_size)
    file.add_block_count(config.num_hidden_layers)
    file.add_feed_forward_length(config.intermediate_size)
    file.add_head_count(config.num_attention_heads)
    file.add_head_count_kv(config.num_key_value_heads)
    file.add_rope_freq_base(5000.0)
    file.add_layer_norm_rms_eps(config.rms_norm_eps)
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre("smollm")
    file.add_token_list([f"t{i}" for i in range(config.vocab_size)])
    file.add_bos_token_id(1)
    file.add_eos_token_id(2)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight":
            continue  # tied
        parts = name.removesuffix(".weight").split(".")
        layer = int(parts[2]) if parts[1] == "layers" else None
        short = NAMES[".".join(parts[3:]) if layer is not None else parts[-1]]
        values = tensor.numpy()
        if short in ("attn_q", "attn_k"):
            values = interleaved(
                values, config.num_attention_heads if short == "attn_q" else config.num_key_value_heads
            )
        kind = quantization if values.ndim == 2 else gguf.GGMLQuantizationType.F32
        file.add_tensor(
            short + ".weight" if layer is None else f"blk.{layer}.{short}.weight",
            gguf.quants.quantize(values, kind),
            raw_dtype=kind,
        )
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def small_model():
    torch.manual_seed(5)
    config = transformers.LlamaConfig(
        **LLAMA, tie_word_embeddings=True, rope_parameters={"rope_type": "default", "rope_theta": 5000.0}
    )
    return transformers.LlamaForCausalLM(config).eval().requires_grad_(False)


class Weights(FolderCase):
    def logits(self, quantization):
        model = small_model()
        write(self.folder / "model.gguf", model, quantization)
        read = gguf_llama.model(gguf_llama.open_file(self.folder / "model.gguf")).eval()
        tokens = torch.from_numpy(ids(2, 50, 300))
        with torch.no_grad():
            return read(tokens).logits, model(tokens).logits

    def test_fp32_is_the_same_model(self):
        found, wanted = self.logits(gguf.GGMLQuantizationType.F32)
        # Eager attention here, the default one there: the order of sums differs.
        self.assertLess((found - wanted).abs().max() / wanted.abs().max(), 1e-5)

    def test_8_bits_are_near(self):
        found, wanted = self.logits(gguf.GGMLQuantizationType.Q8_0)
        self.assertLess((found - wanted).norm() / wanted.norm(), 0.03)  # blocks of 32 with 127 steps, 15 matrices deep

    def test_errors(self):
        write(self.folder / "other.gguf", small_model(), gguf.GGMLQuantizationType.F32, "falcon")
        (self.folder / "text.gguf").write_text("GGUF?" * 100)
        for name, kind in (("other", Exit.UNSUPPORTED), ("text", Exit.INPUT)):
            with self.assertRaises(Failure) as caught:
                gguf_llama.open_file(self.folder / f"{name}.gguf")
            self.assertEqual(caught.exception.kind, kind)
        with self.assertRaises(Failure):
            gguf_llama.name_of("blk.0.attn_qkv.weight")


class Tokenizers(unittest.TestCase):
    def test_digits_stand_alone(self):
        class Field:
            def __init__(self, value):
                self.value = value

            def contents(self):
                return self.value

        words = ["<|endoftext|>", "1", "2", "12", "a", "b", "ab", "Ġ", "Ġa"]
        fields = {
            "model": "gpt2",
            "pre": "smollm",
            "tokens": words,
            "merges": ["1 2", "a b", "Ġ a"],
            "token_type": [3] + [1] * 8,
            "bos_token_id": 0,
            "eos_token_id": 0,
            "unknown_token_id": 0,
            "padding_token_id": 0,
        }

        class Reader:
            pass

        reader = Reader()
        reader.fields = {f"tokenizer.ggml.{key}": Field(value) for key, value in fields.items()}
        made = gguf_llama.tokenizer(reader)
        self.assertEqual(made("ab12 a<|endoftext|>")["input_ids"], [6, 1, 2, 8, 0])


if __name__ == "__main__":
    unittest.main()

"""Exports that transformers, compressed-tensors and gguf read, each by its own package: the numbers that they compute with are
those of the archive. Skips (exit code 77) without PyTorch.

FILE HF_TOOL ROOT [unittest arguments]
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOL, ROOT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(ROOT / "python"))

try:
    import numpy as np
    import torch
    import transformers
except ImportError as missing:
    print(f"skip: {missing}")
    sys.exit(77)
from posittune.archive import read_archive  # noqa: E402

try:
    from compressed_tensors.compressors import ModelCompressor
except ImportError:
    ModelCompressor = None

LLAMA = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 300,
    "max_position_embeddings": 64,
    "initializer_range": 0.1,
}
GPT2 = {"n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 300, "n_positions": 64, "initializer_range": 0.1}
IDS = torch.arange(3, 19).reshape(2, 8) * 7 % 300


class Folders(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def save(self, model, **options):
        torch.manual_seed(1)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.dim() == 1:
                    parameter.add_(torch.randn_like(parameter) * 0.1)
        source = self.folder / "source"
        model.save_pretrained(source, **options)
        (source / "tokenizer.json").write_text("{}")
        return source

    def run_tool(self, form, source, *specs):
        line = [TOOL, form, str(source), str(self.folder / "out"), *specs]
        return subprocess.run(line, capture_output=True, text=True)

    def export(self, form, source, *specs):
        done = self.run_tool(form, source, *specs)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.notes = done.stdout
        archive = read_archive(self.folder / "out.posit")
        return self.folder / "out", {name: weight.stored() for name, weight in archive.weights.items()}

    def logits(self, model):
        with torch.no_grad():
            return model.eval()(IDS).logits

    def expected(self, source, values, cls=transformers.AutoModelForCausalLM):
        """The source's model with these numbers in place of its own."""
        model = cls.from_pretrained(source, dtype=torch.float32)
        parameters = dict(model.named_parameters())
        with torch.no_grad():
            for name, value in values.items():
                parameters[name].copy_(torch.from_numpy(value))
        return model


class Container(Folders):
    def test_the_formats_own_library_reads_archives(self):
        from safetensors import safe_open

        source = self.save(transformers.LlamaForCausalLM(transformers.LlamaConfig(**LLAMA)))
        self.export("fp32", source, *Transformers.SPECS)
        archive = read_archive(self.folder / "out.posit")
        with safe_open(self.folder / "out.posit", "numpy") as file:
            self.assertEqual(file.metadata()["posittune"], "1")
            self.assertEqual(len([name for name in file.keys() if name.endswith("/codes")]), len(archive.weights))
            packed = file.get_tensor("weights/model.embed_tokens.weight/0/codes")
        self.assertEqual(packed.tobytes(), archive.weights["model.embed_tokens.weight"].codes.tobytes())


class Transformers(Folders):
    SPECS = (
        "model.layers.0.self_attn.q_proj.weight=posit<6,1>:channel",
        "model.layers.0.mlp.down_proj.weight=int4:group:32",
        "model.layers.1.mlp.up_proj.weight=mxfp4:tensor",
        "model.layers.1.self_attn.k_proj.weight=fp8_e4m3:tensor",
        "model.embed_tokens.weight=posit<8,2>:channel",
    )

    def check_same(self, source, form, specs):
        out, values = self.export(form, source, *specs)
        model = transformers.AutoModelForCausalLM.from_pretrained(out)
        self.assertEqual(next(model.parameters()).dtype, torch.float32)
        found = dict(model.named_parameters())
        for name, value in values.items():
            np.testing.assert_array_equal(found[name].detach().numpy(), value, name)
        self.assertTrue(torch.equal(self.logits(model), self.logits(self.expected(source, values))))
        self.assertEqual((out / "tokenizer.json").read_text(), "{}")

    def test_llama(self):
        source = self.save(transformers.LlamaForCausalLM(transformers.LlamaConfig(**LLAMA)))
        self.check_same(source, "fp32", self.SPECS)

    def test_llama_in_bfloat16_and_shards(self):
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**LLAMA)).to(torch.bfloat16)
        source = self.save(model, max_shard_size="100KB")
        self.assertFalse((source / "model.safetensors").exists())
        self.check_same(source, "fp32", self.SPECS)

    def test_gpt2_has_columns_for_outputs(self):
        source = self.save(transformers.GPT2LMHeadModel(transformers.GPT2Config(**GPT2)))
        specs = (
            "transformer.h.0.attn.c_attn.weight@=posit<6,1>:channel",
            "transformer.h.1.attn.c_proj.weight@=int4:channel",
            "transformer.h.1.mlp.c_fc.weight@=int8:tensor",
            "transformer.wte.weight=posit<8,1>:channel",
        )
        self.check_same(source, "fp32", specs)

    def test_half(self):
        source = self.save(transformers.LlamaForCausalLM(transformers.LlamaConfig(**LLAMA)))
        out, values = self.export("fp16", source, *self.SPECS[:3])
        model = transformers.AutoModelForCausalLM.from_pretrained(out)
        found = dict(model.named_parameters())
        for name, value in values.items():
            self.assertEqual(found[name].dtype, torch.float16)
            np.testing.assert_array_equal(found[name].detach().numpy(), value.astype(np.float16), name)
        self.assertIn("FP16 rounds ", self.notes)


@unittest.skipUnless(ModelCompressor, "no package compressed-tensors")
class Compressed(Folders):
    SPECS = (
        "model.layers.0.self_attn.q_proj.weight=int4:group:32",
        "model.layers.0.self_attn.k_proj.weight=int3:channel",
        "model.layers.0.self_attn.v_proj.weight=int5:tensor",
        "model.layers.0.self_attn.o_proj.weight=int8:channel",
        "model.layers.0.mlp.up_proj.weight=fp8_e4m3:channel",
        "model.layers.0.mlp.gate_proj.weight=fp8_e4m3:tensor",
        "model.layers.1.mlp.up_proj.weight=mxfp4:tensor",
        "model.layers.1.mlp.down_proj.weight=int6:group:32",
        "model.layers.1.self_attn.q_proj.weight=mxfp8:tensor",
        "model.layers.1.self_attn.k_proj.weight=int2:group:16",
        "model.layers.1.self_attn.v_proj.weight=int7:channel",
    )

    def check_same(self, specs, form="compressed"):
        source = self.save(transformers.LlamaForCausalLM(transformers.LlamaConfig(**LLAMA)))
        out, values = self.export(form, source, *specs)
        model = transformers.AutoModelForCausalLM.from_pretrained(out)
        ModelCompressor.from_pretrained_model(model).decompress_model(model)
        found = dict(model.named_parameters())
        for name, value in values.items():
            np.testing.assert_array_equal(found[name].detach().float().numpy(), value, name)
        return source, out, values, model

    def test_every_form_decompresses_to_the_numbers(self):
        source, out, values, model = self.check_same(self.SPECS)
        config = transformers.AutoConfig.from_pretrained(out).quantization_config
        self.assertEqual(config["format"], "mixed-precision")
        self.assertIn("cast them to the type of the others", self.notes)
        self.assertIn("stored in several ways", self.notes)
        for parameter in model.parameters():
            parameter.data = parameter.data.float()
        self.assertTrue(torch.equal(self.logits(model), self.logits(self.expected(source, values))))

    def test_one_form_is_decompressed_while_loading(self):
        source = self.save(transformers.LlamaForCausalLM(transformers.LlamaConfig(**LLAMA)))
        out, values = self.export("compressed", source, *self.SPECS[:1])
        whole = transformers.utils.quantization_config.CompressedTensorsConfig(run_compressed=False)
        model = transformers.AutoModelForCausalLM.from_pretrained(out, quantization_config=whole)
        self.assertTrue(torch.equal(self.logits(model), self.logits(self.expected(source, values))))

    def test_inputs_of_int8(self):
        _, out, _, _ = self.check_same(["model.layers.0.mlp.up_proj.weight=int8:channel+int8"])
        config = transformers.AutoConfig.from_pretrained(out).quantization_config
        self.assertEqual(config["format"], "int-quantized")
        self.assertEqual(config["config_groups"]["group_0"]["input_activations"]["strategy"], "token")
        self.assertIn("int8 with a scale for each token", self.notes)

    def test_what_has_no_form_is_snapped(self):
        self.check_same(
            [
                "model.layers.0.mlp.up_proj.weight=posit<8,1>:channel",
                "model.layers.0.mlp.down_proj.weight=int4:group:32",
            ],
            "compressed-snap",
        )

    def test_refuses_posits_and_conv1d(self):
        source = self.save(transformers.GPT2LMHeadModel(transformers.GPT2Config(**GPT2)))
        for spec, part in (
            ("transformer.h.0.mlp.c_fc.weight@=posit<8,1>:channel", "no form for weights"),
            ("transformer.h.0.attn.c_proj.weight@=int4:channel", "does not know this kind of layer"),
        ):
            done = self.run_tool("compressed", source, spec)
            self.assertEqual(done.returncode, 14, done.stderr)
            self.assertIn(part, done.stderr)


class Gguf(Folders):
    def test_names_are_those_of_the_package(self):
        try:
            import gguf
        except ImportError as missing:
            self.skipTest(str(missing))
        for kind, arch in (
            (transformers.LlamaForCausalLM(transformers.LlamaConfig(**LLAMA)), gguf.MODEL_ARCH.LLAMA),
            (transformers.GPT2LMHeadModel(transformers.GPT2Config(**GPT2)), gguf.MODEL_ARCH.GPT2),
        ):
            names = [name for name, _ in kind.named_parameters(remove_duplicate=False)]
            table = gguf.get_tensor_name_map(arch, 2)
            expected = [table.get_name(name, try_suffixes=(".weight", ".bias")) for name in names]
            found = subprocess.run([TOOL, "gguf", *names], check=True, capture_output=True, text=True).stdout.split()
            pairs = {name: mine for name, mine in zip(names, found) if mine != "-"}
            for name, theirs in zip(names, expected):
                if name in pairs or dict(kind.named_parameters(remove_duplicate=False))[name].dim() > 1:
                    self.assertEqual(pairs.get(name), theirs, name)

    def test_what_the_notes_say_of_rounding(self):
        """ggml's mxfp4, f16 and bf16 are ours on these numbers; its blocks of integers have scales of their own."""
        try:
            import gguf
        except ImportError as missing:
            self.skipTest(str(missing))
        source = self.save(transformers.LlamaForCausalLM(transformers.LlamaConfig(**LLAMA)))
        name = "model.layers.0.mlp.up_proj.weight"
        x = dict(transformers.AutoModelForCausalLM.from_pretrained(source).named_parameters())[name].detach().numpy()
        for spec, kind, same in (
            ("mxfp4:tensor", "MXFP4", True),
            ("bf16:tensor", "BF16", True),
            ("fp16:tensor", "F16", True),
            ("int8:group:32", "Q8_0", False),
            ("int5:group:32", "Q5_0", False),
            ("int4:group:32", "Q4_0", False),
        ):
            with self.subTest(spec):
                shutil.rmtree(self.folder / "out", ignore_errors=True)
                _, values = self.export("fp32", source, f"{name}={spec}")
                kind = gguf.GGMLQuantizationType[kind]
                theirs = gguf.quants.dequantize(gguf.quants.quantize(x, kind), kind)
                self.assertEqual(np.array_equal(values[name], theirs), same)
                step = np.abs(x).max() / 7
                self.assertLess(np.abs(values[name] - theirs).max(), step)

    def test_types_are_those_of_the_package(self):
        try:
            import gguf
        except ImportError as missing:
            self.skipTest(str(missing))
        known = {kind.name.lower() for kind in gguf.GGMLQuantizationType}
        self.assertLessEqual({"q4_0", "q5_0", "q8_0", "mxfp4", "f16", "bf16", "f32"}, known)


if __name__ == "__main__":
    sys.argv[1:] = sys.argv[3:]
    unittest.main(testRunner=unittest.TextTestRunner(stream=sys.stderr))

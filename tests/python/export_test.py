"""python -m posittune.hub: the written files against transformers, in OpenVINO and onnxruntime."""

import shutil
import unittest

import numpy as np
import onnx
import torch
import transformers
from support import (
    LLAMA,
    ROOT,
    SMALL,
    TOLERANCE,
    FolderCase,
    change_config,
    command,
    ids,
    in_onnxruntime,
    in_openvino,
    reference,
    save,
)

from posittune import hub


class ExportCase(FolderCase):
    def export(self, model, *options):
        self.checkpoint = save(model, self.folder / "checkpoint")
        return self.export_again(*options)

    def export_again(self, *options):
        out = self.folder / "out"
        code, self.stdout, stderr = command(hub.main, self.checkpoint, "-o", out, *options)
        self.assertEqual(code, 0, stderr)
        self.path = out / "model.onnx"
        self.graph = onnx.load(self.path, load_external_data=False).graph
        return self.path

    def agree(self, kind, feed, result="logits", other=None):
        wanted = reference(kind, other or self.checkpoint, feed, result)
        for name, run in (("OpenVINO", in_openvino), ("onnxruntime", in_onnxruntime)):
            found = run(self.path, feed)
            self.assertEqual(found.shape, wanted.shape, name)
            self.assertLess(np.abs(found - wanted).max() / np.abs(wanted).max(), TOLERANCE, name)

    def uses(self, initializer):
        return [node.op_type for node in self.graph.node for name in node.input if name == initializer]

    def check_graph(self, model, inputs):
        """What the engine relies on."""
        file = onnx.load(self.path, load_external_data=False)
        self.assertEqual(len(file.functions), 0)
        self.assertEqual([(o.domain, o.version) for o in file.opset_import], [("", 18)])
        self.assertEqual([value.name for value in self.graph.input], inputs)
        for value in self.graph.input:
            self.assertEqual([d.dim_param for d in value.type.tensor_type.shape.dim], ["batch", "sequence"])
        weights = {tensor.name: list(tensor.dims) for tensor in self.graph.initializer}
        for name, parameter in model.named_parameters():  # each shared parameter once
            self.assertEqual(weights.get(name), list(parameter.shape), name)
        large = [name for name, dims in weights.items() if np.prod(dims, dtype=int) > 64]
        self.assertLessEqual(set(large), {name for name, _ in (*model.named_parameters(), *model.named_buffers())})
        names = [node.name for node in self.graph.node]
        self.assertEqual(len(names), len(set(names)))
        kinds = [node.op_type for node in self.graph.node]
        self.assertEqual(kinds.count("Softmax"), model.config.num_hidden_layers)
        text = self.path.read_bytes()
        self.assertNotIn(str(ROOT).encode(), text)
        self.assertNotIn(b"site-packages", text)


class Decoders(ExportCase):
    def test_gpt2(self):
        config = transformers.GPT2Config(n_embd=64, n_layer=2, n_head=4, n_positions=48, vocab_size=300)
        model = transformers.GPT2LMHeadModel(config)
        self.export(model)
        self.check_graph(model, ["input_ids"])
        self.assertEqual(sorted(self.uses("transformer.wte.weight")), ["Gather", "Transpose"])
        for batch, length in ((1, 1), (3, 29), (2, 48)):
            self.agree("AutoModelForCausalLM", {"input_ids": ids(batch, length, 300)})

    def test_llama_with_grouped_keys(self):
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**LLAMA))
        self.export(model)
        self.check_graph(model, ["input_ids"])
        self.assertEqual(self.uses("lm_head.weight"), ["Transpose"])
        for batch, length in ((1, 1), (3, 29), (1, 128)):
            self.agree("AutoModelForCausalLM", {"input_ids": ids(batch, length, 300)})

    def test_equal_weights_keep_their_names(self):
        """All norms of a new model are ones."""
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**{**LLAMA, "hidden_size": 32}))
        self.checkpoint = self.folder / "checkpoint"
        model.save_pretrained(self.checkpoint)
        self.export_again()
        self.check_graph(model, ["input_ids"])

    def test_tied_llama_in_fp16_with_external_data(self):
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**LLAMA, tie_word_embeddings=True))
        self.export(model, "--fp16", "--external-data")
        self.assertEqual(sorted(f.name for f in self.path.parent.iterdir()), ["model.onnx", "model.onnx.data"])
        self.assertEqual(self.uses("model.embed_tokens.weight"), ["Cast"])
        halves = {t.name for t in self.graph.initializer if t.data_type == onnx.TensorProto.FLOAT16}
        self.assertLessEqual({name for name, _ in model.named_parameters()}, halves)
        self.assertNotIn("model.rotary_emb.inv_freq", halves)  # rounding it would turn late positions
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(parameter.half().float())
        model.save_pretrained(self.folder / "rounded")
        self.agree("AutoModelForCausalLM", {"input_ids": ids(2, 100, 300)}, other=self.folder / "rounded")

    def test_sliding_window_shorter_than_the_text(self):
        self.export(transformers.MistralForCausalLM(transformers.MistralConfig(**LLAMA, sliding_window=9)))
        self.agree("AutoModelForCausalLM", {"input_ids": ids(2, 40, 300)})

    def test_qwen_features(self):
        self.export(transformers.Qwen3ForCausalLM(transformers.Qwen3Config(**LLAMA, head_dim=16)), "--task", "feature")
        self.agree("AutoModel", {"input_ids": ids(2, 31, 300)}, "last_hidden_state")

    def test_weights_in_bf16_are_widened(self):
        self.export(transformers.Qwen2ForCausalLM(transformers.Qwen2Config(**LLAMA)).bfloat16())
        self.assertEqual(
            {t.data_type for t in self.graph.initializer if t.name.endswith("proj.weight")}, {onnx.TensorProto.FLOAT}
        )
        self.agree("AutoModelForCausalLM", {"input_ids": ids(2, 31, 300)})


class Encoders(ExportCase):
    def feed(self, batch, length, vocabulary=300):
        mask = np.ones((batch, length), dtype=np.int64)
        mask[-1, length - length // 3 :] = 0
        return {"input_ids": ids(batch, length, vocabulary), "attention_mask": mask}

    def test_bert_pairs(self):
        model = transformers.BertForSequenceClassification(transformers.BertConfig(**SMALL, num_labels=3))
        self.export(model, "--token-types")
        self.check_graph(model, ["input_ids", "attention_mask", "token_type_ids"])
        feed = self.feed(3, 37)
        feed["token_type_ids"] = (np.arange(37) > 11).astype(np.int64)[None].repeat(3, 0)
        self.agree("AutoModelForSequenceClassification", feed)

    def test_masked_language_model_becomes_features(self):
        self.export(transformers.BertForMaskedLM(transformers.BertConfig(**SMALL)))
        self.assertIn("(feature)", self.stdout)
        feed = self.feed(1, 37)
        self.agree("AutoModel", feed, "last_hidden_state")


class PublishedSizes(ExportCase):
    def test_gpt2_124m_with_tokenizer(self):
        model = transformers.GPT2LMHeadModel(transformers.GPT2Config())
        self.checkpoint = save(model, self.folder / "checkpoint")
        shutil.copy(ROOT / "zoo/gpt2/tokenizer.json", self.checkpoint)
        self.export_again()
        self.check_graph(model, ["input_ids"])
        self.assertEqual(sorted(self.uses("transformer.wte.weight")), ["Gather", "Transpose"])
        self.assertTrue((self.path.parent / "openvino_tokenizer.xml").is_file())
        self.agree("AutoModelForCausalLM", {"input_ids": ids(1, 70, 50257)})

    def test_albert_base_v2(self):
        # Embedding 128, width 768, 12 depths that share one layer: the published configuration.
        config = transformers.AlbertConfig(
            embedding_size=128,
            hidden_size=768,
            num_attention_heads=12,
            intermediate_size=3072,
            num_hidden_layers=12,
            vocab_size=30000,
            num_labels=4,
        )
        model = transformers.AlbertForSequenceClassification(config)
        self.export(model)
        self.check_graph(model, ["input_ids", "attention_mask"])
        shared = "albert.encoder.albert_layer_groups.0.albert_layers.0.ffn.weight"
        readers = [node.output[0] for node in self.graph.node if shared in node.input]
        ends = (
            readers
            if len(readers) == 12
            else [name for reader in readers for name in [reader] * len(self.uses(reader))]
        )
        self.assertEqual(len(ends), 12)
        mask = np.ones((2, 61), dtype=np.int64)
        mask[1, 40:] = 0
        self.agree("AutoModelForSequenceClassification", {"input_ids": ids(2, 61, 30000), "attention_mask": mask})


class Folders(ExportCase):
    def test_second_export_replaces_the_first_and_leaves_other_files(self):
        model = transformers.GPT2LMHeadModel(
            transformers.GPT2Config(n_embd=64, n_layer=1, n_head=4, n_positions=48, vocab_size=300)
        )
        out = self.folder / "out"
        (out / ".unfinished").mkdir(parents=True)  # of an interrupted call
        (out / ".unfinished/model.onnx").write_text("half")
        (out / "notes.txt").write_text("mine")
        self.export(model)
        before = self.path.read_bytes()
        change_config(self.checkpoint, layer_norm_epsilon=0.5)
        self.export_again()
        self.assertNotEqual(self.path.read_bytes(), before)
        self.assertEqual(sorted(f.name for f in out.iterdir()), ["model.onnx", "notes.txt"])


if __name__ == "__main__":
    unittest.main()

"""Which Hugging Face architectures are exported, and the modules that are traced.

Mask and positions are handed to a model ready made. What transformers would trace otherwise also covers packed
sequences and caches, some sixty nodes of no use here. Attention is the "eager" one: plain MatMul and Softmax nodes,
which a quantizer can address.
"""

from dataclasses import dataclass
from typing import Any

import torch

from posittune.errors import Exit, Failure

LOWEST = -1e9  # added to the scores of positions that must not be seen

DECODERS = ("gpt2", "llama", "mistral", "qwen2", "qwen3")
ENCODERS = ("albert", "bert")
TASKS = ("causal-lm", "classify", "feature")
# The transformers class of a task, and the field of its result that becomes the output.
AUTO_CLASS = {
    "causal-lm": "AutoModelForCausalLM",
    "classify": "AutoModelForSequenceClassification",
    "feature": "AutoModel",
}
RESULT = {"causal-lm": "logits", "classify": "logits", "feature": "last_hidden_state"}
# Rotary embeddings whose frequencies depend on the length of the input: a graph cannot hold them.
ROPE_OF_LENGTH = ("dynamic", "longrope")


class Decoder(torch.nn.Module):
    """input_ids (batch, sequence) -> logits or last_hidden_state; every position sees itself and `window - 1` earlier
    ones, or all earlier ones without a window."""

    def __init__(self, model: torch.nn.Module, result: str, window: int | None) -> None:
        super().__init__()
        self.exported, self.result, self.window = model, result, window

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        position = torch.arange(input_ids.shape[1]).unsqueeze(0)
        query, key = position.unsqueeze(2), position.unsqueeze(1)
        unseen = key > query
        if self.window is not None:
            unseen = unseen | (query - key >= self.window)
        mask = unseen.float().unsqueeze(1) * LOWEST
        found = self.exported(input_ids=input_ids, position_ids=position, attention_mask=mask, use_cache=False)
        return getattr(found, self.result)


class Encoder(torch.nn.Module):
    """input_ids, attention_mask (1 = token, 0 = padding) and, when exported with them, token_type_ids, all
    (batch, sequence) -> logits (batch, classes) or last_hidden_state (batch, sequence, width)."""

    def __init__(self, model: torch.nn.Module, result: str) -> None:
        super().__init__()
        self.exported, self.result = model, result

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor | None = None
    ) -> torch.Tensor:
        padding = (1 - attention_mask.unsqueeze(1).unsqueeze(1)).float() * LOWEST
        position = torch.arange(input_ids.shape[1]).unsqueeze(0)
        kinds = torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids
        found = self.exported(input_ids=input_ids, attention_mask=padding, token_type_ids=kinds, position_ids=position)
        return getattr(found, self.result)


@dataclass(frozen=True)
class Plan:
    """What will be exported, decided from the configuration alone."""

    architecture: str  # model_type of the configuration
    task: str
    inputs: tuple[str, ...]
    vocabulary: int
    positions: int  # longest sequence
    window: int | None  # sliding-window attention of all layers

    @property
    def result(self) -> str:
        return RESULT[self.task]

    def module(self, model: torch.nn.Module) -> torch.nn.Module:
        model.eval().requires_grad_(False)
        return (
            Decoder(model, self.result, self.window) if self.architecture in DECODERS else Encoder(model, self.result)
        )

    def example(self, batch: int, length: int, seed: int = 1) -> dict[str, torch.Tensor]:
        """Random inputs; of an encoder's last row the last third is padding, and segments differ where they are asked for."""
        length = min(length, self.positions)
        random = torch.Generator().manual_seed(seed)
        feed = {"input_ids": torch.randint(0, self.vocabulary, (batch, length), generator=random)}
        if "attention_mask" in self.inputs:
            feed["attention_mask"] = torch.ones(batch, length, dtype=torch.int64)
            feed["attention_mask"][-1, length - length // 3 :] = 0
        if "token_type_ids" in self.inputs:
            feed["token_type_ids"] = (torch.arange(length) >= length // 2).long().repeat(batch, 1)
        return feed


def unsupported(what: str, where: str, hint: str = "") -> Failure:
    return Failure(Exit.UNSUPPORTED, what, where=where, hint=hint)


def task_of(config: Any, asked: str, where: str) -> str:
    """The task for --task auto: what the checkpoint was saved as, when there is a head for it here."""
    name = (getattr(config, "architectures", None) or [""])[0]
    decoder = config.model_type in DECODERS
    if asked == "auto":
        if name.endswith(("LMHeadModel", "ForCausalLM")) and decoder:
            return "causal-lm"
        return "classify" if name.endswith("ForSequenceClassification") and not decoder else "feature"
    if asked == "causal-lm" and not decoder:
        raise unsupported(
            f"{config.model_type} is no causal language model", where, "--task classify or --task feature"
        )
    if asked == "classify" and decoder:
        raise unsupported(
            f"classification with {config.model_type} is not exported",
            where,
            f"classifiers are exported for {', '.join(ENCODERS)}",
        )
    return asked


def window_of(config: Any, where: str) -> int | None:
    """One window for all layers or none; layers that differ are not exported."""
    window = getattr(config, "sliding_window", None)
    if window is None or getattr(config, "use_sliding_window", True) is False:
        return None
    kinds = set(getattr(config, "layer_types", None) or ["sliding_attention"])
    if kinds == {"full_attention"}:
        return None
    if kinds != {"sliding_attention"}:
        raise unsupported(f"layers with different attention ({', '.join(sorted(kinds))}) are not exported", where)
    return window if window < config.max_position_embeddings else None


def plan(config: Any, asked: str, token_types: bool, where: str) -> Plan:
    kind = config.model_type
    if kind not in DECODERS + ENCODERS:
        raise unsupported(
            f"models of architecture '{kind}' are not exported", where, f"known: {', '.join(DECODERS + ENCODERS)}"
        )
    if getattr(config, "quantization_config", None) is not None:
        raise unsupported("the checkpoint is quantized already", where, "export the unquantized model it was made from")
    rope = getattr(config, "rope_parameters", None) or {}
    if rope.get("rope_type") in ROPE_OF_LENGTH:
        raise unsupported(f"rotary embedding '{rope['rope_type']}' depends on the length of the input", where)
    if token_types and kind not in ENCODERS:
        raise Failure(Exit.USAGE, f"--token-types: {kind} has no token types", where=where)
    inputs: tuple[str, ...] = ("input_ids",)
    if kind in ENCODERS:
        inputs += ("attention_mask", "token_type_ids") if token_types else ("attention_mask",)
    return Plan(
        kind,
        task_of(config, asked, where),
        inputs,
        config.vocab_size,
        config.max_position_embeddings,
        window_of(config, where) if kind in DECODERS else None,
    )

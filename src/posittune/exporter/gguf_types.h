#pragma once

// Recipes for llama.cpp: the lines of a file for `llama-quantize`, a pattern of a tensor's name and
// a type of ggml each (option tensor-type-file).
//
// llama-quantize chooses ggml's own scales and rounds by ggml's own rules: the file says where
// which type goes, and not the numbers. What differs is in the notes.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/quant/recipe.h"

namespace posittune::exporter {

struct GgufOptions {
  // Weights whose format ggml has not: false: they are refused, true: F16. Of a model whose weights
  // were snapped to their grids before it was converted, F16 keeps most.
  bool snap = false;
  // Weights of the model that the recipe leaves in FP32; they get F32. Others that the recipe does
  // not name get what llama-quantize gives them.
  std::vector<std::string> unchanged{};
};

struct GgufTypes {
  std::string text;  // "^blk\.0\.attn_q\.weight$=q4_0" a line; no comments, which it has not
  std::vector<std::string> notes;
};

// The name in a GGUF file of a parameter of a transformers' model: Llama and its relatives
// ("model.layers.0.self_attn.q_proj.weight"), GPT-2 ("transformer.h.0.attn.c_attn.weight"), with or
// without their first word. None for others.
std::optional<std::string> gguf_name(std::string_view parameter);

// The type of ggml that is nearest to a setting ("q4_0"); none where it has no such format.
// Granularities other than groups of 32 get ggml's blocks of 32 in their place.
std::optional<std::string_view> ggml_type(const quant::WeightSetting& setting);

// The lines for a recipe. kUnsupported where formats or names are not known there, all of them
// listed.
Result<GgufTypes> gguf_types(const quant::Recipe& recipe, const GgufOptions& options = {});

}  // namespace posittune::exporter

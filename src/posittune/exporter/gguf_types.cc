#include "posittune/exporter/gguf_types.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>

#include "posittune/formats/format.h"
#include "posittune/quant/weight_format.h"

namespace posittune::exporter {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// Parameter -> tensor; what is before the layer's number is cut off on both sides.
constexpr std::array<Pair, 10> kOfModel = {{{"embed_tokens.weight", "token_embd.weight"},
                                            {"wte.weight", "token_embd.weight"},
                                            {"wpe.weight", "position_embd.weight"},
                                            {"norm.weight", "output_norm.weight"},
                                            {"ln_f.weight", "output_norm.weight"},
                                            {"ln_f.bias", "output_norm.bias"},
                                            {"lm_head.weight", "output.weight"},
                                            {"score.weight", "cls.output.weight"},
                                            {"embed_positions.weight", "position_embd.weight"},
                                            {"final_layernorm.weight", "output_norm.weight"}}};
constexpr std::array<Pair, 13> kOfLayers = {{{"self_attn.q_proj", "attn_q"},
                                             {"self_attn.k_proj", "attn_k"},
                                             {"self_attn.v_proj", "attn_v"},
                                             {"self_attn.o_proj", "attn_output"},
                                             {"mlp.gate_proj", "ffn_gate"},
                                             {"mlp.up_proj", "ffn_up"},
                                             {"mlp.down_proj", "ffn_down"},
                                             {"input_layernorm", "attn_norm"},
                                             {"post_attention_layernorm", "ffn_norm"},
                                             {"attn.c_attn", "attn_qkv"},
                                             {"attn.c_proj", "attn_output"},
                                             {"mlp.c_fc", "ffn_up"},
                                             {"mlp.c_proj", "ffn_down"}}};

std::string_view without(std::string_view prefix, std::string_view text) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::optional<std::string> name_in_layer(std::string_view rest) {
  const std::size_t dot = rest.find('.');
  if (dot == 0 || dot == std::string_view::npos) return {};
  const std::string_view number = rest.substr(0, dot);
  const bool digits = std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
  const std::size_t end = rest.rfind('.');
  if (!digits || end == dot) return {};
  const std::string_view part = rest.substr(dot + 1, end - dot - 1);
  const auto found = std::ranges::find(kOfLayers, part, &Pair::first);
  if (found == kOfLayers.end()) return {};
  return "blk." + std::string(number) + "." + std::string(found->second) +
         std::string(rest.substr(end));
}

bool is_int(const formats::Format& format, int bits) { return format == formats::integer(bits); }

// A regular expression for one name.
std::string pattern(const std::string& name) {
  std::string text = "^";
  for (const char c : name) text += c == '.' ? "\\." : std::string(1, c);
  return text + "$";
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

constexpr const char* kBlocks =
    "llama-quantize rounds by its own rules: q4_0, q5_0 and q8_0 have a scale in FP16 for each 32 "
    "columns, from the largest value; q4_0 and q5_0 use one code more below zero. mxfp4 has the "
    "recipe's blocks, exponents and, but for ties, codes.";

// What the types leave out of a recipe.
std::vector<std::string> notes_on(const quant::Recipe& recipe) {
  std::vector<std::string> notes = {kBlocks};
  std::vector<std::string> coarser, ignored;
  for (const auto& [name, setting] : recipe.weights) {
    const bool blocks = setting.granularity == quant::Granularity::kGroup && setting.group == 32;
    if (!blocks && setting.format.family == formats::Family::kInt && ggml_type(setting))
      coarser.push_back(name);
    if (setting.rounding != quant::Rounding::kNearest || setting.bias_correction)
      ignored.push_back(name);
  }
  if (!coarser.empty()) {
    notes.push_back(
        "finer scales than the recipe has, and the bits of these, for weights that have not "
        "granularity group:32: " +
        listed(coarser));
  }
  if (!ignored.empty())
    notes.push_back("neither compensated rounding nor bias correction is done: " + listed(ignored));
  if (!recipe.activations.empty()) {
    notes.emplace_back(
        "inputs are rounded as llama.cpp does it, to 8 bits for each 32 columns, whatever the "
        "recipe says of them");
  }
  notes.emplace_back(
      "tensors whose rows are no multiple of 32 get another type from llama-quantize, and base "
      "types that are not quantized (F16, F32) make it ignore all lines");
  return notes;
}

class Lines {
 public:
  void add(const std::string& weight, std::string_view type) {
    const auto name = gguf_name(weight);
    if (!name) {
      unknown_.push_back(weight);
      return;
    }
    types_[*name] = type;
  }
  // Of tied weights, the file has the table of embeddings alone. True where the output's type was
  // given to that.
  bool tie() {
    const auto output = types_.find("output.weight");
    return output != types_.end() && types_.try_emplace("token_embd.weight", output->second).second;
  }
  const std::vector<std::string>& unknown() const { return unknown_; }
  std::string text() const {
    std::string text;
    for (const auto& [name, type] : types_) text += pattern(name) + "=" + std::string(type) + "\n";
    return text;
  }

 private:
  std::map<std::string, std::string_view> types_;
  std::vector<std::string> unknown_;
};

}  // namespace

std::optional<std::string> gguf_name(std::string_view parameter) {
  const std::string_view name = without("transformer.", without("model.", parameter));
  for (const std::string_view prefix : {"layers.", "h."}) {
    if (name.starts_with(prefix)) return name_in_layer(name.substr(prefix.size()));
  }
  const auto found = std::ranges::find(kOfModel, name, &Pair::first);
  if (found == kOfModel.end()) return {};
  return std::string(found->second);
}

std::optional<std::string_view> ggml_type(const quant::WeightSetting& setting) {
  if (!setting.windows.empty() || !setting.alternatives.empty()) return {};
  const formats::Format& format = setting.format;
  if (is_int(format, 4)) return "q4_0";
  if (is_int(format, 5)) return "q5_0";
  if (is_int(format, 8)) return "q8_0";
  if (format == formats::mx(formats::minifloat(2, 1))) return "mxfp4";
  if (format == formats::fp16()) return "f16";
  if (format == formats::bf16()) return "bf16";
  if (format == formats::fp32()) return "f32";
  return {};
}

Result<GgufTypes> gguf_types(const quant::Recipe& recipe, const GgufOptions& options) {
  std::vector<std::string> without_type;
  Lines lines;
  for (const auto& [name, setting] : recipe.weights) {
    const auto type = ggml_type(setting);
    if (!type) {
      const bool several = !setting.windows.empty() || !setting.alternatives.empty();
      without_type.push_back(name + " (" + quant::format_text(setting) +
                             (several ? ", rows differ)" : ")"));
    }
    lines.add(name, type.value_or("f16"));
  }
  for (const std::string& name : options.unchanged) {
    if (!recipe.weights.contains(name)) lines.add(name, "f32");
  }
  if (!without_type.empty() && !options.snap) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "ggml has no type for formats of the recipe",
                 .expected = "int4, int5, int8, mxfp4, fp16, bf16, fp32, one for all rows",
                 .found = listed(without_type),
                 .hint =
                     "`snap` stores them as F16: of a model whose weights were snapped to "
                     "their grids before, most keep their values"};
  }
  if (!lines.unknown().empty()) {
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "names that are none of a GGUF file's tensors",
                 .expected =
                     "parameters of Llama and its relatives or GPT-2, as transformers "
                     "names them",
                 .found = listed(lines.unknown())};
  }
  GgufTypes made{.text = {}, .notes = notes_on(recipe)};
  if (lines.tie()) {
    made.notes.emplace_back(
        "token_embd gets the type of lm_head, which is the same tensor in models that tie them; "
        "`unchanged` names the table of others");
  }
  made.text = lines.text();
  if (!without_type.empty())
    made.notes.push_back("F16, since ggml has not their format: " + listed(without_type));
  return made;
}

}  // namespace posittune::exporter

// gguf_names_test.py compares the names with those of the package gguf.

#include "posittune/exporter/gguf_types.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/exporter/portable_models.h"

namespace posittune::exporter {
namespace {

quant::WeightSetting setting(const char* format, std::size_t group = 32) {
  return {.format = test::format(format),
          .granularity = group > 0 ? quant::Granularity::kGroup : quant::Granularity::kChannel,
          .group = group};
}

bool has_note(const GgufTypes& types, const std::string& part) {
  return std::ranges::any_of(
      types.notes, [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

TEST(GgufTypes, NamesOfTensors) {
  EXPECT_EQ(gguf_name("model.layers.11.self_attn.q_proj.weight"), "blk.11.attn_q.weight");
  EXPECT_EQ(gguf_name("layers.0.mlp.down_proj.weight"), "blk.0.ffn_down.weight");
  EXPECT_EQ(gguf_name("transformer.h.3.attn.c_attn.bias"), "blk.3.attn_qkv.bias");
  EXPECT_EQ(gguf_name("h.3.mlp.c_proj.weight"), "blk.3.ffn_down.weight");
  EXPECT_EQ(gguf_name("model.embed_tokens.weight"), "token_embd.weight");
  EXPECT_EQ(gguf_name("transformer.wpe.weight"), "position_embd.weight");
  EXPECT_EQ(gguf_name("lm_head.weight"), "output.weight");
  for (const char* other :
       {"", "model.layers.q.weight", "model.layers.x.mlp.up_proj.weight", "model.layers..weight",
        "model.layers.1.weight", "conv1.weight", "model.layers.1.mlp.other.weight"})
    EXPECT_EQ(gguf_name(other), std::nullopt) << other;
}

TEST(GgufTypes, TypesOfFormats) {
  EXPECT_EQ(ggml_type(setting("int4")), "q4_0");
  EXPECT_EQ(ggml_type(setting("int5")), "q5_0");
  EXPECT_EQ(ggml_type(setting("int8")), "q8_0");
  EXPECT_EQ(ggml_type(setting("mxfp4", 0)), "mxfp4");
  EXPECT_EQ(ggml_type(setting("fp16", 0)), "f16");
  EXPECT_EQ(ggml_type(setting("bf16", 0)), "bf16");
  for (const char* other : {"posit<8,1>", "int6", "int3", "fp8_e4m3", "mxfp8", "mxint8"})
    EXPECT_EQ(ggml_type(setting(other)), std::nullopt) << other;
  quant::WeightSetting mixed = setting("int4", 0);
  mixed.alternatives = {test::format("posit<4,1>")};
  EXPECT_EQ(ggml_type(mixed), std::nullopt);
}

TEST(GgufTypes, LinesForARecipe) {
  quant::Recipe recipe;
  recipe.weights["model.layers.0.mlp.up_proj.weight"] = setting("int4");
  recipe.weights["model.layers.10.mlp.up_proj.weight"] = setting("int8");
  recipe.weights["lm_head.weight"] = setting("fp16", 0);
  const auto types = gguf_types(recipe);
  ASSERT_TRUE(types.ok()) << types.error().message();
  EXPECT_EQ(types->text,
            "^blk\\.0\\.ffn_up\\.weight$=q4_0\n"
            "^blk\\.10\\.ffn_up\\.weight$=q8_0\n"
            "^output\\.weight$=f16\n"
            "^token_embd\\.weight$=f16\n");
  EXPECT_TRUE(has_note(*types, "its own rules"));
  EXPECT_TRUE(has_note(*types, "token_embd gets"));
  EXPECT_FALSE(has_note(*types, "finer scales"));
  const auto untied = gguf_types(recipe, {.unchanged = {"model.embed_tokens.weight"}});
  EXPECT_NE(untied->text.find("^token_embd\\.weight$=f32\n"), std::string::npos);
  EXPECT_FALSE(has_note(*untied, "token_embd gets"));
}

TEST(GgufTypes, NotesSayWhatDiffers) {
  quant::Recipe recipe;
  recipe.weights["model.layers.0.mlp.up_proj.weight"] = setting("int4", 0);
  recipe.weights["model.layers.0.mlp.up_proj.weight"].bias_correction = true;
  recipe.activations["layer"] = {.format = test::format("int8")};
  const auto types = gguf_types(recipe);
  EXPECT_TRUE(has_note(*types, "finer scales than the recipe has"));
  EXPECT_TRUE(has_note(*types, "bias correction"));
  EXPECT_TRUE(has_note(*types, "inputs are rounded as llama.cpp"));
}

TEST(GgufTypes, RefusesFormatsAndNamesThatItLacks) {
  quant::Recipe recipe;
  recipe.weights["model.layers.0.mlp.up_proj.weight"] = setting("posit<6,1>");
  recipe.weights["model.layers.1.mlp.up_proj.weight"] = setting("int6");
  recipe.weights["model.layers.2.mlp.up_proj.weight"] = setting("int4");
  const auto refused = gguf_types(recipe);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(refused.error().found,
            "model.layers.0.mlp.up_proj.weight (posit<6,1>), model.layers.1.mlp.up_proj.weight "
            "(int6)");
  const auto snapped = gguf_types(recipe, {.snap = true});
  EXPECT_NE(snapped->text.find("^blk\\.0\\.ffn_up\\.weight$=f16\n"), std::string::npos);
  EXPECT_TRUE(has_note(*snapped, "F16, since ggml has not their format: model.layers.0"));
  recipe.weights["a"] = recipe.weights["b"] = setting("int4");
  EXPECT_EQ(gguf_types(recipe, {.snap = true}).error().found, "a, b");
}

}  // namespace
}  // namespace posittune::exporter

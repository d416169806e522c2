#include "posittune/records/inspection.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace posittune::records {
namespace {

using nlohmann::json;

TEST(Inspection, LayersProductsAndNotes) {
  Inspection of{.model = "m.onnx", .rows = {}, .products = {}, .notes = {"of the model"}};
  const InspectedWeight weight{
      .name = "w", .shape = {3, 4}, .channels = 4, .parameters = 12, .layers = {"a", "b"}};
  of.rows = {{.name = "a",
              .kind = "MatMul",
              .weight = weight,
              .input_shape = "(?, 3)",
              .output_shape = "(?, 4)",
              .macs = 12,
              .quantized = true},
             {.name = "s", .kind = "attention", .input_shape = "?", .output_shape = "?"}};
  of.products = {{.name = "gru",
                  .kind = "GRU",
                  .reason = "recurrent",
                  .constants = {"W"},
                  .text = "node 'gru' stays"}};
  of.elementwise = {
      {.name = "p", .kind = "PRelu", .constants = {"slope"}, .elements = 8, .bytes = 32},
      {.name = "q", .kind = "Multiply", .where = "the body of 'loop'"}};
  const json document = json::parse(json_text(of));
  const json prelu = {{"product", "p"},
                      {"kind", "PRelu"},
                      {"constants", {"slope"}},
                      {"elements", 8},
                      {"bytes", 32}};
  EXPECT_EQ(document["elementwise"][0], prelu);
  EXPECT_EQ(document["elementwise"][1]["where"], "the body of 'loop'");
  EXPECT_EQ(document["rows"][0]["shares_weight_with"], json::array({"b"}));
  EXPECT_EQ(document["rows"][0]["weight_shape"], json::array({3, 4}));
  EXPECT_EQ(document["rows"][0]["macs"], 12);
  EXPECT_TRUE(document["rows"][1]["weight"].is_null());
  EXPECT_TRUE(document["rows"][1]["macs"].is_null());
  EXPECT_FALSE(document["rows"][1].contains("parameters"));
  EXPECT_EQ(document["products"][0]["constants"], json::array({"W"}));
  EXPECT_TRUE(document["products"][0]["macs"].is_null());
  EXPECT_EQ(document["notes"], json::array({"of the model", "node 'gru' stays"}));
}

}  // namespace
}  // namespace posittune::records

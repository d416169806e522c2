// Invented models as tables.

#include "posittune/report/inspection_text.h"

#include <gtest/gtest.h>

namespace posittune::report {
namespace {

records::Inspection inspection() {
  records::Inspection made{.model = "m.onnx", .rows = {}, .products = {}, .notes = {}};
  made.weights = 1;
  made.parameters = 12;
  made.other_parameters = 4;
  made.rows.push_back({.name = "dense",
                       .kind = "MatMul",
                       .weight = records::InspectedWeight{.name = "w",
                                                          .shape = {3, 4},
                                                          .channels = 4,
                                                          .parameters = 12,
                                                          .min = -1,
                                                          .max = 2,
                                                          .rms = 0.5,
                                                          .kurtosis = 3,
                                                          .layers = {"dense"}},
                       .input_shape = "?",
                       .output_shape = "?",
                       .macs = 24,
                       .quantized = true});
  made.rows.push_back(
      {.name = "scores", .kind = "attention", .input_shape = "?", .output_shape = "?", .macs = 8});
  return made;
}

TEST(InspectionText, LayersAndTheirSums) {
  EXPECT_EQ(
      inspection_text(inspection()),
      "layer   weight  kind       weight shape  parameters  MACs  min  max  rms  kurtosis  uses\n"
      "dense   w       MatMul     (3, 4)                12    24   -1    2  0.5         3     1\n"
      "scores  -       attention                               8                                 "
      "stays FP32\n"
      "\n2 layers, 1 weights with 12 parameters (4 others stay FP32), 32 MACs\n");
}

TEST(InspectionText, WhatIsNotKnownIsNotSummed) {
  auto open = inspection();
  open.rows[1].macs.reset();
  EXPECT_NE(inspection_text(open).find("MACs unknown"), std::string::npos);
}

TEST(InspectionText, ProductsThatAreNoLayers) {
  auto of = inspection();
  of.products = {{.name = "gru",
                  .kind = "GRUSequence",
                  .reason = "a recurrent layer",
                  .constants = {"W", "R"},
                  .elements = 1152,
                  .bytes = 4608,
                  .macs = 64,
                  .note = "one iteration counts"},
                 {.name = "mul", .kind = "MatMul", .reason = "of two activations"}};
  const std::string text = inspection_text(of);
  EXPECT_NE(text.find("MACs unknown and 64 in 2 products that are no layers"), text.npos) << text;
  EXPECT_NE(text.find("1152   4608    64  W, R         a recurrent layer; one iteration counts\n"),
            text.npos)
      << text;
  EXPECT_NE(text.find("   0      0     -  activations  of two activations\n"), text.npos) << text;
}

TEST(InspectionText, ConstantsElementByElementAreSummed) {
  auto of = inspection();
  of.elementwise = {{.name = "a", .kind = "PRelu", .elements = 8},
                    {.name = "b", .kind = "Multiply", .elements = 4},
                    {.name = "c", .kind = "Multiply", .elements = 4}};
  const std::string text = inspection_text(of);
  EXPECT_NE(text.find("\n3 nodes multiply by 16 constants element by element and stay FP32: "
                      "Multiply (2), PRelu (1)\n2 layers"),
            text.npos)
      << text;
  of.elementwise.resize(1);
  EXPECT_NE(inspection_text(of).find("1 node multiplies by 8 constants element by element and "
                                     "stays FP32: PRelu (1)\n"),
            text.npos);
}

}  // namespace
}  // namespace posittune::report

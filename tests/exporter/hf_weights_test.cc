#include "posittune/exporter/hf_weights.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/exporter/hf_folders.h"

namespace posittune::exporter {
namespace {

TEST(HfWeights, MatchesWeightsAndBiases) {
  const TemporaryFolder place;
  PortableModel model = test::small_model();
  test::write_small_folder(place, model);
  const auto folder = HfFolder::open(place.file(""));
  const auto match = match_weights(*folder, model, {});
  ASSERT_TRUE(match.ok()) << match.error().message();
  EXPECT_EQ(match->weights.size(), 3U);
  EXPECT_EQ(match->corrections.at("model.a.bias"), "a");
  EXPECT_EQ(numbers_of("model.a.bias", *folder, model, *match).value(),
            (std::vector<float>{11, 22, 33, 44}));
  EXPECT_EQ(numbers_of("model.a.weight", *folder, model, *match).value(),
            decoded(model.weights["model.a.weight"].codes).value());
  EXPECT_EQ(numbers_of("model.norm.weight", *folder, model, *match)->size(), 2U);
}

TEST(HfWeights, RefusesWhatHasNoTensor) {
  const TemporaryFolder place;
  PortableModel model = test::small_model();
  test::write_small_folder(place, model);
  const auto folder = HfFolder::open(place.file(""));
  model.weights["x"] = model.weights["y"] = model.weights["model.a.weight"];
  EXPECT_EQ(match_weights(*folder, model, {}).error().found, "none for x, y");
  model = test::small_model();
  model.weights["x"] = model.weights["model.b.weight"];
  EXPECT_FALSE(match_weights(*folder, model, {{"x", "model.b.weight"}}).ok());
  model = test::small_model();
  model.corrections["other"] = {1};
  EXPECT_EQ(match_weights(*folder, model, {}).error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(match_weights(*folder, model, {}).error().found, "other");
}

// A square weight tells its orientation by its numbers alone.
TEST(HfWeights, FindsTheOrientation) {
  const PortableModel model = test::small_model();
  for (const auto& [name, weight] : model.weights) {
    const CodedWeight& codes = weight.codes;
    const std::vector<float> values = decoded(codes).value(), plain = test::before(codes);
    const std::vector<float> turned = test::transposed(plain, codes.rows, codes.cols);
    EXPECT_EQ(orientation(plain, {codes.rows, codes.cols}, values, codes, "x").value(),
              Orientation::kPlain);
    EXPECT_EQ(orientation(turned, {codes.cols, codes.rows}, values, codes, "x").value(),
              Orientation::kTransposed);
    std::vector<float> other(values.size());
    for (std::size_t i = 0; i < other.size(); ++i) other[i] = i % 2 == 0 ? -values[i] : values[i];
    if (values.size() > 100) {
      EXPECT_EQ(orientation(other, {codes.rows, codes.cols}, values, codes, "x").error().found,
                "others");
    }
    EXPECT_FALSE(orientation(plain, {1, values.size()}, values, codes, "x").ok());
    EXPECT_FALSE(orientation({1}, {1}, values, codes, "x").ok());
  }
}

}  // namespace
}  // namespace posittune::exporter

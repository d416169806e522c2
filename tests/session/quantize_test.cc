// Arrays in chunks, beside the same arrays in memory.

#include "posittune/session/quantize.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

namespace posittune::session {
namespace {

class Quantize : public testing::Test {
 protected:
  Quantize() : x_(6 * 40) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (float& each : x_) each = normal(random);
    write_bytes(folder_.file("x.npy"), data::npy_bytes("<f4", "(6, 40)", x_));
  }
  QuantizeJob job(const char* format, quant::ScaleRule rule, bool codes = false) {
    const formats::Format of = *formats::parse_format(format);
    return {.format = of,
            .rule = rule,
            .given_scale = {},
            .output = folder_.file("y.npy"),
            .codes = codes,
            .threads = 2,
            .array = data::NpyReader::open(folder_.file("x.npy")).value(),
            .layout = make_layout({6, 40}, 0, of).value(),
            .observer = observer_};
  }
  TemporaryFolder folder_;
  std::vector<float> x_;
  Observer observer_;
};

TEST_F(Quantize, ScalesAndValuesAreThoseOfTheArray) {
  for (const auto rule : {quant::ScaleRule::kNone, quant::ScaleRule::kAbsmax,
                          quant::ScaleRule::kMsePow2, quant::ScaleRule::kMse}) {
    QuantizeJob of = job("posit<6,1>", rule);
    ASSERT_TRUE(choose_scales(of).ok());
    const auto expected = quant::choose_scales(of.format, rule, x_, {6, 40}, true);
    EXPECT_EQ(of.scales, *expected);
    ASSERT_TRUE(write_array(of).ok());
    std::vector<float> y(x_.size());
    ASSERT_TRUE(kernels::quantize(of.format, x_, {6, 40}, {of.scales, 0}, y).ok());
    const Tensor written = data::NpyReader::open(of.output)->read_all().value();
    EXPECT_EQ(written.shape, (TensorShape{6, 40}));
    EXPECT_EQ(std::vector<float>(written.as<float>().begin(), written.as<float>().end()), y);
    double signal = 0, noise = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      signal += double{x_[i]} * double{x_[i]};
      noise += (double{y[i]} - double{x_[i]}) * (double{y[i]} - double{x_[i]});
    }
    EXPECT_NEAR(of.difference.sqnr_db(), 10 * std::log10(signal / noise), 1e-6);
  }
}

TEST_F(Quantize, AGivenScaleIsTaken) {
  QuantizeJob of = job("int8", quant::ScaleRule::kMse);
  of.given_scale = 16.0f;
  ASSERT_TRUE(choose_scales(of).ok());
  EXPECT_EQ(of.scales, std::vector<float>(6, 16.0f));
}

TEST_F(Quantize, CodesHaveTheirScalesBesideThem) {
  QuantizeJob of = job("int8", quant::ScaleRule::kAbsmax, true);
  ASSERT_TRUE(choose_scales(of).ok());
  ASSERT_TRUE(write_array(of).ok());
  const auto scales = data::NpyReader::open(folder_.file("y.scales.npy"));
  ASSERT_TRUE(scales.ok()) << scales.error().message();
  EXPECT_EQ(scales->shape(), (TensorShape{6}));
  QuantizeJob plain = job("posit<8,1>", quant::ScaleRule::kNone, true);
  plain.output = folder_.file("z.npy");
  ASSERT_TRUE(choose_scales(plain).ok());
  ASSERT_TRUE(write_array(plain).ok());
  EXPECT_FALSE(std::filesystem::exists(folder_.file("z.scales.npy")));  // all are 1
}

TEST_F(Quantize, ACancelledJobLeavesNoFile) {
  struct Stopped : Observer {
    bool cancelled() override { return true; }
  } stopped;
  QuantizeJob of{.format = *formats::parse_format("int8"),
                 .rule = quant::ScaleRule::kMse,
                 .given_scale = 1.0f,
                 .output = folder_.file("y.npy"),
                 .codes = false,
                 .threads = 1,
                 .array = data::NpyReader::open(folder_.file("x.npy")).value(),
                 .layout = make_layout({6, 40}, 0, *formats::parse_format("int8")).value(),
                 .observer = stopped};
  ASSERT_TRUE(choose_scales(of).ok());
  const Status ended = write_array(of);
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().kind, ErrorKind::kInterrupted);
  EXPECT_EQ(folder_.entries(), std::vector<std::string>{"x.npy"});
}

}  // namespace
}  // namespace posittune::session

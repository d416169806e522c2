// The figures of an engine are those of its own methods and of a prober.

#include "posittune/sensitivity/figures.h"

#include <gtest/gtest.h>

#include "tests/engine/engines.h"
#include "tests/sensitivity/fake_figures.h"

namespace posittune::sensitivity {
namespace {

using test::weight_setting;

const auto kGoing = [](std::size_t) { return success(); };

class FiguresOfAnEngine : public testing::Test {
 protected:
  std::unique_ptr<Figures> figures(bool calibrate, bool search) {
    FiguresOf from;
    from.engine = &model_.engine;
    if (calibrate) from.calibrate = &model_.data;
    if (search) from.search = &model_.data;
    from.batch = 4;
    from.check_outputs = true;
    from.report = progress_.reporter();
    return figures_of(std::move(from));
  }
  quant::Recipe recipe(const char* weight) const {
    quant::Recipe made;
    made.weights[weight] = weight_setting("int4");
    return made;
  }
  test::InventedModel model_;
  test::Progress progress_;
};

TEST_F(FiguresOfAnEngine, ErrorsAreThoseOfTheEngine) {
  const auto made = figures(true, false);
  ASSERT_TRUE(made->calibrate().ok());
  const auto setting = weight_setting("int4");
  const auto rows = made->rounding_error(0, setting);
  ASSERT_TRUE(rows.ok()) << rows.error().message();
  EXPECT_EQ(*rows, model_.engine.rounding_error(0, setting).value());
  const auto input = made->activation_error(0, test::activation_setting("int4"));
  ASSERT_TRUE(input.ok()) << input.error().message();
  EXPECT_GT(input->error, 0);
  // A second calibration takes the place of the first.
  ASSERT_TRUE(made->calibrate().ok());
  const auto again = made->activation_error(0, test::activation_setting("int4"));
  EXPECT_EQ(again->error, input->error);
  EXPECT_EQ(again->signal, input->signal);
  EXPECT_EQ(progress_.items.at("calibrate"), 2 * test::kFakeItems);
}

TEST_F(FiguresOfAnEngine, LossesFromTheFirstSegmentAreThoseOfTheWhole) {
  const auto made = figures(true, true);
  const auto fp32 = made->run_fp32();
  ASSERT_TRUE(fp32.ok()) << fp32.error().message();
  EXPECT_EQ(fp32->cut_bytes.size() + 1, model_.engine.segment_count());
  EXPECT_GT(fp32->seconds, 0);
  for (const char* weight : {"w", "v"}) {
    const auto part = made->divergence(recipe(weight), false, kGoing, {});
    const auto whole = made->divergence(recipe(weight), true, kGoing, {});
    ASSERT_TRUE(part.ok() && whole.ok());
    EXPECT_EQ(part->sums, whole->sums) << weight;
    EXPECT_GT(whole->mean(), 0) << weight;
  }
  EXPECT_EQ(made->divergence({}, true, kGoing, {})->mean(), 0);
}

TEST_F(FiguresOfAnEngine, WithoutDataThereAreNone) {
  const auto made = figures(false, false);
  const Status calibrated = made->calibrate();
  ASSERT_FALSE(calibrated.ok());
  EXPECT_EQ(calibrated.error().kind, ErrorKind::kUsage);
  EXPECT_NE(calibrated.error().expected.find("`calibrate=PATH`"), std::string::npos);
  const auto fp32 = made->run_fp32();
  ASSERT_FALSE(fp32.ok());
  EXPECT_EQ(fp32.error().kind, ErrorKind::kUsage);
  EXPECT_NE(fp32.error().expected.find("`search=PATH`"), std::string::npos);
  EXPECT_FALSE(made->divergence({}, true, kGoing, {}).ok());
}

}  // namespace
}  // namespace posittune::sensitivity

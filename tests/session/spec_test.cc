// What the fields of a specification mean where nothing is said; how they are resolved is in
// model_data_test.cc.

#include "posittune/session/spec.h"

#include <gtest/gtest.h>

#include "posittune/session/model_data.h"

namespace posittune::session {
namespace {

// A model alone: all its layers, no constants, items on the first axis, and no data.
TEST(Spec, AFileAloneHasNoData) {
  const ModelSpec model{.model = "m.onnx"};
  EXPECT_TRUE(model.constants.empty() && model.batch_axes.empty());
  const auto source = resolve(model, DataSpec{});
  ASSERT_TRUE(source.ok()) << source.error().message();
  EXPECT_EQ(source->model, "m.onnx");
  const data::SplitSpecs& splits = source->splits;
  EXPECT_FALSE(splits.calibrate || splits.search || splits.report);
  EXPECT_TRUE(splits.constants.empty() && splits.batch_axes.empty());
}

// A zoo's model has data of its own, unless others are named.
TEST(Spec, AModelOfTheZooHasItsData) {
  const auto own = resolve({.model = "zoo:albert"}, {});
  ASSERT_TRUE(own.ok()) << own.error().message();
  EXPECT_TRUE(own->splits.calibrate && own->splits.search && own->splits.report);
  const auto other = resolve({.model = "zoo:albert"}, {.report = "mine.npz"});
  ASSERT_TRUE(other.ok()) << other.error().message();
  EXPECT_FALSE(other->splits.calibrate || other->splits.search);
  EXPECT_EQ(other->splits.report->path, "mine.npz");
}

// 0 is no limit and no length: all items, of the length that the model fixes.
TEST(Spec, FieldsOfDataAreThoseOfEachSplit) {
  const auto plain = resolve({.model = "m.onnx"}, {.search = "s.txt", .report = "r.txt"});
  ASSERT_TRUE(plain.ok()) << plain.error().message();
  EXPECT_EQ(plain->splits.report->limit, 0U);
  EXPECT_EQ(plain->splits.report->sequence, 0U);
  EXPECT_EQ(plain->splits.report->tokenizer, "");
  const auto said = resolve({.model = "m.onnx"}, {.search = "s.txt",
                                                  .report = "r.txt",
                                                  .tokenizer = "t.xml",
                                                  .annotations = "a.json",
                                                  .sequence = 64,
                                                  .limit = 3});
  ASSERT_TRUE(said.ok()) << said.error().message();
  for (const auto* split : {&said->splits.search, &said->splits.report}) {
    EXPECT_EQ((*split)->tokenizer, "t.xml");
    EXPECT_EQ((*split)->annotations, "a.json");
    EXPECT_EQ((*split)->sequence, 64U);
    EXPECT_EQ((*split)->limit, 3U);
  }
}

}  // namespace
}  // namespace posittune::session

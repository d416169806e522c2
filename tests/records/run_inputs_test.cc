#include "posittune/records/run_inputs.h"

#include <gtest/gtest.h>

namespace posittune::records {
namespace {

TEST(RunInputs, ReadBackEqual) {
  RunInputs inputs;
  inputs.model = "zoo:gpt2";
  inputs.include = {"mlp", "a\"b"};
  inputs.attention = 1;
  inputs.constants = {{"rate", "16000"}};
  inputs.batch_axes = {{"x", 1}};
  inputs.report = "/data/report.npz";
  inputs.limit = 4;
  inputs.class_axis = "-1";
  inputs.batch = ~std::uint64_t{0};  // one item at a time
  const auto read = run_inputs_from(json_text(inputs));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(*read, inputs);
}

TEST(RunInputs, OtherTextsAreRefused) {
  for (const char* text : {"", "{", "[]", "{}", "{\"model\": 1}"}) {
    const auto read = run_inputs_from(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::kInput);
  }
}

}  // namespace
}  // namespace posittune::records

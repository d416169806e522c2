#include "posittune/session/model_runner.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "posittune/data/dataset.h"
#include "posittune/model/graph.h"
#include "tests/model/models.h"

namespace posittune::session {
namespace {

TEST(ModelRunner, OpenVinoRunsTheModel) {
  auto runner = in_openvino(test::zoo("albert"), {.threads = 1});
  ASSERT_TRUE(runner) << runner.error().message();
  const auto graph = model::load(test::zoo("albert"));
  ASSERT_TRUE(graph);
  Tensors inputs;
  for (const TensorInfo& info : graph->inputs)
    inputs[info.name] = Tensor::zeros(info.type, {1, 16});
  const auto outputs = (*runner)->run(inputs);
  ASSERT_TRUE(outputs) << outputs.error().message();
  EXPECT_EQ(outputs->size(), graph->outputs.size());
  EXPECT_FALSE(in_openvino("none.onnx", {}));
}

// What works is in tests/exporter/verify_test.py, which has a Python with onnxruntime.
TEST(ModelRunner, WithoutAPythonTheErrorSaysWhatToInstall) {
  const auto none = in_onnxruntime(test::zoo("albert"), {.python = "no-such-python"});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kUnsupported);
  EXPECT_NE(none.error().hint.find("onnxruntime"), std::string::npos);
  const auto other = in_onnxruntime(test::zoo("albert"), {.python = "true"});
  EXPECT_FALSE(other);
}

}  // namespace
}  // namespace posittune::session

// The project's own models and hardware units, in folders that the environment names.

#include "posittune/session/zoo_models.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/base/temporary_folder.h"

namespace posittune::session {
namespace {

TEST(ZooModels, AreWhereTheVariableSays) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.file("gpt2"));
  write_bytes(folder.file("gpt2/model.onnx"), "x");
  ::setenv("POSITTUNE_ZOO", folder.file("").c_str(), 1);
  const auto here = resolve_model("zoo:gpt2"), missing = resolve_model("zoo:yolo");
  ::unsetenv("POSITTUNE_ZOO");
  ASSERT_TRUE(here.ok()) << here.error().message();
  EXPECT_EQ(std::filesystem::path(here->model), folder.file("gpt2/model.onnx"));
  EXPECT_EQ(std::filesystem::path(here->data), folder.file("gpt2/data.yaml"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::kInput);
  EXPECT_NE(missing.error().hint.find("POSITTUNE_ZOO"), std::string::npos);
}

TEST(ZooModels, PathsStayAsTheyAre) {
  const auto path = resolve_model("some/model.onnx");
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(path->model, "some/model.onnx");
  EXPECT_EQ(path->data, "");
}

TEST(ZooModels, UnknownNamesListTheKnown) {
  const auto unknown = resolve_model("zoo:bert");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
  for (const ZooModel& model : zoo_models())
    EXPECT_NE(unknown.error().expected.find("zoo:" + model.name), std::string::npos);
}

}  // namespace
}  // namespace posittune::session

#include "posittune/exporter/hf_json.h"

#include <gtest/gtest.h>

#include <string>

namespace posittune::exporter {
namespace {

TEST(HfJson, FilesOfAnIndex) {
  EXPECT_EQ(files_of_index(R"({"metadata": {}, "weight_map": {"a": "1", "b": "2", "c": "1"}})", "x")
                .value(),
            (std::set<std::string>{"1", "2"}));
  for (const char* bad : {"[]", "{}", R"({"weight_map": []})", R"({"weight_map": {"a": 1}})", "{"})
    EXPECT_EQ(files_of_index(bad, "x").error().kind, ErrorKind::kInput) << bad;
}

TEST(HfJson, ConfigsKeepTheirOrder) {
  EXPECT_EQ(changed_config(R"({"b": 1, "torch_dtype": "bfloat16", "a": [2]})", "float32", {}, "x")
                .value(),
            "{\n  \"b\": 1,\n  \"torch_dtype\": \"float32\",\n  \"a\": [\n    2\n  ]\n}\n");
  EXPECT_EQ(changed_config("{}", "float16", {}, "x").value(), "{\n  \"dtype\": \"float16\"\n}\n");
  EXPECT_FALSE(changed_config("[]", "float32", {}, "x").ok());
  EXPECT_EQ(changed_config(R"({"quantization_config": {}})", "float32", {}, "x").error().found,
            "quantization_config");
}

TEST(HfJson, QuantizationConfig) {
  CompressedConfig config;
  config.modules[{"pack-quantized", "int", 4, "group", 32}] = {"a", "b"};
  const std::string one = changed_config("{}", "float32", config, "x").value();
  EXPECT_NE(
      one.find("\"format\": \"pack-quantized\",\n    \"quantization_status\": \"compressed\""),
      std::string::npos);
  EXPECT_NE(one.find("\"group_size\": 32"), std::string::npos);
  config.modules[{"mxfp4-pack-quantized", "float", 4, "group", 32, true}] = {"c"};
  config.ignored = {"d"};
  const std::string two = changed_config("{}", "float32", config, "x").value();
  EXPECT_NE(two.find("\"format\": \"mixed-precision\""), std::string::npos);
  EXPECT_NE(two.find("torch.uint8"), std::string::npos);
  EXPECT_NE(two.find("\"group_1\""), std::string::npos);
}

}  // namespace
}  // namespace posittune::exporter

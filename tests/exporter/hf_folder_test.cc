#include "posittune/exporter/hf_folder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/exporter/hf_folders.h"

namespace posittune::exporter {
namespace {

TEST(HfFolder, ReadsTensorsAndNames) {
  const TemporaryFolder place;
  test::write_small_folder(place, test::small_model());
  const auto folder = HfFolder::open(place.file(""));
  ASSERT_TRUE(folder.ok()) << folder.error().message();
  EXPECT_EQ(folder->names().size(), 6U);
  EXPECT_EQ(folder->floats("model.norm.weight").value(), (std::vector<float>{1, 0.50390625F}));
  EXPECT_EQ(folder->floats("model.a.bias").value(), (std::vector<float>{10, 20, 30, 40}));
  EXPECT_EQ(folder->floats("model.ids").error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(folder->bytes("model.ids").value(), std::string(8, '\1'));
  EXPECT_EQ(folder->other_files(), std::vector<std::string>{"tokenizer.json"});
  EXPECT_EQ(folder->find("a.bias"), "model.a.bias");
  EXPECT_EQ(folder->find("other.a.bias"), std::nullopt);
}

TEST(HfFolder, FindsTiedWeightsAndModelsWithoutHead) {
  const TemporaryFolder place;
  write_bytes(place.file("config.json"), "{}");
  ASSERT_TRUE(write_safetensors(place.file("model.safetensors"), {},
                                {test::float_tensor("wte.weight", {1}, {1}),
                                 test::float_tensor("h.0.mlp.c_fc.weight", {1}, {1})})
                  .ok());
  const auto folder = HfFolder::open(place.file(""));
  EXPECT_EQ(folder->find("lm_head.weight"), "wte.weight");
  EXPECT_EQ(folder->find("transformer.h.0.mlp.c_fc.weight"), "h.0.mlp.c_fc.weight");
}

TEST(HfFolder, ReadsShards) {
  const TemporaryFolder place;
  write_bytes(place.file("config.json"), "{}");
  for (const char* name : {"a", "b"}) {
    ASSERT_TRUE(write_safetensors(place.file(std::string(name) + ".safetensors"), {},
                                  {test::float_tensor(name, {1}, {2})})
                    .ok());
  }
  const std::string index = place.file("model.safetensors.index.json");
  write_bytes(index, R"({"weight_map": {"a": "a.safetensors", "b": "b.safetensors"}})");
  EXPECT_EQ(HfFolder::open(place.file(""))->names(), (std::vector<std::string>{"a", "b"}));
  write_bytes(index, R"({"weight_map": {"a": "../a.safetensors"}})");
  EXPECT_EQ(HfFolder::open(place.file("")).error().found, "'../a.safetensors'");
  write_bytes(place.file("c.safetensors"), read_bytes(place.file("a.safetensors")));
  write_bytes(index, R"({"weight_map": {"a": "a.safetensors", "b": "c.safetensors"}})");
  EXPECT_EQ(HfFolder::open(place.file("")).error().found, "'a' in two files");
}

TEST(HfFolder, RefusesOtherFolders) {
  const TemporaryFolder place;
  EXPECT_EQ(HfFolder::open(place.file("")).error().expected, "config.json");
  write_bytes(place.file("config.json"), "{}");
  EXPECT_EQ(HfFolder::open(place.file("")).error().found, "neither");
  write_bytes(place.file("model.safetensors"), "x");
  EXPECT_EQ(HfFolder::open(place.file("")).error().what, "not a safetensors file");
}

}  // namespace
}  // namespace posittune::exporter

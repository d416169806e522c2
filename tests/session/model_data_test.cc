#include "posittune/session/model_data.h"

#include <gtest/gtest.h>

#include "posittune/base/hash.h"
#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

namespace posittune::session {
namespace {

using data::is_error;

TEST(Resolve, PathsOfSplitsAreSpecs) {
  const auto source =
      resolve({.model = "m.onnx", .constants = {{"mask", "1"}}, .batch_axes = {{"x", 1}}},
              {.search = "s.npz", .report = "r", .labels = "l.txt", .limit = 7});
  ASSERT_TRUE(source.ok()) << source.error().message();
  EXPECT_EQ(source->model, "m.onnx");
  EXPECT_FALSE(source->splits.calibrate.has_value());
  EXPECT_EQ(source->splits.search->path, "s.npz");
  EXPECT_EQ(source->splits.report->limit, 7U);
  EXPECT_EQ(source->splits.report->labels, "l.txt");
  EXPECT_TRUE(source->splits.report->shared_labels);
  EXPECT_EQ(source->splits.constants.at("mask"), "1");
  EXPECT_EQ(source->splits.batch_axes.at("x"), 1U);
  EXPECT_TRUE(source->splits.search->constants.contains("mask"));  // no array of it is read
  EXPECT_TRUE(require_data(*source).ok());
}

// A limit only makes less; constants of the spec come before those of the file.
TEST(Resolve, AFileOfAllSplits) {
  const TemporaryFolder folder;
  write_bytes(folder.file("data.yaml"),
              "calibrate: {path: c.npz, limit: 5}\nsearch: {path: s.npz, limit: 100}\n"
              "constants: {mask: 2, scale: 3}\n");
  const auto source = resolve({.model = "m.onnx", .constants = {{"mask", "1"}}},
                              {.data = folder.file("data.yaml"), .limit = 10});
  ASSERT_TRUE(source.ok()) << source.error().message();
  EXPECT_EQ(source->splits.calibrate->limit, 5U);
  EXPECT_EQ(source->splits.search->limit, 10U);
  EXPECT_EQ(source->splits.constants.at("mask"), "1");
  EXPECT_EQ(source->splits.constants.at("scale"), "3");
}

TEST(Resolve, WhatContradicts) {
  EXPECT_TRUE(is_error(resolve({.model = "m.onnx"}, {.data = "d.yaml", .report = "r.npz"}).error(),
                       ErrorKind::kUsage, {"`data`", "`report`"}));
  EXPECT_TRUE(is_error(resolve({.model = "zoo:none"}).error(), ErrorKind::kUsage, {"zoo:none"}));
  EXPECT_TRUE(is_error(require_data(*resolve({.model = "m.onnx"})).error(), ErrorKind::kUsage,
                       {"no data"}));
}

std::string location(const std::string& name) {
  return std::string("\x0a\x08location\x12") + static_cast<char>(name.size()) + name;
}

// Of the file and of what it names, wherever the name stands.
TEST(ModelSha256, CoversTheWeightsBesideTheFile) {
  const TemporaryFolder folder;
  const std::string model = folder.file("m.onnx");
  write_bytes(model, "nodes");
  const std::string alone = model_sha256(model).value();
  EXPECT_EQ(alone, sha256_hex("nodes"));
  // On both sides of the end of a part that is read at once.
  for (const std::size_t before : {0UL, (1UL << 20) - 5, (1UL << 20) + 400}) {
    write_bytes(model, std::string(before, 'n') + location("weights.bin") + "rest");
    std::filesystem::remove(folder.file("weights.bin"));
    const std::string without = model_sha256(model).value();
    write_bytes(folder.file("weights.bin"), "one");
    const std::string one = model_sha256(model).value();
    write_bytes(folder.file("weights.bin"), "two");
    const std::string two = model_sha256(model).value();
    EXPECT_NE(one, without);
    EXPECT_NE(one, two);
  }
  write_bytes(folder.file("other.bin"), "x");
  const std::string before = model_sha256(model).value();
  write_bytes(folder.file("other.bin"), "y");
  EXPECT_EQ(model_sha256(model).value(), before);
  write_bytes(folder.file("m.bin"), "of the IR");
  EXPECT_NE(model_sha256(model).value(), before);
  EXPECT_FALSE(model_sha256(folder.file("none.onnx")).ok());
}

}  // namespace
}  // namespace posittune::session

// Archives: what is written is what is read, in as many bytes as recipes promise, and nothing else
// is read. tests/exporter/archive_test.py compares the reader in Python; fuzz/archive_fuzz.cc
// mutates files.

#include "posittune/exporter/archive.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "posittune/exporter/safetensors.h"
#include "tests/base/temporary_folder.h"
#include "tests/exporter/portable_models.h"

namespace posittune::exporter {
namespace {

using test::invented;
using test::portable;
using test::RunSpec;

class ArchiveTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::string path_ = folder_.file("a.posit");

  // The archive of invented_model() with another list of tensors or other texts.
  template <class Change>
  Status write_changed(Change change) {
    const Status written = write_archive(test::invented_model(), path_);
    if (!written) return written;
    auto file = SafetensorsFile::open(path_);
    if (!file) return file.error();
    std::map<std::string, std::string> metadata = file->header().metadata;
    std::map<std::string, StoredTensor> tensors;
    for (const TensorEntry& entry : file->header().tensors) {
      tensors[entry.name] = {entry.name, entry.dtype, entry.shape,
                             [bytes = *file->read(entry)] { return bytes; }};
    }
    change(metadata, tensors);
    std::vector<StoredTensor> list;
    for (auto& [name, tensor] : tensors) list.push_back(std::move(tensor));
    return write_safetensors(path_, metadata, std::move(list));
  }
};

using Metadata = std::map<std::string, std::string>;
using TensorMap = std::map<std::string, StoredTensor>;

TEST_F(ArchiveTest, ReadsWhatWasWritten) {
  const PortableModel model = test::invented_model();
  const Status written = write_archive(model, path_);
  ASSERT_TRUE(written.ok()) << written.error().message();
  const auto read = read_archive(path_);
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(*read, model);
  for (const auto& [name, weight] : model.weights)
    EXPECT_EQ(read->weights.at(name), weight) << name;
  const std::string again = folder_.file("again.posit");
  ASSERT_TRUE(write_archive(*read, again).ok());
  EXPECT_EQ(read_bytes(again), read_bytes(path_));
  ASSERT_TRUE(write_archive({}, path_).ok());
  EXPECT_EQ(read_archive(path_).value(), PortableModel{});
}

struct SizeCase {
  const char* name;
  quant::WeightSetting setting;
  std::vector<RunSpec> runs;
  std::size_t cols = 512, group = 0;
};

std::vector<SizeCase> size_cases() {
  using quant::Granularity;
  using quant::ScaleRule;
  const auto setting = [](const char* format, ScaleRule rule, Granularity granularity) {
    return quant::WeightSetting{
        .format = test::format(format), .rule = rule, .granularity = granularity};
  };
  std::vector<SizeCase> cases = {
      {"tensor",
       setting("posit<8,1>", ScaleRule::kMsePow2, Granularity::kTensor),
       {{"posit<8,1>", 256, RunSpec::kOne}}},
      {"channels",
       setting("posit<6,1>", ScaleRule::kMsePow2, Granularity::kChannel),
       {{"posit<6,1>", 256, RunSpec::kRows}}},
      {"real scales",
       setting("int4", ScaleRule::kMse, Granularity::kChannel),
       {{"int4", 256, RunSpec::kRows, false}}},
      {"groups",
       setting("int4", ScaleRule::kMse, Granularity::kGroup),
       {{"int4", 256, RunSpec::kGroups, false}},
       512,
       32},
      {"few columns",
       setting("posit<5,1>", ScaleRule::kMsePow2, Granularity::kChannel),
       {{"posit<5,1>", 256, RunSpec::kRows}},
       9},
      {"blocks",
       setting("mxfp4", ScaleRule::kNone, Granularity::kTensor),
       {{"mxfp4", 256, RunSpec::kOne}}},
      {"windows",
       setting("int4", ScaleRule::kMse, Granularity::kTensor),
       {{"int4", 100, RunSpec::kOne, false},
        {"int8", 50, RunSpec::kOne, false},
        {"int4", 106, RunSpec::kOne, false}}},
      {"choice",
       setting("posit<6,1>", ScaleRule::kMsePow2, Granularity::kChannel),
       {{"posit<6,1>", 100, RunSpec::kRows},
        {"int6", 56, RunSpec::kRows},
        {"posit<6,1>", 100, RunSpec::kRows}},
       27},
  };
  cases[3].setting.group = 32;
  cases[6].setting.windows = {{100, 50, test::format("int8"), ScaleRule::kMse}};
  cases[7].setting.alternatives = {test::format("int6")};
  return cases;
}

TEST_F(ArchiveTest, TakesTheBitsThatRecipesPromise) {
  for (const SizeCase& each : size_cases()) {
    PortableModel model;
    model.weights["w"] = portable(invented(each.runs, each.cols, each.group));
    ASSERT_TRUE(write_archive(model, path_).ok()) << each.name;
    const auto file = SafetensorsFile::open(path_);
    const auto bits = static_cast<double>(file->header().tensors.back().end * 8);
    const double promised = quant::stored_bits(each.setting, 256, each.cols);
    EXPECT_NEAR(bits / promised, 1, 0.01) << each.name << ": " << bits << " of " << promised;
    EXPECT_EQ(read_archive(path_).value(), model) << each.name;
  }
}

TEST_F(ArchiveTest, RefusesArchivesWithoutAPart) {
  ASSERT_TRUE(write_archive(test::invented_model(), path_).ok());
  const SafetensorsHeader header = SafetensorsFile::open(path_)->header();
  std::size_t refused = 0;
  for (const TensorEntry& entry : header.tensors) {
    // Inputs without scales have them per token; layers without a correction have none.
    if (!entry.name.starts_with("weights/")) continue;
    ASSERT_TRUE(write_changed([&](Metadata&, TensorMap& t) { t.erase(entry.name); }).ok());
    const auto read = read_archive(path_);
    ASSERT_FALSE(read.ok()) << entry.name;
    EXPECT_EQ(read.error().kind, ErrorKind::kInput) << entry.name;
    ++refused;
  }
  EXPECT_GE(refused, 20U);
  for (const char* key : {"posittune", "model_sha256", "recipe", "weights/groups"}) {
    ASSERT_TRUE(write_changed([&](Metadata& m, TensorMap&) { m.erase(key); }).ok());
    EXPECT_FALSE(read_archive(path_).ok()) << key;
  }
}

struct BadTensor {
  const char* name;
  const char* dtype;
  std::vector<std::uint64_t> shape;
  std::string bytes;
};

TEST_F(ArchiveTest, RefusesTensorsThatDoNotFit) {
  const BadTensor cases[] = {
      {"other", "U8", {1}, "x"},
      {"weights/none/0/codes", "U8", {1}, "x"},
      {"weights/plain/0/rows", "U32", {1, 2}, std::string("\0\0\0\0\5\0\0\0", 8)},
      {"weights/plain/0/rows", "U32", {1, 2}, std::string("\1\0\0\0\5\0\0\0", 8)},
      {"weights/plain/0/rows", "U32", {1, 2}, std::string("\1\0\0\0\xff\xff\xff\xff", 8)},
      {"weights/plain/0/codes", "U8", {34}, std::string(34, 'x')},
      {"weights/plain/0/codes", "I8", {35}, std::string(35, 'x')},
      {"weights/plain/0/codes", "U8", {5, 7}, std::string(35, 'x')},
      {"weights/plain/0/scales", "U8", {1}, std::string(1, '\0')},
      {"weights/plain/0/scales", "U8", {1}, "\xff"},
      {"weights/plain/0/scales", "F32", {1}, std::string("\0\0\x80\xff", 4)},
      {"weights/plain/0/scales", "F32", {1}, std::string("\0\0\x80\xbf", 4)},
      {"weights/plain/0/scales", "U8", {2, 1}, "\x7f\x7f"},
      {"weights/plain/0/repeats", "U32", {1}, std::string("\4\0\0\0", 4)},
      {"weights/plain/0/exponents", "U8", {5, 1}, "abcde"},
      {"weights/choice/0/formats", "U8", {2}, "\xff\x0f"},
      {"weights/choice/0/formats", "U8", {3}, "abc"},
      {"inputs/per token", "F32", {2}, "abcdefgh"},
      {"corrections/layer", "F32", {1}, std::string("\0\0\xc0\x7f", 4)},
  };
  for (const BadTensor& bad : cases) {
    const Status written = write_changed([&](Metadata&, TensorMap& tensors) {
      tensors[bad.name] = {bad.name, bad.dtype, bad.shape, [&] { return bad.bytes; }};
    });
    ASSERT_TRUE(written.ok()) << written.error().message();
    const auto read = read_archive(path_);
    ASSERT_FALSE(read.ok()) << bad.name << " " << bad.dtype;
    EXPECT_EQ(read.error().kind, ErrorKind::kInput) << bad.name;
    EXPECT_TRUE(read.error().where.starts_with(path_)) << read.error().message();
  }
}

TEST_F(ArchiveTest, WritesNothingThatItCannotRead) {
  const auto refused = [&](auto change) {
    PortableModel model = test::invented_model();
    change(model);
    const Status written = write_archive(model, path_);
    return !written.ok() && written.error().kind == ErrorKind::kInput && folder_.entries().empty();
  };
  EXPECT_TRUE(refused([](PortableModel& m) { m.weights["plain"].codes.rows = 6; }));
  EXPECT_TRUE(refused([](PortableModel& m) { m.weights["plain"].shape = {5}; }));
  EXPECT_TRUE(refused([](PortableModel& m) { m.weights["plain"].layout.rows[0].stride = 99; }));
  EXPECT_TRUE(refused([](PortableModel& m) { m.weights["plain"].readers = {"\xff"}; }));
  EXPECT_TRUE(refused(
      [](PortableModel& m) { std::ranges::reverse(m.weights["plain"].codes.groups[0].rows); }));
  EXPECT_TRUE(refused([](PortableModel& m) { m.weights["\xff"] = m.weights["plain"]; }));
  EXPECT_TRUE(refused([](PortableModel& m) { m.inputs["per token"].scales = {1, 2}; }));
  EXPECT_TRUE(refused([](PortableModel& m) { m.inputs["per token"].scales = {-1}; }));
  EXPECT_TRUE(refused(
      [](PortableModel& m) { m.corrections["a"] = {std::numeric_limits<float>::infinity()}; }));
}

}  // namespace
}  // namespace posittune::exporter

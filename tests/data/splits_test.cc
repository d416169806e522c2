#include "posittune/data/splits.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

namespace posittune::data {
namespace {

const std::vector<TensorInfo> kInput = {{"x", ElementType::kI64, {-1, 1}}};

class SplitsTest : public testing::Test {
 protected:
  // Items of one number each.
  DataSpec npz(const std::string& name, const std::vector<std::int64_t>& x) {
    const std::string shape = "(" + std::to_string(x.size()) + ", 1)";
    write_bytes(folder_.file(name), zip_bytes({{"x.npy", npy_bytes("<i8", shape, x)}}));
    DataSpec spec;
    spec.path = folder_.file(name);
    return spec;
  }
  TemporaryFolder folder_;
};

TEST_F(SplitsTest, DisjointSplitsOpen) {
  const auto splits =
      open_splits({npz("c.npz", {1, 2}), npz("s.npz", {3}), npz("r.npz", {4, 4, 5})}, kInput);
  ASSERT_TRUE(splits.ok()) << splits.error().message();
  EXPECT_EQ(splits->calibrate->items(), 2u);
  EXPECT_EQ(splits->search->items(), 1u);
  EXPECT_EQ(splits->report->items(), 3u);  // an item twice in one split is allowed
}

TEST_F(SplitsTest, TwoMayBeAbsentButNotAll) {
  const auto one = open_splits({{}, {}, npz("r.npz", {1})}, kInput);
  ASSERT_TRUE(one.ok());
  EXPECT_FALSE(one->calibrate.has_value());
  const auto none = open_splits({}, kInput);
  ASSERT_FALSE(none.ok());
  EXPECT_TRUE(is_error(none.error(), ErrorKind::kUsage, {"`calibrate`, `search` or `report`"}));
}

TEST(MissingSplit, NamesItsFieldAndTheKeyOfTheFile) {
  const Error error = missing_split("search", "nothing to choose on", "or choose nothing");
  EXPECT_EQ(error.kind, ErrorKind::kUsage);
  EXPECT_EQ(error.where, "`search`");
  EXPECT_EQ(error.expected, "`search=PATH`, or that key of a `data` file");
}

TEST_F(SplitsTest, OverlapNamesFilesAndItems) {
  const auto splits = open_splits({npz("c.npz", {7, 8, 9}), {}, npz("r.npz", {1, 9, 8})}, kInput);
  ASSERT_FALSE(splits.ok());
  EXPECT_TRUE(is_error(splits.error(), ErrorKind::kInput,
                       {"calibrate " + folder_.file("c.npz") + " item 2",
                        "report " + folder_.file("r.npz") + " item 1", "2 of 3 items"}));
}

TEST_F(SplitsTest, SearchAndReportToo) {
  const auto splits =
      open_splits({npz("c.npz", {1}), npz("s.npz", {2}), npz("r.npz", {2, 9})}, kInput);
  ASSERT_FALSE(splits.ok());
  EXPECT_TRUE(is_error(splits.error(), ErrorKind::kInput, {"s.npz item 0", "r.npz item 0"}));
}

TEST_F(SplitsTest, OneFileTwiceIsOverlap) {
  const DataSpec spec = npz("c.npz", {1});
  EXPECT_FALSE(open_splits({spec, {}, spec}, kInput).ok());
}

TEST_F(SplitsTest, CopiesOfAFileAreNamed) {
  const DataSpec one = npz("c.npz", {1});
  write_bytes(folder_.file("copy.npz"), read_bytes(folder_.file("c.npz")));
  DataSpec copy;
  copy.path = folder_.file("copy.npz");
  const auto splits = open_splits({{}, one, copy}, kInput);
  ASSERT_FALSE(splits.ok());
  EXPECT_TRUE(is_error(
      splits.error(), ErrorKind::kInput,
      {"the same file", "search " + folder_.file("c.npz"), "report " + folder_.file("copy.npz")}));
}

// Other pictures under one list of annotations.
TEST_F(SplitsTest, OneCocoFileTwice) {
  write_bytes(
      folder_.file("set.json"),
      R"({"images": [{"id": 1, "file_name": "x.png"}], "annotations": [], "categories": []})");
  SplitSpecs specs;
  std::uint8_t grey = 5;
  for (auto* split : {&specs.calibrate, &specs.report}) {
    const std::string folder = folder_.file(split == &specs.report ? "r" : "c");
    std::filesystem::create_directory(folder);
    write_bytes(folder + "/x.png", png_bytes(1, 1, 1, 8, {grey++}));
    split->emplace().path = folder_.file("set.json");
    (*split)->images = folder;
  }
  const auto splits = open_splits(specs, {{"x", ElementType::kF32, {-1, 3, 1, 1}}});
  ASSERT_FALSE(splits.ok());
  EXPECT_TRUE(is_error(splits.error(), ErrorKind::kInput, {"the same file", "set.json"}));
}

// A file of labels may serve all folders.
TEST_F(SplitsTest, OneFileOfLabels) {
  write_bytes(folder_.file("labels.txt"), "c.png 0\nr.png 1\n");
  SplitSpecs specs;
  for (auto* split : {&specs.calibrate, &specs.report}) {
    const std::string name = split == &specs.report ? "r" : "c";
    std::filesystem::create_directory(folder_.file(name));
    const std::uint8_t grey = name == "r" ? 7 : 9;
    write_bytes(folder_.file(name) + "/" + name + ".png", png_bytes(1, 1, 1, 8, {grey}));
    split->emplace().path = folder_.file(name);
    (*split)->labels = folder_.file("labels.txt");
  }
  const auto splits = open_splits(specs, {{"x", ElementType::kF32, {-1, 3, 1, 1}}});
  EXPECT_TRUE(splits.ok()) << splits.error().message();
}

TEST_F(SplitsTest, ErrorsOfASplitPassThrough) {
  DataSpec missing;
  missing.path = folder_.file("none.npz");
  const auto splits = open_splits({npz("c.npz", {1}), missing, {}}, kInput);
  ASSERT_FALSE(splits.ok());
  EXPECT_TRUE(is_error(splits.error(), ErrorKind::kInput, {"none.npz"}));
}

TEST_F(SplitsTest, ImagesAreComparedByPixels) {
  const std::vector<TensorInfo> image = {{"x", ElementType::kF32, {-1, 3, 1, 1}}};
  SplitSpecs specs;
  for (auto* split : {&specs.calibrate, &specs.report}) {
    const std::string folder = folder_.file(split == &specs.report ? "r" : "c");
    std::filesystem::create_directory(folder);
    const bool interlaced = split == &specs.report;  // other bytes, the same pixels
    write_bytes(folder + "/x.png",
                png_bytes(9, 9, 1, 8, std::vector<std::uint8_t>(81, 5), interlaced));
    split->emplace().path = folder;
    (*split)->preprocessing.resize = interlaced ? Resize::kStretch : Resize::kLetterbox;
  }
  const auto splits = open_splits(specs, image);
  ASSERT_FALSE(splits.ok());
  EXPECT_TRUE(is_error(splits.error(), ErrorKind::kInput, {"item 0", "1 of 1"}));
}

TEST(SplitsZoo, AreDisjoint) {
  for (const auto& [name, inputs] : {std::pair<std::string, std::vector<TensorInfo>>{
                                         "gpt2", {{"input_ids", ElementType::kI64, {-1, -1}}}},
                                     {"albert",
                                      {{"input_ids", ElementType::kI64, {-1, -1}},
                                       {"attention_mask", ElementType::kI64, {-1, -1}}}}}) {
    SplitSpecs specs;
    const std::string folder = std::string(POSITTUNE_ZOO "/") + name;
    specs.calibrate.emplace().path = folder + "/calibrate.npz";
    specs.search.emplace().path = folder + "/search.npz";
    specs.report.emplace().path = folder + "/report.npz";
    const auto splits = open_splits(specs, inputs);
    EXPECT_TRUE(splits.ok()) << splits.error().message();
  }
  SplitSpecs yolo;
  yolo.calibrate.emplace().path = POSITTUNE_ZOO "/yolo/calibrate.json";
  yolo.search.emplace().path = POSITTUNE_ZOO "/yolo/search.json";
  yolo.report.emplace().path = POSITTUNE_ZOO "/yolo/report.json";
  const auto splits = open_splits(yolo, {{"images", ElementType::kF32, {-1, 3, 192, 192}}});
  EXPECT_TRUE(splits.ok()) << splits.error().message();
}

}  // namespace
}  // namespace posittune::data

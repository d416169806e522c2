// npz data sets and what all kinds share. Images and text have files of their own.

#include "posittune/data/dataset.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "posittune/base/hash.h"
#include "posittune/base/interrupt.h"
#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

namespace posittune::data {
namespace {

const std::vector<TensorInfo> kTokens = {{"input_ids", ElementType::kI64, {-1, -1}}};
const std::vector<TensorInfo> kTwo = {{"input_ids", ElementType::kI64, {-1, 3}},
                                      {"mask", ElementType::kF32, {1, -1}}};

std::string ids(const std::string& shape = "(2, 3)") {
  return npy_bytes("<i4", shape, std::vector<std::int32_t>{1, 2, 3, 4, 5, 6});
}
constexpr float kLowest = std::numeric_limits<float>::lowest();
std::string mask() { return npy_bytes("<f4", "(2, 1)", std::vector<float>{0.5, kLowest}); }
std::string integers(const std::vector<std::int64_t>& x) {
  return npy_bytes("<i8", "(" + std::to_string(x.size()) + ",)", x);
}

class DatasetNpz : public testing::Test {
 protected:
  Result<Dataset> open(const ZipEntries& entries, const std::vector<TensorInfo>& inputs = kTwo) {
    write_bytes(path(), zip_bytes(entries, true));
    spec_.path = path();
    return Dataset::open(spec_, inputs);
  }
  std::string path() const { return folder_.file("data.npz"); }
  void expect_error(const ZipEntries& entries, const std::vector<std::string>& parts,
                    const std::vector<TensorInfo>& inputs = kTwo) {
    const auto data = open(entries, inputs);
    ASSERT_FALSE(data.ok()) << parts.front();
    EXPECT_TRUE(is_error(data.error(), ErrorKind::kInput, parts));
    EXPECT_TRUE(is_error(data.error(), ErrorKind::kInput, {path()}));
  }

  TemporaryFolder folder_;
  DataSpec spec_;
};

TEST_F(DatasetNpz, RowsInTheModelsTypes) {
  const auto data = open({{"input_ids.npy", ids()}, {"mask.npy", mask()}});
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_EQ(data->items(), 2u);
  EXPECT_EQ(data->unit_name(), "item");
  EXPECT_EQ(data->units(), (std::vector<std::size_t>{0, 1}));
  EXPECT_TRUE(data->annotations().labels.empty());
  const auto batch = data->batch(1, 1);
  ASSERT_TRUE(batch.ok()) << batch.error().message();
  ASSERT_EQ(batch->size(), 2u);
  const Tensor& x = batch->at("input_ids");
  EXPECT_EQ(x.type, ElementType::kI64);
  EXPECT_EQ(x.shape, (TensorShape{1, 3}));
  EXPECT_EQ(x.as<std::int64_t>()[2], 6);
  EXPECT_EQ(batch->at("mask").as<float>()[0], kLowest);
}

TEST_F(DatasetNpz, LabelsAndDocuments) {
  const auto data =
      open({{"input_ids.npy", ids("(6, 1)")},
            {"labels.npy", npy_bytes("|u1", "(6, 1)", std::string("\3\0\0\2\1\0", 6))},
            {"document.npy", integers({7, 7, 3, 3, 3, 9})}},
           kTokens);
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_EQ(data->annotations().labels, (std::vector<std::int64_t>{3, 0, 0, 2, 1, 0}));
  EXPECT_EQ(data->units(), (std::vector<std::size_t>{0, 0, 1, 1, 1, 2}));
  EXPECT_EQ(data->unit_count(), 3u);
  EXPECT_EQ(data->unit_name(), "document");
}

TEST_F(DatasetNpz, LimitKeepsTheFirst) {
  spec_.limit = 4;
  const auto data = open({{"input_ids.npy", ids("(6, 1)")},
                          {"labels.npy", integers({1, 2, 3, 4, 5, 6})},
                          {"document.npy", integers({0, 0, 0, 0, 1, 1})}},
                         kTokens);
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_EQ(data->items(), 4u);
  EXPECT_EQ(data->annotations().labels, (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(data->unit_count(), 1u);
  EXPECT_FALSE(data->batch(4, 1).ok());
  EXPECT_FALSE(data->batch(1, SIZE_MAX).ok());
  EXPECT_FALSE(data->batch(0, 0).ok());
  EXPECT_TRUE(data->batch(0, 4).ok());
}

TEST_F(DatasetNpz, Description) {
  const auto data = open({{"input_ids.npy", ids()}}, kTokens);
  ASSERT_TRUE(data.ok()) << data.error().message();
  const DatasetDescription& about = data->description();
  EXPECT_EQ(about.kind, "npz");
  EXPECT_EQ(about.path, path());
  EXPECT_EQ(about.items, 2u);
  EXPECT_EQ(about.unit, "item");
  EXPECT_EQ(about.sha256, sha256_hex(read_bytes(path())));
  EXPECT_EQ(data->sha256(), about.sha256);
  ASSERT_EQ(about.files.size(), 1u);
  EXPECT_EQ(about.files[0].sha256, about.sha256);
}

TEST_F(DatasetNpz, ExpectedHash) {
  spec_.sha256 = std::string(64, '0');
  expect_error({{"input_ids.npy", ids()}}, {"sha256"}, kTokens);
  spec_.sha256 = sha256_hex(read_bytes(path()));
  for (char& c : spec_.sha256) c = static_cast<char>(std::toupper(c));
  EXPECT_TRUE(Dataset::open(spec_, kTokens).ok());
}

TEST_F(DatasetNpz, ItemHashesFollowContentNotStorage) {
  const auto narrow = open({{"input_ids.npy", ids()}}, kTokens);
  ASSERT_TRUE(narrow.ok());
  const auto first = narrow->item_hashes();
  const auto wide = open(
      {{"input_ids.npy", npy_bytes("<i8", "(2, 3)", std::vector<std::int64_t>{4, 5, 6, 1, 2, 3})}},
      kTokens);
  ASSERT_TRUE(wide.ok());
  const auto second = wide->item_hashes();
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ((*first)[0], (*second)[1]);
  EXPECT_EQ((*first)[1], (*second)[0]);
  EXPECT_NE((*first)[0], (*first)[1]);
}

TEST_F(DatasetNpz, NamesMustBeTheModels) {
  expect_error({{"input_ids.npy", ids()}, {"mask.npy", mask()}, {"ids.npy", ids()}},
               {"array 'ids'", "no input of the model", "'input_ids' int64 (?, 3)", "'mask'"});
  expect_error({{"input_ids.npy", ids()}}, {"array 'mask'", "missing"});
}

TEST_F(DatasetNpz, ShapesMustBeTheModels) {
  expect_error({{"input_ids.npy", ids()}}, {"'input_ids'", "(?, 4)", "(2, 3)"},
               {{"input_ids", ElementType::kI64, {1, 4}}});
  expect_error({{"input_ids.npy", ids("(2, 3, 1)")}, {"mask.npy", mask()}},
               {"'input_ids'", "(2, 3, 1)"});
  expect_error({{"input_ids.npy", ids("(6,)")}}, {"'input_ids'", "(6,)"}, kTokens);
  expect_error({{"input_ids.npy", npy_bytes("<i4", "()", std::vector<int>{1})}},
               {"'input_ids'", "scalar"}, kTokens);
  expect_error({{"input_ids.npy", ids()},
                {"mask.npy", npy_bytes("<f4", "(3, 1)", std::vector<float>{1, 2, 3})}},
               {"'mask'", "different numbers of items", "2 rows", "3 rows"});
  expect_error({{"input_ids.npy", ids()}, {"labels.npy", integers({1})}}, {"'labels'", "1 rows"},
               kTokens);
}

TEST_F(DatasetNpz, EmptyData) {
  expect_error({{"input_ids.npy", npy_bytes("<i4", "(0, 3)", std::string())}},
               {"'input_ids'", "empty", "(0, 3)"}, kTokens);
  expect_error({{"input_ids.npy", npy_bytes("<i4", "(3, 0)", std::string())}},
               {"'input_ids'", "empty"}, kTokens);
}

TEST_F(DatasetNpz, TypesMustHoldTheNumbers) {
  expect_error({{"input_ids.npy", npy_bytes("<f4", "(1, 1)", std::vector<float>{0.5})}},
               {"'input_ids'", "exact in int64", "0.5"}, kTokens);
  expect_error(
      {{"input_ids.npy", npy_bytes("<i8", "(1, 1)", std::vector<std::int64_t>{INT64_MAX})}},
      {"'input_ids'", "exact in int32"}, {{"input_ids", ElementType::kI32, {-1, -1}}});
}

TEST_F(DatasetNpz, NanIsRefused) {
  expect_error({{"input_ids.npy", ids()},
                {"mask.npy", npy_bytes("<f4", "(2, 1)", std::vector<float>{0, NAN})}},
               {"'mask'", "NaN", "row 1"});
}

TEST_F(DatasetNpz, InfinitiesAreRefused) {
  for (const float bad : {INFINITY, -INFINITY}) {
    expect_error({{"input_ids.npy", ids()},
                  {"mask.npy", npy_bytes("<f4", "(2, 1)", std::vector<float>{0, bad})}},
                 {"'mask'", "an infinity", "row 1"});
  }
}

// The file alone and what becomes of it are told apart.
TEST_F(DatasetNpz, IdentityFollowsTensors) {
  const ZipEntries entries = {{"input_ids.npy", ids("(6, 1)")}};
  const auto data = open(entries, kTokens);
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_EQ(data->identity().size(), 64u);
  EXPECT_NE(data->identity(), data->sha256());
  EXPECT_EQ(data->identity(), data->description().identity);
  EXPECT_EQ(open(entries, kTokens)->identity(), data->identity());
  const auto narrow = open(entries, {{"input_ids", ElementType::kI32, {-1, -1}}});
  EXPECT_EQ(narrow->sha256(), data->sha256());
  EXPECT_NE(narrow->identity(), data->identity());
  spec_.limit = 4;
  EXPECT_NE(open(entries, kTokens)->identity(), data->identity());
  spec_.limit = 9;  // there are but six
  EXPECT_EQ(open(entries, kTokens)->identity(), data->identity());
  const auto other = open(
      {{"input_ids.npy", ids("(6, 1)")}, {"labels.npy", integers({1, 2, 3, 4, 5, 6})}}, kTokens);
  EXPECT_NE(other->identity(), data->identity());
  // A copy elsewhere is the same data.
  ASSERT_TRUE(open(entries, kTokens).ok());
  write_bytes(folder_.file("copy.npz"), read_bytes(path()));
  spec_.path = folder_.file("copy.npz");
  EXPECT_EQ(Dataset::open(spec_, kTokens)->identity(), data->identity());
}

[[noreturn]] void open_after_signal(const DataSpec& spec) {
  watch_interrupts();
  auto data = Dataset::open(spec, kTokens);
  if (!data) std::exit(1);
  kill(getpid(), SIGTERM);  // to the process: a thread of its own waits for it
  for (int i = 0; check_interrupt() && i < 10000; ++i) usleep(1000);
  const auto again = Dataset::open(spec, kTokens);
  const auto hashes = data->item_hashes();
  const bool heard = !again && again.error().kind == ErrorKind::kInterrupted && !hashes &&
                     hashes.error().kind == ErrorKind::kInterrupted;
  std::exit(heard ? 0 : 2);
}

TEST_F(DatasetNpz, ASignalEndsReadingAndHashing) {
  ASSERT_TRUE(open({{"input_ids.npy", ids()}}, kTokens).ok());
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(open_after_signal(spec_), testing::ExitedWithCode(0), "");
}

TEST_F(DatasetNpz, LabelsMustBeCounts) {
  expect_error({{"input_ids.npy", ids()},
                {"labels.npy", npy_bytes("<f4", "(2,)", std::vector<float>{0, 1})}},
               {"'labels'", "not hold integers"}, kTokens);
  expect_error({{"input_ids.npy", ids()}, {"labels.npy", integers({0, -1})}},
               {"'labels'", "negative", "row 1"}, kTokens);
  expect_error({{"input_ids.npy", ids()},
                {"labels.npy", npy_bytes("<i4", "(2, 2, 1)", std::vector<int>{1, 2, 3, 4})}},
               {"'labels'", "one number for each item", "(2, 2, 1)"}, kTokens);
}

TEST_F(DatasetNpz, LabelsMayBeSequences) {
  const auto with = [&](const std::vector<int>& symbols) {
    return open({{"input_ids.npy", ids()}, {"labels.npy", npy_bytes("<i4", "(2, 3)", symbols)}},
                kTokens);
  };
  const auto opened = with({4, 5, -1, -1, -1, -1});
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_EQ(opened->annotations().sequences, (std::vector<std::vector<std::int64_t>>{{4, 5}, {}}));
  EXPECT_TRUE(opened->annotations().labels.empty());
  for (const auto& wrong :
       {std::vector<int>{4, -1, 5, 1, 2, 3}, std::vector<int>{4, 5, 6, -2, -1, -1}}) {
    const auto refused = with(wrong);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message().find("sequences of symbols"), std::string::npos);
  }
}

TEST_F(DatasetNpz, KindsThatCannotBeTold) {
  spec_.path = folder_.file("none.npz");
  EXPECT_TRUE(
      is_error(Dataset::open(spec_, kTokens).error(), ErrorKind::kInput, {"no such", "none.npz"}));
  write_bytes(folder_.file("data.bin"), "x");
  spec_.path = folder_.file("data.bin");
  EXPECT_TRUE(
      is_error(Dataset::open(spec_, kTokens).error(), ErrorKind::kUsage, {"data.bin", "kind"}));
  spec_.kind = DataKind::kNpz;
  EXPECT_TRUE(is_error(Dataset::open(spec_, kTokens).error(), ErrorKind::kInput, {"not an npz"}));
}

// Counts as the zoo's cards and NumPy give them.
TEST(DatasetZoo, Albert) {
  DataSpec spec;
  spec.path = POSITTUNE_ZOO "/albert/report.npz";
  const auto data = Dataset::open(spec, {{"input_ids", ElementType::kI64, {-1, -1}},
                                         {"attention_mask", ElementType::kI64, {-1, -1}}});
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_EQ(data->annotations().labels.size(), data->items());
  EXPECT_GT(data->items(), 100u);
  const auto batch = data->batch(0, 2);
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(batch->at("input_ids").shape, batch->at("attention_mask").shape);
}

}  // namespace
}  // namespace posittune::data

// Text through a tokenizer. The zoo's IR and openvino-tokenizers are not everywhere: the tests that
// need them skip. data_peers_test.py converts a tokenizer of its own.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "posittune/base/hash.h"
#include "posittune/data/dataset.h"
#include "posittune/data/splits.h"
#include "posittune/data/tokenizer.h"
#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

namespace posittune::data {
namespace {

const std::vector<TensorInfo> kTokens = {{"input_ids", ElementType::kI64, {-1, -1}}};
const std::string kTokenizer = POSITTUNE_ZOO "/gpt2/openvino_tokenizer.xml";

class Text : public testing::Test {
 protected:
  Text() {
    spec_.path = folder_.file("text.txt");
    write_bytes(spec_.path, "One sentence.\n\nAnother one.\n");
    spec_.tokenizer = kTokenizer;
  }
  void expect_error(ErrorKind kind, const std::vector<std::string>& parts,
                    const std::vector<TensorInfo>& inputs = kTokens) {
    const auto data = Dataset::open(spec_, inputs);
    ASSERT_FALSE(data.ok()) << parts.front();
    EXPECT_TRUE(is_error(data.error(), kind, parts));
  }
  TemporaryFolder folder_;
  DataSpec spec_;
};

TEST_F(Text, NeedsATokenizer) {
  spec_.tokenizer.clear();
  expect_error(ErrorKind::kUsage, {"tokenizer", "text.txt"});
  spec_.tokenizer = folder_.file("none.xml");
  expect_error(ErrorKind::kInput, {"none.xml"});
}

TEST_F(Text, NeedsTheLibrary) {
  spec_.tokenizer = folder_.file("tokenizer.xml");
  write_bytes(spec_.tokenizer, "<net/>");
  spec_.tokenizer_library = folder_.file("none.so");
  expect_error(ErrorKind::kUnsupported,
               {"none.so", "pip install openvino-tokenizers", "POSITTUNE_TOKENIZERS"});
  spec_.tokenizer_library = folder_.file("fake.so");
  write_bytes(spec_.tokenizer_library, "no library");
  expect_error(ErrorKind::kUnsupported, {"fake.so", "cannot be loaded"});
}

TEST_F(Text, ModelsThatTextCannotFeed) {
  expect_error(
      ErrorKind::kInput, {"pixels", "npz"},
      {{"input_ids", ElementType::kI64, {-1, -1}}, {"pixels", ElementType::kF32, {-1, -1}}});
  expect_error(ErrorKind::kInput, {"row of tokens"}, {{"input_ids", ElementType::kI64, {-1}}});
  spec_.sequence = 8;
  expect_error(ErrorKind::kUsage, {"16", "8"}, {{"input_ids", ElementType::kI64, {-1, 16}}});
}

TEST_F(Text, FilesThatAreNoText) {
  write_bytes(spec_.path, "\xff");
  expect_error(ErrorKind::kInput, {"text.txt, line 1", "UTF-8"});
  write_bytes(spec_.path, "\n\n");
  expect_error(ErrorKind::kInput, {"text.txt", "no text"});
}

class ZooText : public Text {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kTokenizer)) GTEST_SKIP() << kTokenizer << " is not there";
    const auto tokenizer = Tokenizer::open(kTokenizer);
    if (!tokenizer && tokenizer.error().kind == ErrorKind::kUnsupported) {
      GTEST_SKIP() << tokenizer.error().message();
    }
    ASSERT_TRUE(tokenizer.ok()) << tokenizer.error().message();
  }
};

// zoo/prepare_text.py made both files from the same documents, with Hugging Face's tokenizers.
TEST_F(ZooText, RowsEqualTheNpz) {
  DataSpec npz;
  npz.path = POSITTUNE_ZOO "/gpt2/report.npz";
  spec_.path = POSITTUNE_ZOO "/gpt2/report.txt";
  const auto expected = Dataset::open(npz, kTokens);
  const auto found = Dataset::open(spec_, kTokens);
  ASSERT_TRUE(expected.ok()) << expected.error().message();
  ASSERT_TRUE(found.ok()) << found.error().message();
  ASSERT_EQ(found->items(), expected->items());
  EXPECT_EQ(found->units(), expected->units());
  EXPECT_EQ(found->unit_name(), "document");
  EXPECT_EQ(found->batch(0, found->items())->at("input_ids").bytes,
            expected->batch(0, expected->items())->at("input_ids").bytes);
  EXPECT_EQ(*found->item_hashes(), *expected->item_hashes());
  const std::vector<DataFile>& files = found->description().files;
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[1].path, kTokenizer);
  EXPECT_EQ(files[1].sha256, sha256_hex(read_bytes(kTokenizer)));
  EXPECT_EQ(files[2].path, POSITTUNE_ZOO "/gpt2/openvino_tokenizer.bin");
}

TEST_F(ZooText, IdentityFollowsTokensAndRows) {
  spec_.path = POSITTUNE_ZOO "/gpt2/report.txt";
  spec_.limit = 4;
  const auto identity = [&](std::size_t sequence, const std::optional<std::string>& start) {
    spec_.sequence = sequence;
    spec_.document_start = start;
    const auto data = Dataset::open(spec_, kTokens);
    EXPECT_TRUE(data.ok()) << data.error().message();
    EXPECT_EQ(data->items(), 4u);
    EXPECT_EQ(data->sha256(), sha256_hex(read_bytes(spec_.path)));
    return data->identity();
  };
  const std::string first = identity(64, {});
  EXPECT_EQ(identity(64, {}), first);
  EXPECT_NE(identity(128, {}), first);
  EXPECT_NE(identity(64, ""), first);
  EXPECT_EQ(identity(0, {}), identity(256, {}));  // the default, said or not
  // Another tokenizer in a file of its own that gives the same tokens gives the same data.
  for (const char* extension : {"xml", "bin"}) {
    write_bytes(folder_.file(std::string("copy.") + extension),
                read_bytes(POSITTUNE_ZOO "/gpt2/openvino_tokenizer." + std::string(extension)));
  }
  spec_.tokenizer = folder_.file("copy.xml");
  EXPECT_EQ(identity(64, {}), first);
}

TEST_F(ZooText, SplitsThatShareDocumentsInRowsOfOtherLengths) {
  const std::string a = "The first document says little, but it says it at some length.";
  const std::string b = "A second one follows it and has quite other words in its one line.";
  const std::string c = "Something else altogether: a third, of numbers as 1, 2, 3, 4 and 5.";
  const auto write = [&](const std::string& name, const std::string& text, std::size_t sequence) {
    DataSpec spec = spec_;
    spec.path = folder_.file(name);
    spec.sequence = sequence;
    write_bytes(spec.path, text);
    return spec;
  };
  auto splits = open_splits({write("c.txt", a + "\n\n" + b, 4), {}, write("r.txt", c, 7)}, kTokens);
  EXPECT_TRUE(splits.ok()) << splits.error().message();
  splits = open_splits(
      {write("c.txt", a + "\n\n" + b, 4), {}, write("r.txt", "short\n\n" + c + "\n\n" + b, 7)},
      kTokens);
  ASSERT_FALSE(splits.ok());
  EXPECT_TRUE(is_error(splits.error(), ErrorKind::kInput,
                       {"calibrate " + folder_.file("c.txt") + " document 1",
                        "report " + folder_.file("r.txt") + " document 2", "1 of 2 documents"}));
  splits = open_splits({write("c.txt", a, 4), write("r.txt", a, 7), {}}, kTokens);
  ASSERT_FALSE(splits.ok());
  EXPECT_TRUE(is_error(splits.error(), ErrorKind::kInput, {"the same file", "c.txt", "r.txt"}));
  // What is too short for a row is not read by anyone.
  splits = open_splits({write("c.txt", "short\n\n" + a, 7), {}, write("r.txt", "short\n\n" + b, 6)},
                       kTokens);
  EXPECT_TRUE(splits.ok()) << splits.error().message();
}

TEST_F(ZooText, OtherInputsAreFilled) {
  spec_.path = POSITTUNE_ZOO "/gpt2/report.txt";
  spec_.limit = 3;
  const auto data = Dataset::open(spec_, {{"input_ids", ElementType::kI32, {-1, 64}},
                                          {"attention_mask", ElementType::kI64, {-1, -1}},
                                          {"position_ids", ElementType::kI64, {-1, -1}},
                                          {"token_type_ids", ElementType::kI64, {-1, -1}}});
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_EQ(data->items(), 3u);
  const auto batch = data->batch(2, 1);
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(batch->at("input_ids").type, ElementType::kI32);
  EXPECT_EQ(batch->at("input_ids").shape, (TensorShape{1, 64}));
  EXPECT_EQ(batch->at("attention_mask").as<std::int64_t>()[63], 1);
  EXPECT_EQ(batch->at("position_ids").as<std::int64_t>()[63], 63);
  EXPECT_EQ(batch->at("token_type_ids").as<std::int64_t>()[63], 0);
}

TEST_F(ZooText, ShortDocuments) {
  expect_error(ErrorKind::kInput, {"no document is as long", "256 tokens", "shorter sequence"});
  spec_.sequence = 2;
  const auto data = Dataset::open(spec_, kTokens);
  ASSERT_TRUE(data.ok()) << data.error().message();
  EXPECT_EQ(data->unit_count(), 2u);
}

}  // namespace
}  // namespace posittune::data

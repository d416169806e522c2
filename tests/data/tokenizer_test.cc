// The zoo's IR and openvino-tokenizers are not everywhere: the tests that need them skip.

#include "posittune/data/tokenizer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

namespace posittune::data {
namespace {

const std::string kTokenizer = POSITTUNE_ZOO "/gpt2/openvino_tokenizer.xml";
constexpr const char* kVariable = "POSITTUNE_TOKENIZERS";

// The variable as it was, afterwards.
class ScopedLibrary {
 public:
  explicit ScopedLibrary(const std::string& value) {
    if (const char* before = std::getenv(kVariable)) before_ = before;
    ::setenv(kVariable, value.c_str(), 1);
  }
  ~ScopedLibrary() { before_ ? ::setenv(kVariable, before_->c_str(), 1) : ::unsetenv(kVariable); }
  ScopedLibrary(const ScopedLibrary&) = delete;
  ScopedLibrary& operator=(const ScopedLibrary&) = delete;

 private:
  std::optional<std::string> before_;
};

class TokenizerFiles : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) const {
    write_bytes(folder_.file(name), text);
    return folder_.file(name);
  }
  static void expect_error(const Result<Tokenizer>& opened, ErrorKind kind,
                           const std::vector<std::string>& parts) {
    ASSERT_FALSE(opened.ok()) << parts.front();
    EXPECT_TRUE(is_error(opened.error(), kind, parts));
  }
  TemporaryFolder folder_;
};

TEST_F(TokenizerFiles, TheFileComesFirst) {
  expect_error(Tokenizer::open(folder_.file("none.xml"), folder_.file("none.so")),
               ErrorKind::kInput, {"none.xml"});
}

TEST_F(TokenizerFiles, TheLibraryThatIsNamed) {
  const std::string ir = file("t.xml", "<net/>");
  expect_error(Tokenizer::open(ir, folder_.file("none.so")), ErrorKind::kUnsupported,
               {"none.so", "pip install openvino-tokenizers", kVariable});
  expect_error(Tokenizer::open(ir, file("fake.so", "no library")), ErrorKind::kUnsupported,
               {"fake.so", "cannot be loaded"});
}

TEST_F(TokenizerFiles, AFolderStandsForTheLibraryInIt) {
  const std::string ir = file("t.xml", "<net/>");
  expect_error(Tokenizer::open(ir, folder_.file("")), ErrorKind::kUnsupported,
               {"was not found", "libopenvino_tokenizers.so"});
  file("libopenvino_tokenizers.so", "no library");
  expect_error(Tokenizer::open(ir, folder_.file("")), ErrorKind::kUnsupported,
               {folder_.file("libopenvino_tokenizers.so"), "cannot be loaded"});
}

TEST_F(TokenizerFiles, TheVariableNamesItWhereNothingElseDoes) {
  const std::string ir = file("t.xml", "<net/>");
  const ScopedLibrary library(folder_.file("variable.so"));
  expect_error(Tokenizer::open(ir), ErrorKind::kUnsupported, {"variable.so"});
  expect_error(Tokenizer::open(ir, folder_.file("named.so")), ErrorKind::kUnsupported,
               {"named.so"});
}

class ZooTokenizer : public TokenizerFiles {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kTokenizer)) GTEST_SKIP() << kTokenizer << " is not there";
    auto opened = Tokenizer::open(kTokenizer);
    if (!opened && opened.error().kind == ErrorKind::kUnsupported)
      GTEST_SKIP() << opened.error().message();
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    tokenizer_.emplace(std::move(*opened));
  }
  std::vector<std::int64_t> encoded(const std::string& text) {
    const auto ids = tokenizer_->encode(text);
    EXPECT_TRUE(ids.ok()) << ids.error().message();
    return ids.ok() ? *ids : std::vector<std::int64_t>{};
  }
  std::optional<Tokenizer> tokenizer_;
};

// Byte-level BPE works on words with the space in front of them, so texts that are cut there give
// the tokens of the whole; nothing is added at the ends.
TEST_F(ZooTokenizer, EncodesTextAndNothingElse) {
  EXPECT_EQ(tokenizer_->path(), kTokenizer);
  auto parts = encoded("One sentence."), rest = encoded(" Another gr\xc3\xbc\xc3\x9f.");
  ASSERT_FALSE(parts.empty());
  ASSERT_FALSE(rest.empty());
  parts.insert(parts.end(), rest.begin(), rest.end());
  EXPECT_EQ(encoded("One sentence. Another gr\xc3\xbc\xc3\x9f."), parts);
  EXPECT_TRUE(encoded("").empty());
}

// The IR says eos_token_id="0", and nothing of a token for the beginning.
TEST_F(ZooTokenizer, WithoutATokenForTheBeginningThatForTheEnd) {
  EXPECT_EQ(tokenizer_->start_token(), 0);
}

TEST_F(ZooTokenizer, CanBeMoved) {
  const auto ids = encoded("One sentence.");
  Tokenizer moved = std::move(*tokenizer_);
  EXPECT_EQ(moved.encode("One sentence.").value(), ids);
  EXPECT_EQ(moved.path(), kTokenizer);
}

TEST_F(ZooTokenizer, WhatIsNoTokenizer) {
  for (const char* text : {"", "<net/>", "<net name=\"a\" version=\"11\"><layers/></net>", "\xff"})
    expect_error(Tokenizer::open(file("t.xml", text)), ErrorKind::kInput,
                 {"t.xml", "not a tokenizer"});
}

}  // namespace
}  // namespace posittune::data

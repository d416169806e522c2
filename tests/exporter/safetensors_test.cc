#include "posittune/exporter/safetensors.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/base/temporary_folder.h"

namespace posittune::exporter {
namespace {

StoredTensor tensor(std::string name, std::string dtype, std::vector<std::uint64_t> shape,
                    std::string bytes) {
  return {std::move(name), std::move(dtype), std::move(shape), [bytes] { return bytes; }};
}

TEST(Safetensors, WritesAndReads) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.safetensors");
  const Status written = write_safetensors(
      path, {{"b", "\xc3\xa9\n"}, {"a", ""}},
      {tensor("bytes", "U8", {3}, "abc"), tensor("none", "F32", {0, 7}, ""),
       tensor("scalar", "F64", {}, "12345678"), tensor("a \"name\"", "F16", {1, 2}, "wxyz")});
  ASSERT_TRUE(written.ok()) << written.error().message();
  const auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.ok()) << file.error().message();
  EXPECT_EQ(file->header().metadata.at("b"), "\xc3\xa9\n");
  std::vector<std::string> order;
  for (const TensorEntry& each : file->header().tensors) {
    order.push_back(each.name);
    EXPECT_EQ(each.begin % element_size(each.dtype), 0U) << each.name;
  }
  EXPECT_EQ(order, (std::vector<std::string>{"scalar", "none", "a \"name\"", "bytes"}));
  EXPECT_EQ(file->read(*file->find("bytes")).value(), "abc");
  EXPECT_EQ(file->read(*file->find("scalar")).value(), "12345678");
  EXPECT_EQ(file->find("other"), nullptr);
}

// The bytes themselves, which other programs read.
TEST(Safetensors, BytesOfAFile) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  ASSERT_TRUE(write_safetensors(path, {{"k", "v"}}, {tensor("t", "U8", {2}, "hi")}).ok());
  const std::string bytes = read_file(path).value();
  const std::string json =
      R"({"__metadata__":{"k":"v"},"t":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})";
  EXPECT_EQ(bytes[0], 80);
  EXPECT_EQ(bytes.substr(8), json + std::string(80 - json.size(), ' ') + "hi");
}

struct BadHeader {
  const char* name;
  std::string json;
  const char* found;
};

std::string one(const std::string& fields) { return "{\"t\":{" + fields + "}}"; }

// Each with four bytes of tensors.
std::vector<BadHeader> bad_headers() {
  const std::string good = R"("dtype":"U8","shape":[4],"data_offsets":[0,4])";
  return {
      {"empty", "", "no '{'"},
      {"space first", " {}", "no '{'"},
      {"list", "[]", "no '{'"},
      {"cut", "{\"t\":{", "no JSON at byte"},
      {"two documents", one(good) + "{}", "no JSON at byte"},
      {"no tensors for the bytes", "{}", "4"},
      {"tensor twice", "{\"t\":{" + good + "},\"t\":{" + good + "}}", "the key 't' twice"},
      {"field twice", one(good + ",\"shape\":[4]"), "the key 'shape' twice"},
      {"metadata twice", R"({"__metadata__":{},"__metadata__":{}})", "twice"},
      {"metadata key twice", R"({"__metadata__":{"a":"","a":""}})", "the key 'a' twice"},
      {"metadata of numbers", R"({"__metadata__":{"a":1}})", "the number 1"},
      {"metadata deeper", R"({"__metadata__":{"a":{}}})", "an object"},
      {"metadata of lists", R"({"__metadata__":{"a":[]}})", "a list"},
      {"metadata is text", R"({"__metadata__":"a"})", "a text"},
      {"unknown field", one(good + ",\"more\":1"), "the key 'more'"},
      {"no dtype", one(R"("shape":[4],"data_offsets":[0,4])"), "no dtype"},
      {"no shape", one(R"("dtype":"U8","data_offsets":[0,4])"), "no shape"},
      {"no offsets", one(R"("dtype":"U8","shape":[4])"), "no data_offsets"},
      {"one offset", one(R"("dtype":"U8","shape":[4],"data_offsets":[0])"), "1 data_offsets"},
      {"three", one(R"("dtype":"U8","shape":[4],"data_offsets":[0,4,4])"), "3 data_offsets"},
      {"back", one(R"("dtype":"U8","shape":[4],"data_offsets":[4,0])"), "go back"},
      {"negative", one(R"("dtype":"U8","shape":[-4],"data_offsets":[0,4])"), "the number -4"},
      {"fraction", one(R"("dtype":"U8","shape":[4.0],"data_offsets":[0,4])"), "the number 4.0"},
      {"beyond 64 bits", one(R"("dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,4])"),
       "the number 18446744073709551616"},
      {"overflow", one(R"("dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,4])"),
       "4"},
      {"overflow to 4",
       one(R"("dtype":"U8","shape":[9223372036854775808,2,4],"data_offsets":[0,4])"), "4"},
      {"unknown dtype", one(R"("dtype":"U9","shape":[4],"data_offsets":[0,4])"), "'U9'"},
      {"list of lists", one(R"("dtype":"U8","shape":[[4]],"data_offsets":[0,4])"), "a list"},
      {"deep", one("\"dtype\":\"U8\",\"shape\":" + std::string(100'000, '[')), "a list"},
      {"size", one(R"("dtype":"U8","shape":[3],"data_offsets":[0,4])"), "4"},
      {"gap", one(R"("dtype":"U8","shape":[3],"data_offsets":[1,4])"), "1 to 4"},
      {"end", one(R"("dtype":"U8","shape":[3],"data_offsets":[0,3])"), "4"},
      {"beyond the file", one(R"("dtype":"U8","shape":[5],"data_offsets":[0,5])"), "0 to 5"},
      {"overlap",
       R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
       R"("b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
       "2 to 4"},
      {"no UTF-8", "{\"\xff\":{}}", "no JSON at byte"},
  };
}

TEST(Safetensors, RefusesBadHeaders) {
  for (const BadHeader& bad : bad_headers()) {
    const auto header = parse_header(bad.json, 4, "file");
    ASSERT_FALSE(header.ok()) << bad.name;
    EXPECT_EQ(header.error().kind, ErrorKind::kInput) << bad.name;
    EXPECT_NE(header.error().found.find(bad.found), std::string::npos)
        << bad.name << ": " << header.error().message();
    EXPECT_TRUE(header.error().where.starts_with("file, ")) << bad.name;
    EXPECT_FALSE(header.error().expected.empty()) << bad.name;
  }
}

TEST(Safetensors, RefusesBadLengths) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  for (const std::string& bytes :
       {std::string(), std::string("abc"), std::string("\3\0\0\0\0\0\0\0{}", 10),
        std::string(8, '\xff') + "{}", std::string("\0\0\0\0\0\0\0\0", 8)}) {
    ASSERT_TRUE(write_file(path, bytes).ok());
    const auto file = SafetensorsFile::open(path);
    ASSERT_FALSE(file.ok());
    EXPECT_EQ(file.error().kind, ErrorKind::kInput);
  }
  EXPECT_FALSE(SafetensorsFile::open(folder.file("none")).ok());
}

TEST(Safetensors, WritesWholeOrNotAtAll) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  const Error full{.kind = ErrorKind::kResource, .what = "no memory"};
  const Status failed = write_safetensors(
      path, {}, {tensor("a", "U8", {1}, "x"), {"b", "U8", {1}, [&] { return full; }}});
  EXPECT_EQ(failed.error().what, "no memory");
  EXPECT_FALSE(write_safetensors(path, {}, {tensor("a", "U8", {2}, "x")}).ok());
  EXPECT_FALSE(
      write_safetensors(path, {}, {tensor("a", "U8", {0}, ""), tensor("a", "F32", {0}, "")}).ok());
  EXPECT_EQ(write_safetensors(path, {}, {tensor("\xff", "U8", {0}, "")}).error().kind,
            ErrorKind::kInput);
  EXPECT_TRUE(folder.entries().empty());
}

}  // namespace
}  // namespace posittune::exporter

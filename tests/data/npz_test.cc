// .npz archives whose arrays are written by hand from NEP 1; NumPy's own are in data_peers_test.py.

#include "posittune/data/npz.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

namespace posittune::data {
namespace {

class Npz : public testing::Test {
 protected:
  Result<NpzReader> open(const std::string& bytes) {
    std::filesystem::remove(path());  // a new file is faster than one cut to nothing
    write_bytes(path(), bytes);
    return NpzReader::open(path());
  }
  // The one array of an archive.
  Result<Tensor> read(const std::string& bytes, std::size_t rows = SIZE_MAX) {
    const auto file = open(bytes);
    if (!file) return file.error();
    return file->read(0, rows);
  }
  Result<Tensor> read_array(const std::string& npy) { return read(zip_bytes({{"x.npy", npy}})); }
  std::string path() const { return folder_.file("x.npz"); }

  template <class T>
  void expect_values(const Result<Tensor>& tensor, ElementType type, const TensorShape& shape,
                     const std::vector<T>& values) {
    ASSERT_TRUE(tensor.ok()) << tensor.error().message();
    EXPECT_EQ(tensor->type, type);
    EXPECT_EQ(tensor->shape, shape);
    const auto found = tensor->as<T>();
    EXPECT_EQ(std::vector<T>(found.begin(), found.end()), values);
  }
  // An error that names file and array.
  void expect_error(const std::string& bytes, ErrorKind kind, const std::string& text,
                    bool names_array = true) {
    const auto found = read(bytes);
    ASSERT_FALSE(found.ok()) << text;
    std::vector<std::string> parts = {text, path()};
    if (names_array) parts.push_back("'x'");
    EXPECT_TRUE(is_error(found.error(), kind, parts));
  }

  TemporaryFolder folder_;
};

std::string matrix() { return npy_bytes("<f4", "(2, 3)", std::vector<float>{1, 2, 3, 4, 5, 6}); }

TEST_F(Npz, ListsArraysInOrder) {
  const auto file =
      open(zip_bytes({{"b.npy", matrix()}, {"a/deep.npy", npy_bytes("|u1", "(2,)", "ab")}}));
  ASSERT_TRUE(file.ok()) << file.error().message();
  ASSERT_EQ(file->arrays().size(), 2u);
  EXPECT_EQ(file->arrays()[0].name, "b");
  EXPECT_EQ(file->arrays()[0].type, "<f4");
  EXPECT_EQ(file->arrays()[0].shape, (TensorShape{2, 3}));
  EXPECT_EQ(file->arrays()[1].name, "a/deep");
}

TEST_F(Npz, StoredAndDeflatedAreEqual) {
  for (const bool deflate : {false, true}) {
    expect_values<float>(read(zip_bytes({{"x.npy", matrix()}}, deflate)), ElementType::kF32, {2, 3},
                         {1, 2, 3, 4, 5, 6});
  }
}

TEST_F(Npz, ReadsTheFirstRows) {
  for (const bool deflate : {false, true}) {
    expect_values<float>(read(zip_bytes({{"x.npy", matrix()}}, deflate), 1), ElementType::kF32,
                         {1, 3}, {1, 2, 3});
  }
}

TEST_F(Npz, EveryType) {
  expect_values<double>(read_array(npy_bytes("<f8", "(1,)", std::vector<double>{-0.5})),
                        ElementType::kF64, {1}, {-0.5});
  expect_values<std::uint16_t>(read_array(npy_bytes("<f2", "(1,)", std::string("\x00\x3c", 2))),
                               ElementType::kF16, {1}, {0x3c00});
  expect_values<std::int8_t>(read_array(npy_bytes("|i1", "(1,)", std::string("\xff"))),
                             ElementType::kI8, {1}, {-1});
  expect_values<std::int16_t>(read_array(npy_bytes("<i2", "(1,)", std::string("\xfe\xff"))),
                              ElementType::kI16, {1}, {-2});
  expect_values<std::int32_t>(read_array(npy_bytes("<i4", "(1,)", std::vector<int>{-70000})),
                              ElementType::kI32, {1}, {-70000});
  expect_values<std::int64_t>(
      read_array(npy_bytes("<i8", "(1,)", std::vector<std::int64_t>{INT64_MIN})), ElementType::kI64,
      {1}, {INT64_MIN});
  expect_values<std::uint8_t>(read_array(npy_bytes("|u1", "(2,)", std::string("\xff\x01"))),
                              ElementType::kU8, {2}, {255, 1});
  expect_values<std::uint8_t>(read_array(npy_bytes("|b1", "(3,)", std::string("\x00\x01\x07", 3))),
                              ElementType::kBool, {3}, {0, 1, 1});
}

TEST_F(Npz, UnsignedTypesBecomeWiderOnes) {
  expect_values<std::int32_t>(
      read_array(npy_bytes("<u2", "(2,)", std::vector<std::uint16_t>{65535, 1})), ElementType::kI32,
      {2}, {65535, 1});
  expect_values<std::int64_t>(
      read_array(npy_bytes("<u4", "(2,)", std::vector<std::uint32_t>{4294967295u, 1})),
      ElementType::kI64, {2}, {4294967295, 1});
  expect_values<std::int64_t>(
      read_array(npy_bytes("<u8", "(1,)", std::vector<std::uint64_t>{INT64_MAX})),
      ElementType::kI64, {1}, {INT64_MAX});
  const auto large =
      read_array(npy_bytes("<u8", "(1,)", std::vector<std::uint64_t>{std::uint64_t{1} << 63}));
  ASSERT_FALSE(large.ok());
  EXPECT_TRUE(is_error(large.error(), ErrorKind::kInput, {"larger than int64", "'x'"}));
}

TEST_F(Npz, BigEndianIsTurned) {
  expect_values<std::int32_t>(read_array(npy_bytes(">i4", "(1,)", std::string("\0\0\1\2", 4))),
                              ElementType::kI32, {1}, {258});
  expect_values<std::int32_t>(read_array(npy_bytes(">u2", "(1,)", std::string("\xff\1", 2))),
                              ElementType::kI32, {1}, {65281});
  expect_values<float>(read_array(npy_bytes(">f4", "(1,)", std::string("\x3f\x80\0\0", 4))),
                       ElementType::kF32, {1}, {1.0f});
}

std::string fortran(std::string npy) { return npy.replace(npy.find("False"), 5, "True "); }

// By hand: element (i, j, k) of shape (2, 3, 2) is 100 i + 10 j + k, and i varies fastest.
TEST_F(Npz, FortranOrderIsTurned) {
  const std::vector<std::uint16_t> stored = {0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121};
  const std::vector<std::int32_t> wide = {0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121};
  const std::string array = fortran(npy_bytes("<u2", "(2, 3, 2)", stored));
  for (const bool deflate : {false, true}) {
    const std::string bytes = zip_bytes({{"x.npy", array}}, deflate);
    expect_values<std::int32_t>(read(bytes), ElementType::kI32, {2, 3, 2}, wide);
    expect_values<std::int32_t>(read(bytes, 1), ElementType::kI32, {1, 3, 2},
                                {wide.begin(), wide.begin() + 6});
  }
  expect_values<std::int32_t>(
      read_array(fortran(npy_bytes(">i4", "(1, 2)", std::string("\0\0\1\2\0\0\0\3", 8)))),
      ElementType::kI32, {1, 2}, {258, 3});
  expect_values<float>(read_array(fortran(npy_bytes("<f4", "(2,)", std::vector<float>{1, 2}))),
                       ElementType::kF32, {2}, {1, 2});
  expect_values<float>(read_array(fortran(npy_bytes("<f4", "(0, 3)", std::string()))),
                       ElementType::kF32, {0, 3}, {});
}

TEST_F(Npz, ScalarsAndEmptyArrays) {
  expect_values<float>(read_array(npy_bytes("<f4", "()", std::vector<float>{2})), ElementType::kF32,
                       {}, {2});
  expect_values<float>(read_array(npy_bytes("<f4", "(0, 3)", std::string())), ElementType::kF32,
                       {0, 3}, {});
}

TEST_F(Npz, RefusesWhatIsNoArrayOfNumbers) {
  const auto array = [](const std::string& type, const std::string& data) {
    return zip_bytes({{"x.npy", npy_bytes(type, "(1,)", data)}});
  };
  expect_error(array("|O", "x"), ErrorKind::kInput, "type that is not read");
  expect_error(array("<U4", std::string(16, '\0')), ErrorKind::kInput, "'<U4'");
  expect_error(array("<M8", std::string(8, '\0')), ErrorKind::kInput, "'<M8'");
  expect_error(array("<f3", "abc"), ErrorKind::kInput, "'<f3'");
  expect_error(zip_bytes({{"x.npy", "no array"}}), ErrorKind::kInput, "not an npy file");
  expect_error(zip_bytes({{"x.npy", ""}}), ErrorKind::kInput, "not an npy file");
  expect_error(zip_bytes({{"x.txt", "text"}}), ErrorKind::kInput, "no array", false);
  expect_error("no zip file at all", ErrorKind::kInput, "not an npz file", false);
  expect_error("", ErrorKind::kInput, "not an npz file", false);
  expect_error("no zip", ErrorKind::kInput, "truncated, or not a zip archive", false);
}

TEST_F(Npz, RefusesShapesThatTheSizeDoesNotMatch) {
  const std::string data(24, '\0');
  for (const char* shape : {"(5,)", "(7,)", "(1000000000, 1000000)", "(4611686018427387904, 4)",
                            "(18446744073709551615,)", "(2, 18446744073709551615, 0)"}) {
    expect_error(zip_bytes({{"x.npy", npy_bytes("<f4", shape, data)}}), ErrorKind::kInput, "");
  }
}

TEST_F(Npz, RefusesTwoArraysOfOneName) {
  std::string bytes = zip_bytes({{"x.npy", matrix()}, {"y.npy", matrix()}});
  for (std::size_t at; (at = bytes.find("y.npy")) != std::string::npos;) bytes[at] = 'x';
  expect_error(bytes, ErrorKind::kInput, "two arrays of one name");
}

TEST_F(Npz, RefusesMissingFilesAndFolders) {
  const auto missing = NpzReader::open(folder_.file("none.npz"));
  ASSERT_FALSE(missing.ok());
  EXPECT_TRUE(is_error(missing.error(), ErrorKind::kInput, {"none.npz", "No such file"}));
  EXPECT_FALSE(NpzReader::open(folder_.file("")).ok());
}

// Size fields of the central directory (APPNOTE 4.3.12): compressed at 20, uncompressed at 24.
std::string with_declared_size(std::string bytes, std::size_t field, std::uint32_t size) {
  const auto at = bytes.rfind("PK\x01\x02");
  std::memcpy(&bytes[at + field], &size, 4);
  return bytes;
}

TEST_F(Npz, RefusesDeclaredSizesBeyondTheFile) {
  for (const bool deflate : {false, true}) {
    const std::string bytes = zip_bytes({{"x.npy", matrix()}}, deflate);
    expect_error(with_declared_size(bytes, 24, 0xf0000000), ErrorKind::kInput, "declares more");
    expect_error(with_declared_size(bytes, 20, 0xf0000000), ErrorKind::kInput, "", false);
  }
}

TEST_F(Npz, EveryTruncationIsAnError) {
  for (const bool deflate : {false, true}) {
    const std::string bytes = zip_bytes({{"x.npy", matrix()}}, deflate);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      const auto found = read(bytes.substr(0, n));
      ASSERT_FALSE(found.ok()) << n;
      EXPECT_EQ(found.error().kind, ErrorKind::kInput) << n << found.error().message();
    }
  }
}

TEST_F(Npz, TruncationIsNamed) {
  const std::string bytes = zip_bytes({{"x.npy", matrix()}});
  for (const std::size_t n : {std::size_t{4}, bytes.size() / 2, bytes.size() - 1}) {
    expect_error(bytes.substr(0, n), ErrorKind::kInput, "truncated", false);
  }
}

TEST_F(Npz, DamagedDataDoNotPassTheChecksum) {
  const std::string bytes = zip_bytes({{"x.npy", matrix()}});
  for (std::size_t back = 0; back < 24; ++back) {
    std::string damaged = bytes;
    damaged[bytes.find("PK\x01\x02") - 1 - back] ^= 0x10;
    expect_error(damaged, ErrorKind::kInput, "damaged");
  }
}

// Any byte changed: an array or an error, never more.
TEST_F(Npz, DamagedBytesNeverCrash) {
  for (const bool deflate : {false, true}) {
    const std::string bytes = zip_bytes({{"x.npy", matrix()}}, deflate);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ flip);
        const auto found = read(damaged);
        EXPECT_TRUE(found.ok() || !found.error().what.empty());
      }
    }
  }
}

}  // namespace
}  // namespace posittune::data

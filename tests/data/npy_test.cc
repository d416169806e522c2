// .npy files against files written by hand from NEP 1.

#include "posittune/data/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "tests/base/temporary_folder.h"

namespace posittune::data {
namespace {

using Dimensions = std::vector<std::size_t>;

template <class T>
std::string bytes_of(const std::vector<T>& x) {
  return {reinterpret_cast<const char*>(x.data()), x.size() * sizeof(T)};
}
std::string bytes_of(std::initializer_list<float> x) { return bytes_of(std::vector<float>(x)); }

// The file as NEP 1 lays it out: magic, version, length of the header, header, data.
std::string npy(int version, const std::string& header, const std::string& data) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
    file += static_cast<char>(header.size() >> (8 * i) & 0xff);
  }
  return file + header + data;
}

std::string header(const std::string& type, const std::string& order, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

class Npy : public testing::Test {
 protected:
  Result<NpyReader> open(const std::string& bytes) {
    write_bytes(path(), bytes);
    return NpyReader::open(path());
  }
  std::string path() const { return folder_.file("x.npy"); }

  void expect_values(const std::string& bytes, const Dimensions& shape,
                     const std::vector<float>& values) {
    const auto reader = open(bytes);
    ASSERT_TRUE(reader.ok()) << reader.error().message();
    EXPECT_EQ(reader->shape(), shape);
    ASSERT_EQ(reader->size(), values.size());
    EXPECT_EQ(reader->path(), path());
    std::vector<float> found(values.size());
    ASSERT_TRUE(reader->read(0, found).ok());
    EXPECT_EQ(found, values);
  }
  void expect_error(const std::string& bytes, const std::string& what) {
    const auto reader = open(bytes);
    ASSERT_FALSE(reader.ok()) << what;
    EXPECT_EQ(reader.error().kind, ErrorKind::kInput);
    EXPECT_EQ(reader.error().where, path());
    EXPECT_NE(reader.error().what.find(what), std::string::npos) << reader.error().message();
  }

  TemporaryFolder folder_;
};

const std::vector<float> kSix = {1, -2, 3.5f, 0, 1e30f, -1e-30f};

TEST_F(Npy, VersionsOneToThree) {
  for (const int version : {1, 2, 3}) {
    expect_values(npy(version, header("<f4", "False", "(2, 3)"), bytes_of(kSix)), {2, 3}, kSix);
  }
}

TEST_F(Npy, SpellingsOfTheHeader) {
  for (const char* text : {"{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}",
                           "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2, 3)}   \n",
                           "{'descr':'<f4','fortran_order':False,'shape':(2,3)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }"}) {
    expect_values(npy(1, text, bytes_of(kSix)), {2, 3}, kSix);
  }
}

TEST_F(Npy, ShapesOfEveryRank) {
  expect_values(npy(1, header("<f4", "False", "()"), bytes_of({7})), {}, {7});
  expect_values(npy(1, header("<f4", "False", "(6,)"), bytes_of(kSix)), {6}, kSix);
  expect_values(npy(1, header("<f4", "False", "(1, 2, 1, 3)"), bytes_of(kSix)), {1, 2, 1, 3}, kSix);
  expect_values(npy(1, header("<f4", "False", "(0,)"), ""), {0}, {});
  expect_values(npy(1, header("<f4", "False", "(3, 0, 5)"), ""), {3, 0, 5}, {});
}

// numpy.asfortranarray of [[a, c, e], [b, d, f]] is a b c d e f in the file.
TEST_F(Npy, FortranOrder) {
  expect_values(npy(1, header("<f4", "True", "(2, 3)"), bytes_of(kSix)), {2, 3},
                {kSix[0], kSix[2], kSix[4], kSix[1], kSix[3], kSix[5]});
  expect_values(npy(1, header("<f4", "True", "(6,)"), bytes_of(kSix)), {6}, kSix);
}

TEST_F(Npy, PastTheEndIsAnError) {
  for (const char* order : {"True", "False"}) {
    const auto reader = open(npy(1, header("<f4", order, "(2, 3)"), bytes_of(kSix)));
    ASSERT_TRUE(reader.ok());
    float out[2];
    EXPECT_FALSE(reader->read(5, out).ok()) << order;
    EXPECT_FALSE(reader->read(7, out).ok()) << order;
    EXPECT_TRUE(reader->read(4, out).ok()) << order;
  }
}

TEST_F(Npy, OtherTypesAreNamed) {
  for (const char* type : {"<c8", "<f3", "|O", "|V4"}) {
    const auto reader = open(npy(1, header(type, "False", "(6,)"), bytes_of(kSix)));
    ASSERT_FALSE(reader.ok()) << type;
    EXPECT_EQ(reader.error().kind, ErrorKind::kInput);
    EXPECT_EQ(reader.error().found, std::string("'") + type + "'");
  }
}

TEST_F(Npy, TypesAndByteOrders) {
  const std::vector<double> doubles{1.5, -0.1, 1e-300};
  expect_values(npy(1, header("<f8", "False", "(3,)"), bytes_of(doubles)), {3}, {1.5f, -0.1f, 0});
  // numpy: array([1.5, -2], '>f4'), array([1.5, -2], '>f2'), array([258, -1], '>i2')
  expect_values(npy(1, header(">f4", "False", "(2,)"), std::string("\x3f\xc0\0\0\xc0\0\0\0", 8)),
                {2}, {1.5f, -2});
  expect_values(npy(1, header(">f2", "False", "(2,)"), std::string("\x3e\0\xc0\0", 4)), {2},
                {1.5f, -2});
  expect_values(npy(1, header(">i2", "False", "(2,)"), std::string("\1\2\xff\xff", 4)), {2},
                {258, -1});
}

TEST_F(Npy, ADoubleBeyondFloatIsRefusedWithItsDigits) {
  const auto reader = open(npy(1, header("<f8", "False", "(2,)"),
                               bytes_of(std::vector<double>{1, 3.5000000000000004e38})));
  ASSERT_TRUE(reader.ok());
  std::vector<float> out(2);
  const Status read = reader->read(0, out);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().kind, ErrorKind::kInput);
  EXPECT_EQ(read.error().found,
            "3.500000000000001e+38");  // the shortest text that is this double, as Python prints it
  EXPECT_NE(read.error().where.find("element 1"), std::string::npos);
}

TEST_F(Npy, SizesThatDoNotMatchTheShape) {
  const std::string good = npy(1, header("<f4", "False", "(2, 3)"), bytes_of(kSix));
  expect_error(good.substr(0, good.size() - 1), "size does not match");
  expect_error(good.substr(0, good.size() - 4), "size does not match");
  expect_error(good + "x", "size does not match");
  expect_error(npy(1, header("<f4", "False", "(2, 4)"), bytes_of(kSix)), "size does not match");
  expect_error(npy(1, header("<f4", "False", "(2, 0)"), bytes_of(kSix)), "size does not match");
}

// Every prefix of a good file is an error, none a crash.
TEST_F(Npy, TruncatedAnywhere) {
  for (const int version : {1, 2}) {
    const std::string good = npy(version, header("<f4", "False", "(2, 3)"), bytes_of(kSix));
    for (std::size_t n = 0; n < good.size(); ++n) {
      const auto reader = open(good.substr(0, n));
      ASSERT_FALSE(reader.ok()) << n;
      EXPECT_EQ(reader.error().kind, ErrorKind::kInput) << n;
    }
  }
}

TEST_F(Npy, OtherFilesAndVersions) {
  expect_error("", "not an npy file");
  expect_error("PK\x03\x04 this is a zip file", "not an npy file");
  expect_error(std::string(1000, '\0'), "not an npy file");
  for (const int version : {0, 4, 255}) {
    expect_error(npy(version, header("<f4", "False", "(6,)"), bytes_of(kSix)), "version");
  }
}

TEST_F(Npy, HeadersThatCannotBeRead) {
  for (const char* text :
       {"", "{}", "garbage", "{'descr': '<f4', 'fortran_order': False}", "{'shape': (6,)}",
        "{'descr': '<f4, 'shape': (6,)}", "{'descr': <f4, 'shape': (6,)}",
        "{'descr': '<f4', 'shape': [6]}", "{'descr': '<f4', 'shape': (6,",
        "{'descr': '<f4', 'shape': 6}", "{'descr': '<f4', 'shape': (-6,)}",
        "{'descr': '<f4', 'shape': (,)}", "{'descr': '<f4', 'shape': (6,,)}",
        "{'descr': '<f4', 'shape': (0x6,)}", "{'descr': [('a', '<f4')], 'shape': (6,)}"}) {
    const auto reader = open(npy(1, text, bytes_of(kSix)));
    ASSERT_FALSE(reader.ok()) << text;
    EXPECT_EQ(reader.error().kind, ErrorKind::kInput) << text;
  }
}

// Two numbers without a comma between them are not one number.
TEST_F(Npy, ShapesWithoutCommas) {
  const std::string data = bytes_of(std::vector<float>(23));
  for (const char* shape : {"(2 3,)", "(2 3)", "(2L3,)"}) {
    expect_error(npy(1, header("<f4", "False", shape), data), "cannot be read");
  }
}

// Shapes whose number of elements or bytes is beyond 64 bits must not wrap around to a small one.
TEST_F(Npy, HugeShapes) {
  for (const char* shape :
       {"(18446744073709551616,)", "(18446744073709551615,)", "(4294967296, 4294967296)",
        "(4611686018427387904,)", "(4611686018427387905,)", "(2305843009213693952, 8)",
        "(99999999999999999999999999,)", "(1000000000, 1000000000, 1000000000)"}) {
    expect_error(npy(1, header("<f4", "False", shape), bytes_of(kSix)), "");
    expect_error(npy(1, header("<f4", "False", shape), ""), "");
  }
  std::string many = "(";
  for (int i = 0; i < 65; ++i) many += "1, ";
  expect_error(npy(1, header("<f4", "False", many + ")"), bytes_of({1})), "");
}

TEST_F(Npy, RandomDamageNeverCrashes) {
  std::mt19937 random(1);
  const std::string good = npy(1, header("<f4", "False", "(2, 3)"), bytes_of(kSix));
  for (int i = 0; i < 300; ++i) {
    std::string bad = good;
    for (int change = 0; change < 3; ++change) {
      bad[random() % (good.size() - 24)] = static_cast<char>(random());
    }
    const auto reader = open(bad);
    if (reader.ok()) {
      EXPECT_EQ(reader->size(), 6u);
    }
  }
}

TEST_F(Npy, ReadsByPosition) {
  std::vector<float> x(1000);
  std::iota(x.begin(), x.end(), 0.0f);
  const auto reader = open(npy(1, header("<f4", "False", "(10, 100)"), bytes_of(x)));
  ASSERT_TRUE(reader.ok());
  std::vector<float> part(5);
  ASSERT_TRUE(reader->read(995, part).ok());
  EXPECT_EQ(part, (std::vector<float>{995, 996, 997, 998, 999}));
  EXPECT_FALSE(reader->read(996, part).ok());
  EXPECT_TRUE(reader->read(1000, {}).ok());
}

TEST_F(Npy, WritesWhatItReads) {
  for (const Dimensions& shape :
       {Dimensions{}, {0}, {6}, {2, 3}, {1, 2, 3}, {0, 9}, {6, 1, 1, 1, 1, 1}}) {
    std::size_t size = 1;
    for (const std::size_t n : shape) size *= n;
    const std::vector<float> x(kSix.begin(), kSix.begin() + static_cast<std::ptrdiff_t>(size));
    {
      auto writer = NpyWriter::create(path(), "<f4", shape);
      ASSERT_TRUE(writer.ok());
      ASSERT_TRUE(writer->write(std::as_bytes(std::span(x).first(size / 2))).ok());
      ASSERT_TRUE(writer->write(std::as_bytes(std::span(x).subspan(size / 2))).ok());
      ASSERT_TRUE(writer->commit().ok());
    }
    const std::string file = read_bytes(path());
    ASSERT_NO_FATAL_FAILURE(expect_values(file, shape, x));
    // NEP 1: the data begins at a multiple of 64, and the header ends with a newline.
    const std::size_t start = file.size() - 4 * size;
    EXPECT_EQ(start % 64, 0u);
    EXPECT_EQ(file[start - 1], '\n');
  }
}

TEST_F(Npy, TheHeaderIsThatOfNumpy) {
  auto writer = NpyWriter::create(path(), "|u1", {2, 3});
  ASSERT_TRUE(writer.ok() && writer->commit().ok());
  const std::string file = read_bytes(path());
  const std::string start = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
  EXPECT_EQ(file.substr(0, 10), start);
  EXPECT_EQ(file.substr(10, 60), "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), } ");
  EXPECT_EQ(file.size(), 128u);
}

TEST_F(Npy, WithoutCommitThereIsNoFile) {
  {
    auto writer = NpyWriter::create(path(), "<f4", {6});
    ASSERT_TRUE(writer->write(std::as_bytes(std::span(kSix))).ok());
  }
  EXPECT_TRUE(folder_.entries().empty());
  EXPECT_FALSE(NpyReader::open(path()).ok());
}

}  // namespace
}  // namespace posittune::data

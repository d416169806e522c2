#include "posittune/data/npy_header.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "tests/data/files.h"

namespace posittune::data {
namespace {

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Magic, version, and the length of the header in two bytes (version 1) or four.
std::string prefix(int version, std::size_t length) {
  std::string text = "\x93NUMPY";
  text += static_cast<char>(version);
  text += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    text += static_cast<char>(length >> (8 * i) & 0xff);
  return text;
}

TEST(NpyPrefix, WhereTheTextIs) {
  for (const int version : {1, 2, 3}) {
    const std::string start = prefix(version, 0x0176) + (version == 1 ? "{'" : "");
    ASSERT_EQ(start.size(), kNpyPrefixBytes);
    const auto found = parse_npy_prefix("x.npy", bytes(start), 1000);
    ASSERT_TRUE(found.ok()) << found.error().message();
    EXPECT_EQ(found->header_start, version == 1 ? 10U : 12U);
    EXPECT_EQ(found->header_length, 0x0176U);
  }
  // Ten bytes are the least: version 1 and no text.
  EXPECT_EQ(parse_npy_prefix("x", bytes(prefix(1, 0)), 10)->header_length, 0U);
}

TEST(NpyPrefix, ErrorsAreOfTheInputAndNameThePlace) {
  const auto refused = [](const std::string& start, std::uint64_t length, const char* what) {
    const auto found = parse_npy_prefix("a.npz: x.npy", bytes(start), length);
    ASSERT_FALSE(found.ok()) << what;
    EXPECT_TRUE(is_error(found.error(), ErrorKind::kInput, {"a.npz: x.npy", what}));
  };
  refused("", 0, "not an npy file");
  refused("\x93NUMPY\1", 7, "not an npy file");
  refused("\x93numpy\1", 1000, "not an npy file");
  refused(prefix(0, 9) + "  ", 1000, "version");
  refused(prefix(4, 9), 1000, "version");
  refused(prefix(2, 9).substr(0, 11), 1000, "truncated");
  refused(prefix(1, 118) + "  ", 127, "truncated");         // the text ends at byte 128
  refused(prefix(3, 0xffffffff), 1ULL << 40, "truncated");  // more than any header has
}

Result<NpyHeader> header(const std::string& text) { return parse_npy_header("x.npy", text); }

TEST(NpyHeader, TypeOrderAndShape) {
  const auto found = header("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }   \n");
  ASSERT_TRUE(found.ok()) << found.error().message();
  EXPECT_EQ(found->type, "<f4");
  EXPECT_TRUE(found->fortran);
  EXPECT_EQ(found->shape, (TensorShape{2, 3}));
  EXPECT_EQ(found->count, 6U);
}

TEST(NpyHeader, OneAxisHasOneOrder) {
  for (const char* shape : {"()", "(6,)"}) {
    const auto found =
        header("{'descr': '|u1', 'fortran_order': True, 'shape': " + std::string(shape) + "}");
    ASSERT_TRUE(found.ok()) << shape;
    EXPECT_FALSE(found->fortran) << shape;
  }
}

// Which types are read is npy_numbers.h's business: any plain one is passed on.
TEST(NpyHeader, AnyPlainTypeIsPassedOn) {
  EXPECT_EQ(header("{'descr': '<c16', 'fortran_order': False, 'shape': ()}")->type, "<c16");
  const auto record = header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,)}");
  ASSERT_FALSE(record.ok());
  EXPECT_TRUE(is_error(record.error(), ErrorKind::kInput, {"x.npy", "plain array"}));
}

// Up to 8 bytes an element: count * 8 fits in 64 bits, and 0 elements are 0 wherever the zero is.
TEST(NpyHeader, CountsDoNotOverflow) {
  const auto shaped = [](const std::string& shape) {
    return header("{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + "}");
  };
  EXPECT_EQ(shaped("(2305843009213693951,)")->count, (std::size_t{1} << 61) - 1);
  EXPECT_FALSE(shaped("(2305843009213693952,)").ok());
  EXPECT_FALSE(shaped("(4294967296, 4294967296)").ok());
  EXPECT_EQ(shaped("(0, 2305843009213693952)")->count, 0U);
  EXPECT_EQ(shaped("(7, 0)")->count, 0U);
}

TEST(NpyHeader, TextForMessagesIsShortAndPrintable) {
  EXPECT_EQ(printable("a\x1b[31m\xff\n"), "a?[31m??");
  EXPECT_EQ(printable(std::string(100, 'x')), std::string(48, 'x'));
}

}  // namespace
}  // namespace posittune::data

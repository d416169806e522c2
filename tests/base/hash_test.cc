// Known answers of NIST (FIPS 180-4 examples, and the empty and the long message of its test
// vectors).

#include "posittune/base/hash.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tests/base/temporary_folder.h"

namespace posittune {
namespace {

constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kMillionA =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(Hash, KnownAnswers) {
  EXPECT_EQ(sha256_hex(""), kEmpty);
  EXPECT_EQ(sha256_hex("abc"), kAbc);
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')), kMillionA);
  EXPECT_EQ(sha256_hex(std::vector<std::byte>{std::byte{'a'}, std::byte{'b'}, std::byte{'c'}}),
            kAbc);
}

TEST(Hash, UpdatesAddUpAndHexMayBeAskedBetween) {
  Sha256 hash;
  EXPECT_EQ(hash.hex(), kEmpty);
  hash.update("a").update("b");
  EXPECT_NE(hash.hex(), kAbc);
  Sha256 moved = std::move(hash);
  EXPECT_EQ(moved.update("c").hex(), kAbc);
  EXPECT_EQ(moved.hex(), kAbc);
}

TEST(Hash, FieldsKeepTheirBorders) {
  EXPECT_NE(Sha256().update_field("ab").update_field("c").hex(),
            Sha256().update_field("a").update_field("bc").hex());
  EXPECT_NE(Sha256().update_field("").update_field("a").hex(), Sha256().update_field("a").hex());
  const std::string by_hand("\x03\0\0\0\0\0\0\0abc", 11);
  EXPECT_EQ(Sha256().update_field("abc").hex(), sha256_hex(by_hand));
}

TEST(Hash, FileOfSeveralPieces) {
  const TemporaryFolder folder;
  const std::string path = folder.file("data");
  write_bytes(path, "");
  EXPECT_EQ(*sha256_file(path), kEmpty);
  write_bytes(path, std::string(1'000'000, 'a'));
  EXPECT_EQ(*sha256_file(path), kMillionA);
  const std::string three_pieces(2'500'000, 'b');
  write_bytes(path, three_pieces);
  EXPECT_EQ(*sha256_file(path), sha256_hex(three_pieces));
  const std::string whole_pieces(std::size_t{2} << 20, 'c');
  write_bytes(path, whole_pieces);
  EXPECT_EQ(*sha256_file(path), sha256_hex(whole_pieces));
}

TEST(Hash, NotAFile) {
  const TemporaryFolder folder;
  const auto missing = sha256_file(folder.file("missing"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::kInput);
  EXPECT_EQ(missing.error().where, folder.file("missing"));
  const auto a_folder = sha256_file(folder.file(""));
  ASSERT_FALSE(a_folder.ok());
  EXPECT_EQ(a_folder.error().kind, ErrorKind::kInput);
}

}  // namespace
}  // namespace posittune

// systolic_array against formats::Quire; a tile of a real layer from a file.

#include "array.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "codes.h"
#include "posittune/formats/arithmetic.h"

namespace posittune::rtl {
namespace {

using formats::Format;
using formats::Quire;

Codes random_codes(const Format& format, std::size_t count, std::mt19937_64& random) {
  Codes codes(count);
  for (auto& code : codes) code = corner_code(format, random);
  return codes;
}

constexpr int kRows = Array::kRows, kCols = Array::kCols;

// Two tiles, the second one going on with the sums of the first.
TEST(Array, TwoTilesEqualQuire) {
  Array array;
  const Format format = formats::posit(8, 1);
  std::mt19937_64 random(43);
  for (const unsigned pause : {0u, 80u}) {
    std::vector<Quire> quires;
    Array::Sums sums;
    constexpr std::size_t kVectors = 400;
    quires.assign(kVectors * kCols, Quire(format));
    for (int tile = 0; tile < 2; ++tile) {
      Codes w = random_codes(format, kRows * kCols, random);
      for (auto& code : w) code = code == 0x80 && random() % 8 != 0 ? 0x40 : code;
      array.load(w);
      std::vector<Codes> vectors;
      for (std::size_t v = 0; v < kVectors; ++v) {
        vectors.push_back(random_codes(format, kRows, random));
        for (std::size_t c = 0; c < kCols; ++c) {
          for (std::size_t r = 0; r < kRows; ++r) {
            quires[v * kCols + c].add_product(vectors[v][r], w[r * kCols + c]);
          }
        }
      }
      sums = array.run(vectors, tile == 0 ? nullptr : &sums, pause);
      ASSERT_EQ(sums.posits.size(), kVectors);
      for (std::size_t i = 0; i < quires.size(); ++i) {
        ASSERT_EQ(sums.posits[i / kCols][i % kCols], quires[i].to_posit())
            << "tile " << tile << " vector " << i / kCols << " column " << i % kCols;
      }
    }
  }
}

// A tile file: lines of
//   format posit<8,1>       rows 8       cols 8       (once, in this order)
//   w RR codes              one line for each row: hexadecimal codes of the columns
//   x codes : y codes       one line for each vector: rows codes, and the codes expected (engine's
//                           quire mode)
// Lines that begin with # are comments.
TEST(Array, TileOfRealLayer) {
  const char* path = std::getenv("POSITTUNE_TILE");
  ASSERT_NE(path, nullptr) << "POSITTUNE_TILE names the tile file";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  Codes w;
  std::vector<Codes> vectors, expected;
  for (std::string line; std::getline(file, line);) {
    std::istringstream in(line);
    std::string word;
    if (!(in >> word) || word[0] == '#') continue;
    if (word == "format") {
      ASSERT_TRUE(in >> word && word == "posit<8,1>") << "this build of the array is posit<8,1>";
    } else if (word == "rows" || word == "cols") {
      int value = 0;
      ASSERT_TRUE(in >> value && value == 8) << word << " of this build is 8";
    } else if (word == "w") {
      for (unsigned code = 0; in >> std::hex >> code;) w.push_back(code);
    } else if (word == "x") {
      Codes x, y;
      unsigned code = 0;
      for (int r = 0; r < kRows && in >> std::hex >> code; ++r) x.push_back(code);
      ASSERT_TRUE(in >> word && word == ":") << line;
      for (int c = 0; c < kCols && in >> std::hex >> code; ++c) y.push_back(code);
      ASSERT_EQ(y.size(), std::size_t{kCols}) << line;
      vectors.push_back(x);
      expected.push_back(y);
    } else {
      FAIL() << "unknown line: " << line;
    }
  }
  ASSERT_EQ(w.size(), std::size_t{kRows * kCols});
  ASSERT_GT(vectors.size(), 0u);
  Array array;
  array.load(w);
  EXPECT_EQ(array.run(vectors, nullptr, 30).posits, expected);
}

}  // namespace
}  // namespace posittune::rtl

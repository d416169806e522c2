#pragma once

// Edit distance of two sequences: two names, or the text that a recogniser gives and the true text.

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <vector>

namespace posittune {

// Edit distance of a and b: the least number of insertions, deletions and substitutions that change
// one into the other. Both are strings, or arrays with size() and []. Time grows with the product
// of the lengths, memory with the length of b.
// source: V. Levenshtein, 1966.
template <class Sequence>
  requires requires(const Sequence& sequence) { sequence.size(); }
std::size_t edit_distance(const Sequence& a, const Sequence& b) {
  // row[j]: the distance of the first i elements of a to the first j of b.
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substitute, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  return edit_distance<std::string_view>(a, b);
}

}  // namespace posittune

#include "posittune/base/nearest.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace posittune {

std::size_t edit_distance(std::string_view a, std::string_view b) {
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

std::vector<std::string> nearest(std::string_view text, const std::vector<std::string>& known, std::size_t count) {
  text = text.substr(0, 128);
  std::vector<std::pair<std::size_t, std::size_t>> ranked;  // distance, index
  for (std::size_t i = 0; i < known.size(); ++i) {
    const std::string_view name = std::string_view(known[i]).substr(0, 256);
    const bool inside = !text.empty() && name.find(text) != name.npos;
    // What a longer name has more counts little: "fc" may be meant for "h.0.mlp.fc/MatMul".
    const std::size_t longer = name.size() > text.size() ? name.size() - text.size() : 0;
    ranked.emplace_back(inside ? 0 : 4 * edit_distance(text, name) - 3 * longer, i);
  }
  std::stable_sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(count, ranked.size()); ++i) names.push_back(known[ranked[i].second]);
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace posittune

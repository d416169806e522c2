#include "posittune/base/nearest.h"

#include <algorithm>
#include <utility>

namespace posittune {

std::vector<std::string> nearest(std::string_view text, const std::vector<std::string>& known,
                                 std::size_t count) {
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
  for (std::size_t i = 0; i < std::min(count, ranked.size()); ++i)
    names.push_back(known[ranked[i].second]);
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace posittune

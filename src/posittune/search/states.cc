#include "posittune/search/states.h"

#include <algorithm>

namespace posittune::search {

void States::clear() {
  excess_.clear();
  slack_.clear();
  bound_.clear();
  node_.clear();
  choice_.clear();
}

std::uint32_t History::add(std::uint32_t parent, std::uint32_t stage, std::uint32_t move) {
  nodes_.push_back({parent, stage, move});
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

std::vector<History::Node> History::path(std::uint32_t node) const {
  std::vector<Node> nodes;
  for (; node != kRoot; node = nodes_[node].parent) nodes.push_back(nodes_[node]);
  std::ranges::reverse(nodes);
  return nodes;
}

void History::collect(States& states) {
  if (nodes_.size() < collect_at_) return;
  std::vector<std::uint32_t> number(nodes_.size(), kRoot);
  constexpr std::uint32_t kUsed = 0;
  for (std::size_t i = 0; i < states.size(); ++i) {
    for (std::uint32_t n = states.node(i); n != kRoot && number[n] == kRoot; n = nodes_[n].parent) {
      number[n] = kUsed;
    }
  }
  std::uint32_t kept = 0;
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    if (number[n] == kRoot) continue;
    Node node = nodes_[n];
    if (node.parent != kRoot) node.parent = number[node.parent];
    nodes_[kept] = node;
    number[n] = kept++;
  }
  nodes_.resize(kept);
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states.node(i) != kRoot) states.set_node(i, number[states.node(i)]);
  }
  collect_at_ = std::max(collect_at_, std::size_t{4} * kept);
}

}  // namespace posittune::search

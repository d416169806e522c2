#pragma once

// States: partial assignments as parallel arrays, and the changes that led to them.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace posittune::search {

class States {
 public:
  explicit States(std::size_t constraints) : m_(constraints) {}

  std::size_t size() const { return excess_.size(); }
  std::size_t constraints() const { return m_; }
  double excess(std::size_t i) const { return excess_[i]; }
  const double* slack(std::size_t i) const { return slack_.data() + i * m_; }
  double bound(std::size_t i) const { return bound_[i]; }
  std::uint32_t node(std::size_t i) const { return node_[i]; }  // index in History
  // Choice of a state: the option that it takes in the group
  // that was decided last.
  std::uint32_t choice(std::size_t i) const { return choice_[i]; }
  void set_node(std::size_t i, std::uint32_t node) { node_[i] = node; }

  void push(double excess, const double* slack, double bound, std::uint32_t node,
            std::uint32_t choice) {
    excess_.push_back(excess);
    slack_.insert(slack_.end(), slack, slack + m_);
    bound_.push_back(bound);
    node_.push_back(node);
    choice_.push_back(choice);
  }
  void clear();

 private:
  std::size_t m_;
  std::vector<double> excess_, slack_, bound_;
  std::vector<std::uint32_t> node_, choice_;
};

// The history of states, a forest of changes: the path from a node to its root gives the changes of
// a state from the base.
class History {
 public:
  static constexpr std::uint32_t kRoot = 0xffffffff;
  struct Node {
    std::uint32_t parent = kRoot, stage = 0, move = 0;
  };

  std::uint32_t add(std::uint32_t parent, std::uint32_t stage, std::uint32_t move);
  std::vector<Node> path(std::uint32_t node) const;  // first change first
  // Frees the nodes that no state needs, once they are many, and renumbers the others.
  void collect(States& states);

 private:
  std::vector<Node> nodes_;  // parents before children
  std::size_t collect_at_ = std::size_t{1} << 20;
};

}  // namespace posittune::search

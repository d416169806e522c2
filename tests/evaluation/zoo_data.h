#pragma once

#include <filesystem>
#include <string>

#include "posittune/data/dataset.h"
#include "tests/model/models.h"

namespace posittune::test {

// The first items of a split.
inline data::Dataset zoo_data(const std::string& model, const std::string& split, std::size_t items,
                              const model::Graph& graph) {
  data::DataSpec spec;
  spec.path = std::filesystem::path(zoo(model)).replace_filename(split + ".npz").string();
  spec.limit = items;
  return data::Dataset::open(spec, graph.inputs).value();
}

// Rows of 256 tokens, of which the documents have one to three.
inline data::Dataset gpt2_data(std::size_t items, const model::Graph& graph) {
  return zoo_data("gpt2", "report", items, graph);
}

}  // namespace posittune::test

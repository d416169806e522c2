#pragma once

#include <filesystem>

#include "posittune/data/dataset.h"
#include "tests/model/models.h"

namespace posittune::test {

// The first items of the zoo's GPT-2's report split: rows of 256 tokens, of which the documents
// have one to three.
inline data::Dataset gpt2_data(std::size_t items, const model::Graph& graph) {
  data::DataSpec spec;
  spec.path = std::filesystem::path(zoo("gpt2")).replace_filename("report.npz").string();
  spec.limit = items;
  return data::Dataset::open(spec, graph.inputs).value();
}

}  // namespace posittune::test

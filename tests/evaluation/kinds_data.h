#pragma once

#include <string>
#include <vector>

#include "posittune/data/dataset.h"
#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"
#include "tests/model/models.h"

namespace posittune::test {

// Items for model_of_all_kinds() of tests/engine/faults.h, in a file of `folder`.
inline data::Dataset kinds_data(const TemporaryFolder& folder, std::size_t items,
                                const model::Graph& graph) {
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < 4 * items; ++i)
    ids.push_back(static_cast<std::int64_t>((i * i + i / 4 + 3 * i) % 9));
  data::DataSpec spec;
  spec.path = folder.file("ids.npz");
  write_bytes(
      spec.path,
      data::zip_bytes(
          {{"ids.npy", data::npy_bytes("<i8", "(" + std::to_string(items) + ", 4)", ids)}}));
  return data::Dataset::open(spec, graph.inputs).value();
}

}  // namespace posittune::test

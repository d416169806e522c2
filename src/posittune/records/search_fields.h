#pragma once

// The fields of a search document by name.

#include <tuple>

#include "posittune/records/comparison_fields.h"
#include "posittune/records/fields.h"
#include "posittune/records/search.h"
#include "posittune/records/sensitivity_fields.h"

namespace posittune::records {

template <>
struct FieldsOf<SearchRow> {
  using Row = SearchRow;
  static constexpr std::tuple kList{Field{"recipe", &Row::recipe},
                                    Field{"method", &Row::method},
                                    Field{"budget", &Row::budget},
                                    Field{"bits_per_weight", &Row::bits_per_weight},
                                    Field{"bytes", &Row::bytes},
                                    Field{"activation_bits", &Row::activation_bits},
                                    Field{"mac_bits", &Row::mac_bits},
                                    Field{"energy", &Row::energy},
                                    Field{"area", &Row::area},
                                    Field{"predicted_loss", &Row::predicted_loss},
                                    Field{"search_loss", &Row::search_loss},
                                    Field{"metrics", &Row::metrics},
                                    Field{"optimality_gap", &Row::optimality_gap},
                                    Field{"seconds", &Row::seconds},
                                    Field{"nonfinite", &Row::nonfinite}};
};

template <>
struct FieldsOf<RefinementRecord> {
  using Record = RefinementRecord;
  static constexpr std::tuple kList{
      Field{"change", &Record::change},     Field{"predicted", &Record::predicted},
      Field{"measured", &Record::measured}, Field{"low", &Record::low},
      Field{"high", &Record::high},         Field{"verdict", &Record::verdict}};
};

template <>
struct FieldsOf<SearchResult> {
  using Result = SearchResult;
  static constexpr std::tuple kList{Field{"model", &Result::model},
                                    Field{"scored", &Result::scored},
                                    Field{"data", &Result::data},
                                    Field{"costs", &Result::costs},
                                    Field{"refinement", &Result::refinement},
                                    Field{"rows", &Result::rows}};
};

}  // namespace posittune::records

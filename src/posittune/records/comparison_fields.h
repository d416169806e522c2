#pragma once

// The parts of a comparison that other documents have too.

#include <tuple>

#include "posittune/records/comparison.h"
#include "posittune/records/fields.h"

namespace posittune::records {

template <>
struct FieldsOf<Estimate> {
  static constexpr std::tuple kList{Field{"value", &Estimate::value}, Field{"low", &Estimate::low},
                                    Field{"high", &Estimate::high}};
};

template <>
struct FieldsOf<ModelRecord> {
  static constexpr std::tuple kList{Field{"path", &ModelRecord::path},
                                    Field{"sha256", &ModelRecord::sha256}};
};

template <>
struct FieldsOf<SplitRecord> {
  static constexpr std::tuple kList{
      Field{"path", &SplitRecord::path}, Field{"kind", &SplitRecord::kind},
      Field{"items", &SplitRecord::items}, Field{"unit", &SplitRecord::unit},
      Field{"sha256", &SplitRecord::sha256}};
};

}  // namespace posittune::records

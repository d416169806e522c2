#pragma once

// One weight in FP32 and under the settings that are tried on it.

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/engine/settings.h"
#include "posittune/quant/recipe.h"

namespace posittune::engine {

// Which forms of a prepared weight the layers that use it need.
struct Forms {
  bool values = false, bf16 = false, int8 = false;
};

class WeightStore {
 public:
  // rows x cols values.
  WeightStore(std::string name, std::size_t rows, std::size_t cols, std::vector<float> values);

  const std::string& name() const { return name_; }
  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  const std::vector<float>& values() const { return *values_; }

  // No setting: FP32. `input_squares`: E[x_k^2] for each column, used where the setting asks for it.
  // Scales of a setting are chosen once and kept; forms are made anew.
  Result<std::shared_ptr<const PreparedWeight>> prepare(
      const std::optional<quant::WeightSetting>& setting, std::span<const float> input_squares,
      const Forms& forms, int threads);

  // New calibration data: scales that were chosen with the old are forgotten.
  void forget_weighted_scales();

  // Of a part of the rows (quant::parts), in its format.
  Result<std::vector<float>> scales(const quant::WeightSetting& setting, const quant::RowWindow& part,
                                    std::span<const float> input_squares, int threads);

 private:
  Result<std::vector<float>> group_scales(const quant::WeightSetting& setting, const quant::RowWindow& part,
                                          std::span<const float> input_squares, int threads) const;

  std::string name_;
  std::size_t rows_, cols_;
  std::shared_ptr<const std::vector<float>> values_;
  using Key = std::tuple<formats::Format, quant::ScaleRule, quant::Granularity, std::size_t, bool, std::size_t, std::size_t>;
  std::map<Key, std::vector<float>> scales_;
};

}  // namespace posittune::engine

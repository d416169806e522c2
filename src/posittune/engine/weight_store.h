#pragma once

// Weight store: one weight in FP32 and under the settings that are tried on it.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/engine/compensation.h"
#include "posittune/engine/quantized_weight.h"
#include "posittune/engine/settings.h"
#include "posittune/quant/recipe.h"

namespace posittune::engine {

// Forms: which forms of a prepared weight the layers that use it need.
struct Forms {
  bool values = false, bf16 = false, int8 = false;
  bool operator==(const Forms&) const = default;
};

class WeightStore {
 public:
  // Holds rows x cols values. `kept_bytes`: for codes of compensated settings; those of the latest
  // setting are always kept.
  WeightStore(std::string name, std::size_t rows, std::size_t cols, std::vector<float> values,
              std::size_t kept_bytes = 0);

  const std::string& name() const { return name_; }
  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  const std::vector<float>& values() const { return *values_; }
  // The change that rounding made: `rounded` - values().
  std::vector<float> change(const std::vector<float>& rounded) const;

  // Prepares the weight under a setting; without a setting it is in FP32. `input_squares`: E[x_k^2]
  // for each column, used where the setting asks for it. `factor`: for compensated rounding; null
  // rounds to nearest. Scales, formats of rows, and codes of the latest compensated settings are
  // kept; the forms are made anew.
  Result<std::shared_ptr<const PreparedWeight>> prepare(
      const std::optional<quant::WeightSetting>& setting, std::span<const float> input_squares,
      const Forms& forms, int threads, const CompensationFactor* factor = nullptr);

  // The prepared weight as codes, scales and formats.
  Result<QuantizedWeight> quantized(const quant::WeightSetting& setting,
                                    std::span<const float> input_squares, int threads,
                                    const CompensationFactor* factor = nullptr);

  // Forgets what was chosen with calibration data, when there are new ones.
  void forget_calibration();

  // Runs of rows, from the first to the last, as a setting quantizes them.
  Result<std::vector<RowRun>> runs(const quant::WeightSetting& setting,
                                   std::span<const float> input_squares, int threads);

 private:
  // Codes of a compensated weight: one byte each where all formats have at most 8 bits, else two
  // bytes.
  struct Codes {
    quant::WeightSetting setting;
    std::vector<std::uint8_t> narrow;
    std::vector<std::uint16_t> wide;

    std::size_t bytes() const { return narrow.size() + wide.size() * sizeof(std::uint16_t); }
  };

  Result<std::vector<float>> group_scales(const quant::WeightSetting& setting,
                                          const quant::RowWindow& part,
                                          std::span<const float> input_squares, int threads) const;
  Result<std::vector<RowRun>> choose(const quant::WeightSetting& setting,
                                     const quant::RowWindow& part,
                                     std::span<const float> input_squares, int threads) const;
  Result<std::vector<float>> compensated(const quant::WeightSetting& setting,
                                         const std::vector<RowRun>& rows,
                                         const CompensationFactor& factor, int threads);
  Status keep(const quant::WeightSetting& setting, const std::vector<RowRun>& rows,
              std::span<const float> adjusted, int threads);

  std::string name_;
  std::size_t rows_, cols_, kept_bytes_;
  std::shared_ptr<const std::vector<float>> values_;
  using Key = std::tuple<formats::Format, std::vector<formats::Format>, quant::ScaleRule,
                         quant::Granularity, std::size_t, bool, std::size_t, std::size_t>;
  std::map<Key, std::vector<RowRun>> chosen_;  // one part of the rows each; key: its settings
  std::vector<Codes> codes_;                   // the latest last
};

}  // namespace posittune::engine

#include "posittune/engine/weight_store.h"

#include <algorithm>
#include <utility>

#include "posittune/kernels/arrays.h"

namespace posittune::engine {

WeightStore::WeightStore(std::string name, std::size_t rows, std::size_t cols, std::vector<float> values)
    : name_(std::move(name)),
      rows_(rows),
      cols_(cols),
      values_(std::make_shared<const std::vector<float>>(std::move(values))) {}

// Group by group, so that the last one may be shorter and each has its columns' weights.
Result<std::vector<float>> WeightStore::group_scales(const quant::WeightSetting& setting,
                                                     std::span<const float> input_squares,
                                                     int threads) const {
  const std::size_t groups = (cols_ + setting.group - 1) / setting.group;
  std::vector<float> scales(rows_ * groups), columns;
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t first = g * setting.group, width = std::min(setting.group, cols_ - first);
    columns.resize(rows_ * width);
    for (std::size_t r = 0; r < rows_; ++r) {
      std::copy_n(values_->data() + r * cols_ + first, width, columns.data() + r * width);
    }
    const auto weights = input_squares.empty() ? input_squares : input_squares.subspan(first, width);
    auto chosen = quant::choose_scales(setting.format, setting.rule, columns, {rows_, width}, true,
                                       weights, {threads});
    if (!chosen) return chosen.error();
    for (std::size_t r = 0; r < rows_; ++r) scales[r * groups + g] = (*chosen)[r];
  }
  return scales;
}

void WeightStore::forget_weighted_scales() {
  std::erase_if(scales_, [](const auto& entry) { return std::get<bool>(entry.first); });
}

Result<std::vector<float>> WeightStore::scales(const quant::WeightSetting& setting,
                                               std::span<const float> input_squares, int threads) {
  const Key key{setting.format, setting.rule, setting.granularity, setting.group, setting.input_weighted};
  if (const auto known = scales_.find(key); known != scales_.end()) return known->second;
  if (!setting.input_weighted) input_squares = {};
  auto chosen = setting.granularity == quant::Granularity::kGroup
                    ? group_scales(setting, input_squares, threads)
                    : quant::choose_scales(setting.format, setting.rule, *values_, {rows_, cols_},
                                           setting.granularity == quant::Granularity::kChannel,
                                           input_squares, {threads});
  if (!chosen) return chosen.error();
  return scales_[key] = *chosen;
}

Result<std::shared_ptr<const PreparedWeight>> WeightStore::prepare(
    const std::optional<quant::WeightSetting>& setting, std::span<const float> input_squares,
    const Forms& forms, int threads) {
  auto prepared = std::make_shared<PreparedWeight>();
  prepared->rows = rows_;
  prepared->cols = cols_;
  if (!setting) {
    prepared->values = values_;
    return std::shared_ptr<const PreparedWeight>(prepared);
  }
  auto chosen = scales(*setting, input_squares, threads);
  if (!chosen) return chosen.error();
  const kernels::Shape shape{rows_, cols_};
  const kernels::Scales grid{*chosen, setting->granularity == quant::Granularity::kGroup ? setting->group : 0};
  Status done = success();
  if (forms.values) {
    auto values = std::make_shared<std::vector<float>>(values_->size());
    done = kernels::quantize(setting->format, *values_, shape, grid, *values, {threads});
    prepared->values = values;
  }
  if (done && forms.bf16) {
    prepared->bf16.resize(values_->size());
    done = kernels::to_bf16(setting->format, *values_, shape, grid, prepared->bf16, {threads});
  }
  if (done && forms.int8) {
    prepared->int8.resize(values_->size());
    done = kernels::to_int8(setting->format, *values_, shape, grid, prepared->int8, {threads});
  }
  if (!done) return done.error();
  for (const float scale : *chosen) prepared->unscale.push_back(1.0F / scale);
  return std::shared_ptr<const PreparedWeight>(prepared);
}

}  // namespace posittune::engine

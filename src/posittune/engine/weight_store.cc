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
Result<std::vector<float>> WeightStore::group_scales(const quant::WeightSetting& setting, const quant::RowWindow& part,
                                                     std::span<const float> input_squares, int threads) const {
  const std::size_t groups = (cols_ + setting.group - 1) / setting.group;
  std::vector<float> scales(part.count * groups), columns;
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t first = g * setting.group, width = std::min(setting.group, cols_ - first);
    columns.resize(part.count * width);
    for (std::size_t r = 0; r < part.count; ++r) {
      std::copy_n(values_->data() + (part.first + r) * cols_ + first, width, columns.data() + r * width);
    }
    const auto weights = input_squares.empty() ? input_squares : input_squares.subspan(first, width);
    auto chosen = quant::choose_scales(part.format, part.rule, columns, {part.count, width}, true, weights, {threads});
    if (!chosen) return chosen.error();
    for (std::size_t r = 0; r < part.count; ++r) scales[r * groups + g] = (*chosen)[r];
  }
  return scales;
}

void WeightStore::forget_weighted_scales() {
  std::erase_if(scales_, [](const auto& entry) { return std::get<bool>(entry.first); });
}

Result<std::vector<float>> WeightStore::scales(const quant::WeightSetting& setting, const quant::RowWindow& part,
                                               std::span<const float> input_squares, int threads) {
  const Key key{part.format, part.rule, setting.granularity, setting.group, setting.input_weighted, part.first, part.count};
  if (const auto known = scales_.find(key); known != scales_.end()) return known->second;
  if (!setting.input_weighted) input_squares = {};
  const std::span<const float> values(values_->data() + part.first * cols_, part.count * cols_);
  auto chosen = setting.granularity == quant::Granularity::kGroup
                    ? group_scales(setting, part, input_squares, threads)
                    : quant::choose_scales(part.format, part.rule, values, {part.count, cols_},
                                           setting.granularity == quant::Granularity::kChannel, input_squares, {threads});
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
  auto parts = quant::parts(*setting, rows_);
  if (!parts) return parts.error();
  std::shared_ptr<std::vector<float>> values;
  if (forms.values) values = std::make_shared<std::vector<float>>(values_->size());
  prepared->values = values;
  prepared->bf16.resize(forms.bf16 ? values_->size() : 0);
  prepared->int8.resize(forms.int8 ? values_->size() : 0);
  for (const quant::RowWindow& part : *parts) {
    auto chosen = scales(*setting, part, input_squares, threads);
    if (!chosen) return chosen.error();
    const kernels::Shape shape{part.count, cols_};
    const kernels::Scales grid{*chosen, setting->granularity == quant::Granularity::kGroup ? setting->group : 0};
    const std::size_t at = part.first * cols_, size = part.count * cols_;
    const std::span<const float> exact(values_->data() + at, size);
    Status done = success();
    if (values) done = kernels::quantize(part.format, exact, shape, grid, {values->data() + at, size}, {threads});
    if (done && forms.bf16) done = kernels::to_bf16(part.format, exact, shape, grid, {prepared->bf16.data() + at, size}, {threads});
    if (done && forms.int8) done = kernels::to_int8(part.format, exact, shape, grid, {prepared->int8.data() + at, size}, {threads});
    if (!done) return done.error();
    // One for all rows, or one for each: windows have their own.
    const bool one = chosen->size() == 1 && parts->size() > 1;
    for (std::size_t r = 0; r < (one ? part.count : 1); ++r) {
      for (const float scale : *chosen) prepared->unscale.push_back(1.0F / scale);
    }
  }
  return std::shared_ptr<const PreparedWeight>(prepared);
}

}  // namespace posittune::engine

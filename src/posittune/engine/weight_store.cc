#include "posittune/engine/weight_store.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "posittune/base/threads.h"
#include "posittune/engine/gemm.h"
#include "posittune/kernels/arrays.h"
#include "posittune/quant/row_formats.h"

namespace posittune::engine {
namespace {

kernels::Scales scales_of(const RowRun& rows, const quant::WeightSetting& setting) {
  return {rows.scales, setting.granularity == quant::Granularity::kGroup ? setting.group : 0};
}

// body(run, threads). Many runs are short: a thread for each, instead of all for one.
template <class Body>
Status for_runs(const std::vector<RowRun>& rows, int threads, const Body& body) {
  constexpr std::size_t kMany = 16;
  std::vector<Status> done(rows.size(), success());
  const bool many = rows.size() >= kMany;
  parallel_for(rows.size(), many ? threads : 1,
               [&](std::size_t i) { done[i] = body(rows[i], many ? 1 : threads); });
  for (Status& each : done) {
    if (!each) return each;
  }
  return success();
}

// The setting as far as compensated values depend on it.
quant::WeightSetting without_bias(quant::WeightSetting setting) {
  setting.bias_correction = false;
  return setting;
}

}  // namespace

WeightStore::WeightStore(std::string name, std::size_t rows, std::size_t cols,
                         std::vector<float> values, std::size_t kept_bytes)
    : name_(std::move(name)),
      rows_(rows),
      cols_(cols),
      kept_bytes_(kept_bytes),
      values_(std::make_shared<const std::vector<float>>(std::move(values))) {}

std::vector<float> WeightStore::change(const std::vector<float>& rounded) const {
  std::vector<float> difference(values_->size());
  std::transform(values_->begin(), values_->end(), rounded.begin(), difference.begin(),
                 [](float a, float b) { return b - a; });
  return difference;
}

// Group by group, so that the last one may be shorter and each has its columns' weights.
Result<std::vector<float>> WeightStore::group_scales(const quant::WeightSetting& setting,
                                                     const quant::RowWindow& part,
                                                     std::span<const float> input_squares,
                                                     int threads) const {
  const std::size_t groups = (cols_ + setting.group - 1) / setting.group;
  std::vector<float> scales(part.count * groups), columns;
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t first = g * setting.group, width = std::min(setting.group, cols_ - first);
    columns.resize(part.count * width);
    for (std::size_t r = 0; r < part.count; ++r) {
      std::copy_n(values_->data() + (part.first + r) * cols_ + first, width,
                  columns.data() + r * width);
    }
    const auto weights =
        input_squares.empty() ? input_squares : input_squares.subspan(first, width);
    auto chosen = quant::choose_scales(part.format, part.rule, columns, {part.count, width}, true,
                                       weights, {threads});
    if (!chosen) return chosen.error();
    for (std::size_t r = 0; r < part.count; ++r) scales[r * groups + g] = (*chosen)[r];
  }
  return scales;
}

void WeightStore::forget_calibration() {
  std::erase_if(chosen_, [](const auto& entry) { return std::get<bool>(entry.first); });
  codes_.clear();
}

Result<std::vector<RowRun>> WeightStore::choose(const quant::WeightSetting& setting,
                                                const quant::RowWindow& part,
                                                std::span<const float> input_squares,
                                                int threads) const {
  const std::span<const float> values(values_->data() + part.first * cols_, part.count * cols_);
  const kernels::Shape shape{part.count, cols_};
  if (part.alternatives.empty()) {
    const bool per_row = setting.granularity == quant::Granularity::kChannel;
    auto scales = setting.granularity == quant::Granularity::kGroup
                      ? group_scales(setting, part, input_squares, threads)
                      : quant::choose_scales(part.format, part.rule, values, shape, per_row,
                                             input_squares, {threads});
    if (!scales) return scales.error();
    return std::vector<RowRun>{
        {part.first, part.count, quant::scaled_format(part.format, part.rule), std::move(*scales)}};
  }
  std::vector<formats::Format> formats = {part.format};
  formats.insert(formats.end(), part.alternatives.begin(), part.alternatives.end());
  auto rows =
      quant::choose_row_formats(formats, part.rule, values, shape, input_squares, {threads});
  if (!rows) return rows.error();
  std::vector<RowRun> runs;
  for (std::size_t r = 0; r < part.count; ++r) {
    const formats::Format format = quant::scaled_format(formats[rows->choice[r]], part.rule);
    if (runs.empty() || runs.back().format != format)
      runs.push_back({part.first + r, 0, format, {}});
    ++runs.back().count;
    runs.back().scales.push_back(rows->scales[r]);
  }
  return runs;
}

Result<std::vector<RowRun>> WeightStore::runs(const quant::WeightSetting& setting,
                                              std::span<const float> input_squares, int threads) {
  auto parts = quant::parts(setting, rows_);
  if (!parts) return parts.error();
  if (!setting.input_weighted) input_squares = {};
  std::vector<RowRun> all;
  for (const quant::RowWindow& part : *parts) {
    const Key key{part.format,   part.alternatives,      part.rule,  setting.granularity,
                  setting.group, setting.input_weighted, part.first, part.count};
    auto known = chosen_.find(key);
    if (known == chosen_.end()) {
      auto chosen = choose(setting, part, input_squares, threads);
      if (!chosen) return chosen.error();
      known = chosen_.emplace(key, std::move(*chosen)).first;
    }
    all.insert(all.end(), known->second.begin(), known->second.end());
  }
  return all;
}

// Only what comes back as it was: finite values in at most 16 bits.
Status WeightStore::keep(const quant::WeightSetting& setting, const std::vector<RowRun>& rows,
                         std::span<const float> adjusted, int threads) {
  int bits = 0;
  for (const RowRun& run : rows)
    bits = std::max<int>(bits, run.format.block > 0 ? 32 : run.format.bits);
  if (bits > 16 ||
      !std::all_of(adjusted.begin(), adjusted.end(), [](float x) { return std::isfinite(x); }))
    return success();
  Codes codes{.setting = without_bias(setting), .narrow = {}, .wide = {}};
  (bits > 8 ? codes.wide.resize(adjusted.size()) : codes.narrow.resize(adjusted.size()));
  const Status done = for_runs(rows, threads, [&](const RowRun& run, int some) {
    const std::size_t at = run.first * cols_, size = run.count * cols_;
    const kernels::Shape shape{run.count, cols_};
    const auto encode = [&](auto& into) {
      using Code = typename std::remove_reference_t<decltype(into)>::value_type;
      return kernels::encode<Code>(run.format, adjusted.subspan(at, size), shape,
                                   scales_of(run, setting), {into.data() + at, size}, {}, {some});
    };
    return bits > 8 ? encode(codes.wide) : encode(codes.narrow);
  });
  if (!done) return done;
  std::size_t bytes = codes.bytes();
  for (const Codes& each : codes_) bytes += each.bytes();
  while (!codes_.empty() && bytes > kept_bytes_) {
    bytes -= codes_.front().bytes();
    codes_.erase(codes_.begin());
  }
  codes_.push_back(std::move(codes));
  return success();
}

// What nearest rounding makes the compensated weight of: the adjusted weights, or those that were
// kept.
Result<std::vector<float>> WeightStore::compensated(const quant::WeightSetting& setting,
                                                    const std::vector<RowRun>& rows,
                                                    const CompensationFactor& factor, int threads) {
  const quant::WeightSetting wanted = without_bias(setting);
  const auto known = std::find_if(codes_.begin(), codes_.end(),
                                  [&](const Codes& codes) { return codes.setting == wanted; });
  if (known == codes_.end()) {
    const std::size_t group = setting.granularity == quant::Granularity::kGroup ? setting.group : 0;
    auto adjusted = compensate(*values_, {rows_, cols_}, rows, group, factor, threads);
    if (!adjusted) return adjusted.error();
    if (const Status kept = keep(setting, rows, *adjusted, threads); !kept) return kept.error();
    return adjusted;
  }
  std::rotate(known, known + 1, codes_.end());
  const Codes& codes = codes_.back();
  std::vector<float> values(values_->size());
  const Status done = for_runs(rows, threads, [&](const RowRun& run, int some) {
    const std::size_t at = run.first * cols_, size = run.count * cols_;
    const kernels::Shape shape{run.count, cols_};
    const auto decode = [&](const auto& from) {
      using Code = typename std::remove_cvref_t<decltype(from)>::value_type;
      return kernels::decode<Code>(run.format, {from.data() + at, size}, shape,
                                   scales_of(run, setting), {values.data() + at, size}, {}, {some});
    };
    return codes.narrow.empty() ? decode(codes.wide) : decode(codes.narrow);
  });
  if (!done) return done.error();
  return values;
}

Result<std::shared_ptr<const PreparedWeight>> WeightStore::prepare(
    const std::optional<quant::WeightSetting>& setting, std::span<const float> input_squares,
    const Forms& forms, int threads, const CompensationFactor* factor) {
  auto prepared = std::make_shared<PreparedWeight>();
  prepared->rows = rows_;
  prepared->cols = cols_;
  if (!setting) {
    prepared->values = values_;
    prepared->packed = std::make_shared<PackedWeight>();
    return std::shared_ptr<const PreparedWeight>(prepared);
  }
  auto rows = runs(*setting, input_squares, threads);
  if (!rows) return rows.error();
  std::vector<float> adjusted;
  if (setting->rounding == quant::Rounding::kCompensated && factor != nullptr) {
    auto made = compensated(*setting, *rows, *factor, threads);
    if (!made) return made.error();
    adjusted = std::move(*made);
  }
  const std::vector<float>& exact = adjusted.empty() ? *values_ : adjusted;
  std::shared_ptr<std::vector<float>> values;
  if (forms.values) values = std::make_shared<std::vector<float>>(values_->size());
  prepared->values = values;
  if (values) prepared->packed = std::make_shared<PackedWeight>();
  prepared->bf16.resize(forms.bf16 ? values_->size() : 0);
  prepared->int8.resize(forms.int8 ? values_->size() : 0);
  const Status made = for_runs(*rows, threads, [&](const RowRun& run, int some) {
    const kernels::Shape shape{run.count, cols_};
    const kernels::Scales grid = scales_of(run, *setting);
    const std::size_t at = run.first * cols_, size = run.count * cols_;
    const std::span<const float> x(exact.data() + at, size);
    Status done = success();
    if (values)
      done = kernels::quantize(run.format, x, shape, grid, {values->data() + at, size}, {some});
    if (done && forms.bf16)
      done =
          kernels::to_bf16(run.format, x, shape, grid, {prepared->bf16.data() + at, size}, {some});
    if (done && forms.int8)
      done =
          kernels::to_int8(run.format, x, shape, grid, {prepared->int8.data() + at, size}, {some});
    return done;
  });
  if (!made) return made.error();
  for (const RowRun& run : *rows) {
    // One for all rows, or one for each: runs have their own.
    const bool one = run.scales.size() == 1 && rows->size() > 1;
    for (std::size_t r = 0; r < (one ? run.count : 1); ++r) {
      for (const float scale : run.scales) prepared->unscale.push_back(1.0F / scale);
    }
  }
  return std::shared_ptr<const PreparedWeight>(prepared);
}

Result<QuantizedWeight> WeightStore::quantized(const quant::WeightSetting& setting,
                                               std::span<const float> input_squares, int threads,
                                               const CompensationFactor* factor) {
  auto rows = runs(setting, input_squares, threads);
  if (!rows) return rows.error();
  QuantizedWeight made{
      .rows = rows_, .cols = cols_, .runs = std::move(*rows), .codes = {}, .exponents = {}};
  if (setting.granularity == quant::Granularity::kGroup) made.group = setting.group;
  std::vector<float> adjusted;
  if (setting.rounding == quant::Rounding::kCompensated && factor != nullptr) {
    auto compensation = compensated(setting, made.runs, *factor, threads);
    if (!compensation) return compensation.error();
    adjusted = std::move(*compensation);
    made.compensated = true;
  }
  const std::span<const float> exact = adjusted.empty() ? *values_ : adjusted;
  made.codes.resize(values_->size());
  std::size_t block = 0;
  for (const RowRun& run : made.runs) block = std::max<std::size_t>(block, run.format.block);
  const std::size_t blocks = block == 0 ? 0 : (cols_ + block - 1) / block;
  made.exponents.resize(rows_ * blocks);
  const Status done = for_runs(made.runs, threads, [&](const RowRun& run, int some) {
    const std::size_t at = run.first * cols_, size = run.count * cols_;
    const kernels::Shape shape{run.count, cols_};
    const kernels::Scales grid = scales_of(run, setting);
    const std::span<const float> x = exact.subspan(at, size);
    if (run.format.block == 0) {
      return kernels::encode<std::uint32_t>(run.format, x, shape, grid,
                                            {made.codes.data() + at, size}, {}, {some});
    }
    std::vector<std::uint8_t> bytes(size);  // as the kernels have codes of blocks
    const std::span<std::uint8_t> exponents(made.exponents.data() + run.first * blocks,
                                            run.count * blocks);
    const Status encoded =
        kernels::encode<std::uint8_t>(run.format, x, shape, grid, bytes, exponents, {some});
    std::copy(bytes.begin(), bytes.end(), made.codes.begin() + static_cast<std::ptrdiff_t>(at));
    return encoded;
  });
  if (!done) return done.error();
  return made;
}

}  // namespace posittune::engine

#include "posittune/evaluation/prober.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "posittune/base/memory.h"
#include "posittune/base/mix.h"
#include "posittune/evaluation/batches.h"
#include "posittune/evaluation/scored_output.h"
#include "posittune/evaluation/tensor_store.h"
#include "posittune/metrics/divergence.h"
#include "posittune/model/declared_shapes.h"

namespace posittune::evaluation {
namespace {

std::uint64_t bytes_of(const Tensors& tensors) {
  std::uint64_t bytes = 0;
  for (const auto& [name, tensor] : tensors) bytes += tensor.bytes.size();
  return bytes;
}

std::string mebibytes(std::uint64_t bytes) {
  return std::to_string((bytes + (1U << 20) - 1) >> 20) + " MiB";
}

// Batches in an order that looks random and is the same each time.
std::vector<std::size_t> drawn_order(std::size_t batches) {
  std::vector<std::size_t> order(batches);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [](std::size_t a, std::size_t b) {
    return mix((a + 1) * kGolden) < mix((b + 1) * kGolden);
  });
  return order;
}

struct Sums {
  double value = 0, count = 0;
  std::size_t units = 0;
};

// Standard error of sum(values) / sum(counts) over units.
double standard_error(const Sums& sums, double residuals) {
  if (sums.units < 2 || sums.count <= 0) return std::numeric_limits<double>::infinity();
  const auto n = static_cast<double>(sums.units);
  return std::sqrt(residuals * n / (n - 1)) / sums.count;
}

}  // namespace

double Divergence::mean() const {
  const double count = std::accumulate(counts.begin(), counts.end(), 0.0);
  return count > 0 ? std::accumulate(sums.begin(), sums.end(), 0.0) / count : 0;
}

std::size_t Divergence::units() const {
  return static_cast<std::size_t>(
      std::count_if(counts.begin(), counts.end(), [](double count) { return count > 0; }));
}

std::size_t Divergence::nonfinite() const {
  return static_cast<std::size_t>(
      std::count_if(sums.begin(), sums.end(), [](double sum) { return !std::isfinite(sum); }));
}

double Divergence::half_width(double z) const {
  const double ratio = mean();
  Sums total;
  double residuals = 0;
  for (std::size_t u = 0; u < counts.size(); ++u) {
    if (counts[u] <= 0) continue;
    total.count += counts[u];
    ++total.units;
    residuals += (sums[u] - ratio * counts[u]) * (sums[u] - ratio * counts[u]);
  }
  return z * standard_error(total, residuals);
}

PairedDifference paired(const Divergence& a, const Divergence& b, double z) {
  Sums total;
  const std::size_t units = std::min(a.counts.size(), b.counts.size());
  // A unit may have been seen in part: what both saw of it is as many items, in the same order.
  const auto both = [&](std::size_t u) { return a.counts[u] > 0 && a.counts[u] == b.counts[u]; };
  for (std::size_t u = 0; u < units; ++u) {
    if (!both(u)) continue;
    total.value += a.sums[u] - b.sums[u];
    total.count += a.counts[u];
    ++total.units;
  }
  const double ratio = total.count > 0 ? total.value / total.count : 0;
  double residuals = 0;
  for (std::size_t u = 0; u < units; ++u) {
    if (!both(u)) continue;
    const double residual = a.sums[u] - b.sums[u] - ratio * a.counts[u];
    residuals += residual * residual;
  }
  return {ratio, z * standard_error(total, residuals)};
}

Prober::Prober(engine::Engine& engine, const data::Dataset& data, ProberOptions options)
    : engine_(&engine),
      data_(&data),
      options_(std::move(options)),
      outputs_(std::make_shared<TensorStore>(options_.output_limit, options_.scratch_folder)),
      crossing_(std::make_shared<TensorStore>(options_.cache_limit, options_.scratch_folder)),
      cut_bytes_(engine.segment_count() - 1, 0) {
  if (options_.scorer.output.empty()) options_.scorer.output = default_output(engine.graph());
}

Result<Prober> Prober::create(engine::Engine& engine, const data::Dataset& data,
                              const ProberOptions& options, const Advance& advance) {
  return within_memory(data.description().path, [&]() -> Result<Prober> {
    Prober prober(engine, data, options);
    if (const Status plain = engine.apply({}); !plain) return plain.error();
    auto batch = choose_batch(engine, data, options.batch, prober.options_.scorer.output);
    if (!batch) return batch.error();
    prober.batch_ = batch->items;
    prober.order_ = drawn_order((data.items() + batch->items - 1) / batch->items);
    if (const Status kept = prober.keep_fp32(*batch, advance); !kept) return kept.error();
    return prober;
  });
}

Status Prober::keep_fp32(const Batch& batch, const Advance& advance) {
  using Clock = std::chrono::steady_clock;
  return for_each_batch(
      *data_, batch_, [&](std::size_t, std::size_t first, const Tensors& inputs) -> Status {
        const auto start = Clock::now();
        auto keeping = Clock::duration::zero();  // is no part of an evaluation
        std::size_t widest = 0;                  // segment, of those that the limit does not hold
        std::uint64_t needed = options_.cache_limit;
        const std::size_t items = std::min(batch_, data_->items() - first);
        const engine::Engine::Keep keep = [&](std::size_t segment, Tensors crossing) -> Status {
          const auto since = Clock::now();
          const std::uint64_t bytes = bytes_of(crossing);
          if (bytes > needed) {
            needed = bytes;
            widest = segment;
          }
          if (widest > 0) return success();  // to see what all cuts take
          cut_bytes_[segment - 1] += bytes;
          const Status kept = crossing_->append(std::move(crossing));
          keeping += Clock::now() - since;
          return kept;
        };
        auto ran = outputs_of(*engine_, *data_, first, items, inputs, keep);
        if (!ran) return ran.error();
        Tensors& outputs = *ran;
        if (widest > 0) {
          return Error{.kind = ErrorKind::kUsage,
                       .what = "the cache does not hold what crosses one cut",
                       .where = "segment " + std::to_string(widest) + ", " + std::to_string(items) +
                                " items",
                       .expected = "a `cache_limit` of at least " + mebibytes(needed),
                       .found = std::to_string(options_.cache_limit >> 10) + " KiB",
                       .hint = "or fewer items to a run (`batch`)"};
        }
        if (const Status rows = check_rows(outputs, options_.scorer.output, first, items); !rows)
          return rows.error();
        if (const Status agree = model::check_declared(engine_->graph(), outputs); !agree)
          return agree.error();
        if (const Status finite = check_reference(outputs, options_.scorer.output, first); !finite)
          return finite.error();
        if (first == 0) {
          if (const Status apart =
                  check_items_are_independent(batch, outputs, options_.scorer.output);
              !apart)
            return apart.error();
        }
        Divergence none{std::vector<double>(data_->unit_count(), 0),
                        std::vector<double>(data_->unit_count(), 0)};
        if (const Status scored = add(none, first, inputs, outputs, outputs); !scored)
          return scored.error();
        fp32_seconds_ += std::chrono::duration<double>(Clock::now() - start - keeping).count();
        Tensors kept;
        kept[options_.scorer.output] = std::move(outputs.at(options_.scorer.output));
        if (const Status stored = outputs_->append(std::move(kept)); !stored) return stored.error();
        return advance(items);
      });
}

Status Prober::add(Divergence& divergence, std::size_t first_item, const Tensors& inputs,
                   const Tensors& reference, const Tensors& outputs) const {
  const auto found = outputs.find(options_.scorer.output);
  if (found == outputs.end() || !reference.contains(options_.scorer.output)) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the model has no output '" + options_.scorer.output + "'"};
  }
  const std::size_t expected = std::min(batch_, data_->items() - first_item);
  for (const Tensors* each : {&reference, &outputs}) {
    if (const Status rows = check_rows(*each, options_.scorer.output, first_item, expected); !rows)
      return rows.error();
  }
  auto items = metrics::divergence(options_.task, options_.scorer, inputs,
                                   reference.at(options_.scorer.output), found->second, first_item);
  if (!items) return items.error();
  for (std::size_t i = 0; i < items->size(); ++i) {
    const std::size_t unit = data_->units()[first_item + i];
    divergence.sums[unit] += (*items)[i].sum;
    divergence.counts[unit] += (*items)[i].count;
  }
  return success();
}

std::size_t Prober::first_segment(const quant::Recipe& recipe) const {
  const model::Graph& graph = engine_->graph();
  std::size_t first = engine_->segment_count() - 1;
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const model::Layer& layer = graph.layers[l];
    const bool named = recipe.activations.contains(layer.name) ||
                       (layer.weight && recipe.weights.contains(graph.weights[*layer.weight].name));
    if (named && engine_->chosen(l)) first = std::min(first, engine_->segment_of(l));
  }
  return first;
}

Result<Divergence> Prober::measure(const quant::Recipe& recipe, std::size_t first,
                                   const Advance& advance, const Stop& stop) {
  if (first > cut_bytes_.size()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the model is not cut into that many segments",
                 .expected = "below " + std::to_string(cut_bytes_.size() + 1),
                 .found = std::to_string(first)};
  }
  if (const Status applied = engine_->apply(recipe); !applied) return applied.error();
  return within_memory(data_->description().path, [&] { return run_from(first, advance, stop); });
}

Result<Divergence> Prober::run_from(std::size_t first, const Advance& advance, const Stop& stop) {
  Divergence divergence{std::vector<double>(data_->unit_count(), 0),
                        std::vector<double>(data_->unit_count(), 0)};
  for (std::size_t done = 0; done < order_.size(); ++done) {
    const std::size_t index = order_[done], first_item = index * batch_;
    const std::size_t items = std::min(batch_, data_->items() - first_item);
    auto inputs = data_->batch(first_item, items);
    if (!inputs) return inputs.error();
    Tensors crossing_buffer;
    Result<const Tensors*> crossing = &crossing_buffer;
    if (first > 0)
      crossing = crossing_->read(index * cut_bytes_.size() + first - 1, crossing_buffer);
    if (!crossing) return crossing.error();
    auto outputs = engine_->run_from(first, *inputs, **crossing);
    if (!outputs) return of_data(in_items(outputs.error(), first_item, items), *data_);
    auto reference = outputs_->read(index, read_buffer_);
    if (!reference) return reference.error();
    if (const Status added = add(divergence, first_item, *inputs, **reference, *outputs); !added)
      return of_data(added.error(), *data_);
    ++suffix_runs_;
    if (const Status going = advance(items); !going) return going.error();
    if (stop && done + 1 < order_.size() && stop(divergence)) break;
  }
  return divergence;
}

}  // namespace posittune::evaluation

// Windows of channels, and whole mixes.

#include <algorithm>
#include <numeric>
#include <utility>

#include "posittune/base/mix.h"
#include "posittune/sensitivity/analysis.h"
#include "posittune/sensitivity/measured.h"

namespace posittune::sensitivity {
namespace {

double part_sum(const std::vector<double>& values, std::size_t first, std::size_t count) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(first);
  return std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(count), 0.0);
}

struct Window {
  std::size_t weight = 0, first = 0, count = 0;
  double score = 0, error = 0;  // what upgrading it gains, per added bit
  std::uint64_t lot = 0;
};

// Windows of neighbouring rows of a weight, ascending.
std::vector<quant::RowWindow> row_windows(const std::vector<Window>& windows, std::size_t upgraded,
                                          std::size_t weight, const Candidate& into) {
  std::vector<quant::RowWindow> rows;
  for (std::size_t i = 0; i < upgraded; ++i) {
    if (windows[i].weight == weight)
      rows.push_back({windows[i].first, windows[i].count, into.format(), into.weight.rule,
                      into.weight.alternatives});
  }
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return rows;
}

quant::Recipe upgraded_recipe(const engine::Engine& engine, const std::vector<Site>& weights,
                              const Candidate& from, const Candidate& into,
                              const std::vector<Window>& windows, std::size_t upgraded) {
  quant::Recipe recipe;
  for (const Site& site : weights) {
    quant::WeightSetting setting = from.weight;
    setting.windows = row_windows(windows, upgraded, *site.weight, into);
    recipe.weights[engine.graph().weights[*site.weight].name] = setting;
  }
  return recipe;
}

}  // namespace

Status Analysis::add_channels(std::size_t window, std::size_t exact, records::Sensitivity& to) {
  if (window == 0)
    return Error{.kind = ErrorKind::kUsage,
                 .what = "windows of no channels",
                 .where = "`channels`",
                 .expected = "1 or more"};
  constexpr Operand kOnly[] = {Operand::kWeight};
  const std::vector<Site> weights = list_sites(*in_.engine, kOnly);
  const bool gains = options_.tier != Tier::kProxy;
  const auto advance = in_.report("channels", weights.size() * options_.candidates.size());
  for (const Candidate& candidate : options_.candidates) {
    std::vector<std::pair<Window, std::size_t>> found;
    for (const Site& site : weights) {
      auto error = error_of(site, candidate, true);
      if (!error) return error.error();
      auto gain = gains ? gain_of(site, candidate)
                        : Result<double>(error->signal > 0 ? 1 / error->signal : 0);
      if (!gain) return gain.error();
      for (std::size_t first = 0; first < error->channels.size(); first += window) {
        const std::size_t count = std::min(window, error->channels.size() - first);
        records::ChannelRow row;
        const records::SensitivityRow of =
            describe(site, candidate, gains ? Tier::kGain : Tier::kProxy);
        row.layer = of.layer;
        row.weight = of.weight;
        row.format = of.format;
        row.scale = of.scale;
        row.granularity = of.granularity;
        row.tier = of.tier;
        row.low = row.high = of.low;
        row.first = first;
        row.count = count;
        row.error = part_sum(error->channels, first, count);
        row.score = *gain * row.error;
        found.push_back({{*site.weight, first, count, row.score}, to.channels.size()});
        to.channels.push_back(std::move(row));
      }
      if (const Status going = advance(1); !going) return going.error();
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first.score > b.first.score; });
    found.resize(std::min(found.size(), exact));
    for (const auto& [at, index] : found) {
      auto measured = measure(window_recipe(*in_.engine, at.weight, candidate, at.first, at.count),
                              true, {}, Tier::kExact, in_.report("", 0));
      if (!measured) return measured.error();
      records::ChannelRow row = to.channels[index];
      row.tier = name(Tier::kExact);
      row.score = measured->divergence.mean();
      row.low = std::max(0.0, row.score - measured->divergence.half_width(kInterval));
      row.high = row.score + measured->divergence.half_width(kInterval);
      to.channels.push_back(std::move(row));
    }
  }
  return success();
}

Status Analysis::add_mixes(std::size_t count, records::Sensitivity& to) {
  constexpr Operand kOnly[] = {Operand::kWeight};
  const std::vector<Site> weights = list_sites(*in_.engine, kOnly);
  std::vector<Candidate> choices;
  for (const Candidate& candidate : options_.candidates) {
    if (candidate.format().bits >= 4 && candidate.format().bits <= 8) choices.push_back(candidate);
  }
  if (choices.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "mixes are made of formats of 4 to 8 bits, and none is among `formats`",
                 .where = "`mixes`"};
  }
  const auto advance = in_.report("mixes", count * search_items());
  for (std::size_t m = 0; m < count; ++m) {
    quant::Recipe mix;
    records::MixRecord record;
    // Half of the mixes lean to the cheap end, half to the dear one, so that they differ in bits.
    std::stable_sort(choices.begin(), choices.end(), [](const auto& a, const auto& b) {
      return a.format().bits < b.format().bits;
    });
    for (const Site& site : weights) {
      const std::uint64_t draw =
          posittune::mix((m * 100'003 + *site.weight + 1) * kGolden + options_.seed);
      const std::size_t a = draw % choices.size(), b = (draw >> 32) % choices.size();
      const Candidate& chosen = choices[m % 3 == 0   ? a
                                        : m % 3 == 1 ? std::min(a, b)
                                                     : std::max(a, b)];
      mix.weights[in_.engine->graph().weights[*site.weight].name] = chosen.weight;
      auto score = predicted(site, chosen);
      if (!score) return score.error();
      record.predicted += *score;
    }
    auto measured = measure(mix, true, {}, Tier::kExact, advance);
    if (!measured) return measured.error();
    record.bits_per_weight = in_.engine->bits_per_weight(mix);
    record.measured = measured->divergence.mean();
    record.low = std::max(0.0, record.measured - measured->divergence.half_width(kInterval));
    record.high = record.measured + measured->divergence.half_width(kInterval);
    to.mixes.push_back(record);
  }
  return success();
}

Status Analysis::add_upgrades(const Candidate& from, const Candidate& into, std::size_t window,
                              std::size_t points, records::Sensitivity& to) {
  constexpr Operand kOnly[] = {Operand::kWeight};
  const std::vector<Site> weights = list_sites(*in_.engine, kOnly);
  std::vector<Window> windows;
  for (const Site& site : weights) {
    auto low = error_of(site, from, true);
    if (!low) return low.error();
    auto high = error_of(site, into, true);
    if (!high) return high.error();
    auto gain = gain_of(site, from);
    if (!gain) return gain.error();
    auto plain_low = rounding_error(*site.weight, from.weight);
    if (!plain_low) return plain_low.error();
    auto plain_high = rounding_error(*site.weight, into.weight);
    if (!plain_high) return plain_high.error();
    const std::size_t cols = in_.engine->graph().weights[*site.weight].cols;
    for (std::size_t first = 0; first < low->channels.size(); first += window) {
      const std::size_t count = std::min(window, low->channels.size() - first);
      const auto bits = static_cast<double>(
          count * cols * static_cast<std::size_t>(into.format().bits - from.format().bits));
      const auto gained = [&](const std::vector<double>& before, const std::vector<double>& after) {
        return (part_sum(before, first, count) - part_sum(after, first, count)) / bits;
      };
      windows.push_back({*site.weight, first, count, *gain * gained(low->channels, high->channels),
                         gained(*plain_low, *plain_high),
                         mix((windows.size() + 1) * kGolden + options_.seed)});
    }
  }
  const std::vector<std::pair<std::string, bool (*)(const Window&, const Window&)>> orders = {
      {"score", [](const Window& a, const Window& b) { return a.score > b.score; }},
      {"error", [](const Window& a, const Window& b) { return a.error > b.error; }},
      {"random", [](const Window& a, const Window& b) { return a.lot < b.lot; }}};
  const auto advance = in_.report("upgrades", orders.size() * (points + 1) * search_items());
  for (const auto& [order, before] : orders) {
    std::stable_sort(windows.begin(), windows.end(), before);
    for (std::size_t p = 0; p <= points; ++p) {
      const std::size_t upgraded = windows.size() * p / points;
      const quant::Recipe recipe =
          upgraded_recipe(*in_.engine, weights, from, into, windows, upgraded);
      auto measured = measure(recipe, true, {}, Tier::kExact, advance);
      if (!measured) return measured.error();
      to.upgrades.push_back(
          {order, upgraded, in_.engine->bits_per_weight(recipe), measured->divergence.mean()});
    }
  }
  return success();
}

}  // namespace posittune::sensitivity

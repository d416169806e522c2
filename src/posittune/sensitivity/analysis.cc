#include "posittune/sensitivity/analysis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

#include "posittune/base/mix.h"
#include "posittune/quant/weight_format.h"
#include "posittune/records/entries.h"
#include "posittune/records/journal.h"
#include "posittune/sensitivity/agreement.h"
#include "posittune/sensitivity/measured.h"

namespace posittune::sensitivity {
namespace {

using evaluation::Divergence;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// In the order in which formats at one site are measured: cheap ones first, which later ones must
// beat.
std::vector<std::size_t> by_bits(const engine::Engine& engine, const Site& site,
                                 const std::vector<Candidate>& candidates) {
  std::vector<double> bits;
  for (const Candidate& candidate : candidates)
    bits.push_back(stored_bits(engine, site, candidate));
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return bits[a] < bits[b]; });
  return order;
}

// What the journal knows, of this session or an earlier one; empty where it has no such entry.
template <class Entry>
Entry kept(records::Journal& journal, const std::string& key) {
  const auto known = journal.find(key);
  const auto entry = known && *known ? records::entry_from<Entry>(**known) : Result<Entry>(Entry{});
  return entry ? *entry : Entry{};
}

}  // namespace

Analysis::Analysis(Inputs inputs, Options options)
    : in_(std::move(inputs)),
      options_(std::move(options)),
      sites_(list_sites(*in_.engine, options_.operands)),
      figures_(in_.figures) {
  if (figures_ == nullptr) {
    // In the other tiers FP32's run of the search data is looked at.
    own_figures_ = figures_of({in_.engine, in_.calibrate, in_.search, options_.batch,
                               options_.tier == Tier::kProxy, options_.prober, in_.report});
    figures_ = own_figures_.get();
  }
  for (const Tier tier : {Tier::kProxy, Tier::kGain, Tier::kExact})
    costs_[tier].tier = std::string(name(tier));
}

Analysis::~Analysis() = default;

std::size_t Analysis::search_items() const {
  return in_.search == nullptr ? 0 : in_.search->items();
}

// The product of two inputs has no weights that errors go through.
bool Analysis::has_proxy(const Site& site) const { return site.weight.has_value(); }

Result<SiteError> Analysis::error_of(const Site& site, const Candidate& candidate, bool channels) {
  const std::string at = key("proxy", recipe_of(*in_.engine, site, candidate), false);
  auto known = in_.journal->find(at);
  if (!known) return known.error();
  if (*known && !channels) {
    if (const auto before = records::entry_from<records::SiteErrorEntry>(**known)) {
      costs_[Tier::kProxy].seconds += before->seconds;
      return SiteError{before->error, before->signal, {}};
    }
    // Not what we write: made again.
  }
  if (const Status ready = calibrate(); !ready) return ready.error();
  const Stopwatch time(costs_[Tier::kProxy]);
  SiteError sum;
  for (const std::size_t l : site.layers) {
    if (site.operand != Operand::kActivation) {
      auto error = figures_->weight_error(l, candidate.weight);
      if (!error) return error.error();
      sum.error += error->error;
      sum.signal += error->signal;
      sum.channels.resize(error->channels.size(), 0);
      for (std::size_t c = 0; c < error->channels.size(); ++c)
        sum.channels[c] += error->channels[c];
    }
    if (site.operand != Operand::kWeight && in_.engine->graph().layers[l].kind->operands > 0) {
      auto error = figures_->activation_error(l, candidate.activation);
      if (!error) return error.error();
      sum.error += error->error;
      if (site.operand == Operand::kActivation) sum.signal += error->signal;
    }
  }
  const records::SiteErrorEntry entry{
      .error = sum.error, .signal = sum.signal, .seconds = time.seconds()};
  if (const Status done = in_.journal->put(at, "proxy", records::entry_text(entry)); !done)
    return done.error();
  return sum;
}

Result<std::vector<double>> Analysis::rounding_error(std::size_t weight,
                                                     const quant::WeightSetting& setting) {
  if (const Status ready = calibrate(); !ready) return ready.error();  // scales may depend on it
  return figures_->rounding_error(weight, setting);
}

Result<Analysis::Measured> Analysis::measure_gain(const quant::Recipe& recipe) {
  const std::size_t items = search_items();
  const auto quiet = in_.report("", 0);
  if (options_.gain_items == 0 || options_.gain_items >= items)
    return measure(recipe, "whole", Tier::kGain, quiet, {});
  std::size_t seen = 0;
  const auto counted = [&](std::size_t some) {
    seen += some;
    return quiet(some);
  };
  return measure(recipe, "first " + std::to_string(options_.gain_items), Tier::kGain, counted,
                 [&](const Divergence&) -> std::string {
                   return seen >= options_.gain_items ? "enough" : "";
                 });
}

// The reference, rounded as the weight of `like` is, or scaled as its input. Per token, integers
// are probed by integers: what a scale by the largest value leaves of small ones is another kind of
// error than a posit's.
Candidate Analysis::reference_for(Operand operand, const Candidate& like) const {
  Candidate made = options_.reference;
  if (operand != Operand::kActivation) {
    made.weight.rounding = like.weight.rounding;
    return made;
  }
  made.activation.scale = like.activation.scale;
  if (like.activation.scale != quant::ActivationScale::kToken) return made;
  const formats::Format& format = like.activation.format;
  if (format.family == formats::Family::kInt && format.block == 0) {
    if (auto same = formats::parse_format("int" + std::to_string(made.activation.format.bits)))
      made.activation.format = *same;
  }
  made.activation.rule = quant::token_rule(made.activation.format, quant::ScaleRule::kMse);
  return made;
}

Error Analysis::no_proxy(const Site& site) const {
  return {
      .kind = ErrorKind::kUnsupported,
      .what = "a product of two inputs has no error at weights that its score could follow from",
      .where = "layer '" + in_.engine->graph().layers[site.layers.front()].name + "'"};
}

Result<double> Analysis::gain_of(const Site& site, const Candidate& like) {
  if (!has_proxy(site)) return no_proxy(site);
  const Candidate reference = reference_for(site.operand, like);
  const quant::Recipe recipe = recipe_of(*in_.engine, site, reference);
  const std::string name = quant::to_yaml(recipe);
  if (const auto known = gains_.find(name); known != gains_.end()) return known->second;
  auto error = error_of(site, reference, false);
  if (!error) return error.error();
  auto measured = measure_gain(recipe);
  if (!measured) return measured.error();
  return gains_[name] = error->error > 0 ? measured->divergence.mean() / error->error : 0;
}

Result<double> Analysis::predicted(const Site& site, const Candidate& candidate) {
  if (!has_proxy(site)) return no_proxy(site);
  if (site.operand != Operand::kBoth) {
    auto error = error_of(site, candidate, false);
    if (!error) return error.error();
    if (error->error == 0) return 0.0;
    auto gain = gain_of(site, candidate);
    if (!gain) return gain.error();
    return *gain * error->error;
  }
  auto sum = predicted({Operand::kWeight, site.weight, site.layers}, candidate);
  if (!sum) return sum.error();
  for (const std::size_t l : site.layers) {
    if (in_.engine->graph().layers[l].kind->operands == 0) continue;
    auto input = predicted({Operand::kActivation, site.weight, {l}}, candidate);
    if (!input) return input.error();
    *sum += *input;
  }
  return *sum;
}

records::SensitivityRow Analysis::describe(const Site& site, const Candidate& candidate,
                                           Tier tier) const {
  const model::Graph& graph = in_.engine->graph();
  records::SensitivityRow row;
  row.layer = graph.layers[site.layers.front()].name;
  row.weight = site.weight ? graph.weights[*site.weight].name : "";
  row.format = site.operand == Operand::kActivation ? formats::name(candidate.format())
                                                    : quant::format_text(candidate.weight);
  if (site.operand != Operand::kActivation) row.rounding = quant::rounding_text(candidate.weight);
  row.scale = quant::name(site.operand == Operand::kActivation ? candidate.activation.rule
                                                               : candidate.weight.rule);
  row.granularity =
      site.operand == Operand::kActivation ? "tensor" : quant::name(candidate.weight.granularity);
  row.what = name(site.operand);
  row.tier = name(tier);
  row.low = row.high = row.error = row.signal = kUnknown;
  row.bits = stored_bits(*in_.engine, site, candidate);
  row.parameters = site.operand == Operand::kActivation ? 0 : graph.weights[*site.weight].size();
  return row;
}

records::SensitivityRow Analysis::exact_row(const Site& site, const Candidate& candidate,
                                            const Measured& measured) const {
  records::SensitivityRow row = describe(site, candidate, Tier::kExact);
  const Divergence& divergence = measured.divergence;
  row.score = divergence.mean();
  row.low = std::max(0.0, row.score - divergence.half_width(kInterval));
  row.high = row.score + divergence.half_width(kInterval);
  row.units = divergence.units();
  row.stopped = measured.stopped;
  return row;
}

Status Analysis::add_proxies(records::Sensitivity& to) {
  const auto advance = in_.report("proxy", sites_.size() * options_.candidates.size());
  for (const Site& site : sites_) {
    for (const Candidate& candidate : options_.candidates) {
      if (const Status going = advance(1); !going) return going.error();
      if (!has_proxy(site)) continue;
      auto error = error_of(site, candidate, false);
      if (!error) return error.error();
      records::SensitivityRow row = describe(site, candidate, Tier::kProxy);
      row.error = error->error;
      row.signal = error->signal;
      row.score = error->signal > 0 ? error->error / error->signal : 0;
      to.rows.push_back(std::move(row));
    }
  }
  return success();
}

Status Analysis::add_gains(records::Sensitivity& to) {
  const auto advance = in_.report("gain", sites_.size());
  std::vector<records::SensitivityRow> rows;
  for (const Site& site : sites_) {
    for (const Candidate& candidate : options_.candidates) {
      if (!has_proxy(site)) continue;
      auto score = predicted(site, candidate);
      if (!score) return score.error();
      auto error = error_of(site, candidate, false);
      if (!error) return error.error();
      records::SensitivityRow row = describe(site, candidate, Tier::kGain);
      row.score = *score;
      row.error = error->error;
      row.signal = error->signal;
      to.rows.push_back(std::move(row));
    }
    if (const Status going = advance(1); !going) return going.error();
  }
  return success();
}

Status Analysis::add_exact(const std::vector<Site>& sites, records::Sensitivity& to) {
  const std::size_t items = search_items();
  const auto advance = in_.report("exact", sites.size() * options_.candidates.size() * items);
  for (const Site& site : sites) {
    std::vector<Measured> rivals;
    std::string beside;  // which rivals: a verdict against others is another one
    for (const std::size_t c : by_bits(*in_.engine, site, options_.candidates)) {
      const Candidate& candidate = options_.candidates[c];
      std::size_t seen = 0;
      const auto counted = [&](std::size_t some) {
        seen += some;
        return advance(some);
      };
      auto measured = measure(recipe_of(*in_.engine, site, candidate), options_.precision <= 0,
                              rivals, Tier::kExact, counted, beside);
      if (!measured) return measured.error();
      if (const Status going = advance(items - seen); !going) return going.error();
      to.rows.push_back(exact_row(site, candidate, *measured));
      if (measured->stopped == "dominated") continue;
      rivals.push_back(std::move(*measured));
      beside += key("rival", recipe_of(*in_.engine, site, candidate), true);
    }
  }
  return success();
}

std::vector<std::pair<const Site*, const Candidate*>> Analysis::drawn_pairs(
    std::size_t count) const {
  std::vector<std::size_t> pairs(sites_.size() * options_.candidates.size());
  std::iota(pairs.begin(), pairs.end(), std::size_t{0});
  const auto lot = [&](std::size_t pair) { return mix((pair + 1) * kGolden + options_.seed); };
  std::sort(pairs.begin(), pairs.end(),
            [&](std::size_t a, std::size_t b) { return lot(a) < lot(b); });
  std::vector<std::pair<const Site*, const Candidate*>> drawn;
  for (std::size_t i = 0; i < std::min(pairs.size(), count); ++i) {
    drawn.emplace_back(&sites_[pairs[i] / options_.candidates.size()],
                       &options_.candidates[pairs[i] % options_.candidates.size()]);
  }
  return drawn;
}

Status Analysis::add_spot_checks(records::Sensitivity& to) {
  const auto pairs = drawn_pairs(options_.spot_checks);
  const auto advance = in_.report("spot checks", pairs.size() * search_items());
  for (const auto& [site, candidate] : pairs) {
    auto measured =
        measure(recipe_of(*in_.engine, *site, *candidate), true, {}, Tier::kExact, advance);
    if (!measured) return measured.error();
    to.rows.push_back(exact_row(*site, *candidate, *measured));
  }
  return success();
}

Status Analysis::run_naively(records::Sensitivity& to) {
  const auto pairs = drawn_pairs(options_.naive);
  if (const Status ran = run_fp32(); !ran) return ran.error();
  if (const Status ready = calibrate(); !ready && in_.calibrate != nullptr) return ready.error();
  records::TierCost cost{.tier = "naive"};
  const auto advance = in_.report("naive", pairs.size() * search_items());
  for (const auto& [site, candidate] : pairs) {
    const Stopwatch time(cost);
    auto measured =
        figures_->divergence(recipe_of(*in_.engine, *site, *candidate), true, advance, {});
    if (!measured) return measured.error();
    ++cost.probes;
  }
  cost.evaluations = cost.seconds / fp32_->seconds;
  to.costs.push_back(cost);
  return success();
}

void Analysis::add_agreement(records::Sensitivity& to) const {
  using Pair = std::array<std::string, 4>;
  std::map<std::string, std::map<std::string, std::map<Pair, double>>> scores;  // what, tier
  for (const auto& row : to.rows)
    scores[row.what][row.tier][{row.layer, row.weight, row.format, row.scale}] = row.score;
  constexpr std::array<std::pair<Tier, Tier>, 3> kPairs = {
      {{Tier::kProxy, Tier::kGain}, {Tier::kGain, Tier::kExact}, {Tier::kProxy, Tier::kExact}}};
  for (auto& [what, tiers] : scores) {
    for (const auto& [cheap, dear] : kPairs) {
      std::vector<double> x, y;
      for (const auto& [pair, score] : tiers[std::string(name(cheap))]) {
        const auto& others = tiers[std::string(name(dear))];
        if (const auto other = others.find(pair); other != others.end()) {
          x.push_back(score);
          y.push_back(other->second);
        }
      }
      if (x.empty()) continue;
      records::AgreementRecord record = agreement(x, y);
      record.tier = name(cheap);
      record.reference = name(dear);
      record.what = what;
      to.agreement.push_back(std::move(record));
    }
  }
}

std::vector<records::TierCost> Analysis::costs() const {
  records::Sensitivity of;
  set_costs(of);
  return of.costs;
}

void Analysis::set_costs(records::Sensitivity& to) const {
  std::erase_if(to.costs, [](const records::TierCost& cost) { return cost.tier != "naive"; });
  const double fp32 = kept<records::Fp32Entry>(*in_.journal, key("FP32", {}, true)).seconds;
  auto at = to.costs.begin();
  for (const auto& [tier, cost] : costs_) {
    if (tier > options_.tier && cost.probes == 0) continue;
    at = to.costs.insert(at, cost) + 1;
    if (tier == Tier::kProxy && !calibrated_)
      at[-1].seconds +=
          kept<records::CalibrationEntry>(*in_.journal, key("calibration", {}, false)).seconds;
    at[-1].evaluations = fp32 > 0 ? at[-1].seconds / fp32 : 0;
  }
}

Result<records::Sensitivity> Analysis::run() {
  records::Sensitivity result;
  const bool proxies = in_.calibrate != nullptr || options_.tier != Tier::kExact;
  if (proxies) {
    if (const Status done = add_proxies(result); !done) return done.error();
  }
  if (proxies && options_.tier != Tier::kProxy) {
    if (const Status done = add_gains(result); !done) return done.error();
  }
  if (options_.tier == Tier::kGain) {
    // Products of two inputs have no error at weights that a gain could turn into KL.
    std::vector<Site> others;
    std::copy_if(sites_.begin(), sites_.end(), std::back_inserter(others),
                 [&](const Site& site) { return !has_proxy(site); });
    if (!others.empty()) {
      if (const Status done = add_exact(others, result); !done) return done.error();
    }
  }
  if (options_.tier == Tier::kGain && options_.spot_checks > 0) {
    if (const Status done = add_spot_checks(result); !done) return done.error();
  }
  if (options_.tier == Tier::kExact) {
    if (const Status done = add_exact(sites_, result); !done) return done.error();
  }
  add_agreement(result);
  const std::vector<std::uint64_t> bytes =
      kept<records::Fp32Entry>(*in_.journal, key("FP32", {}, true)).cut_bytes;
  for (std::size_t s = 1; s < in_.engine->segment_count(); ++s) {
    result.cuts.push_back(
        {in_.engine->cut_before(s).tensors, s <= bytes.size() ? bytes[s - 1] : 0});
  }
  set_costs(result);
  if (options_.naive > 0) {
    if (const Status done = run_naively(result); !done) return done.error();
  }
  return result;
}

}  // namespace posittune::sensitivity

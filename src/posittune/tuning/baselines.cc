#include "posittune/tuning/baselines.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "posittune/search/baselines.h"

namespace posittune::tuning {
namespace {

using sensitivity::Operand;
using sensitivity::Site;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kFlexPositWindow = 64;

double decibel(double signal, double noise) {
  return noise > 0 ? 10 * std::log10(signal / noise) : std::numeric_limits<double>::infinity();
}

Plan plan_of(const MixSpace& space, std::string method, const std::string& budget,
             const search::Choice& choice) {
  Plan plan{.method = std::move(method),
            .budget = budget,
            .recipe = space.recipe(choice),
            .predicted = 0,
            .gap = kUnknown,
            .choice = choice};
  for (std::size_t g = 0; g < choice.size(); ++g)
    plan.predicted += space.grouped().groups[g][choice[g]].loss;
  return plan;
}

// What one decision's option does to the weight alone.
struct Noise {
  double weight = 0;  // |dW|^2
  double inputs = 0;  // error over signal at the outputs, from rounded inputs
};

Result<Noise> noise_of(const BaselineInputs& in, const MixSpace::Place& place,
                       const MixSpace::Setting& setting) {
  Noise noise;
  auto rounding = in.analysis->rounding_error(place.weight, setting.weight);
  if (!rounding) return rounding.error();
  noise.weight = std::accumulate(rounding->begin(), rounding->end(), 0.0);
  for (std::size_t l : place.layers) {
    if (!setting.activation || in.engine->graph().layers[l].kind->operands == 0) continue;
    auto error = in.analysis->error_of({Operand::kActivation, place.weight, {l}},
                                       {setting.weight, *setting.activation}, false);
    if (!error) return error.error();
    noise.inputs += error->signal > 0 ? error->error / error->signal : 0;
  }
  return noise;
}

}  // namespace

std::vector<Plan> uniform_plans(const MixSpace& space) {
  std::vector<Plan> plans;
  for (const std::string& label : space.labels()) {
    if (const auto choice = space.uniform(label))
      plans.push_back(plan_of(space, "uniform " + label, "", *choice));
  }
  return plans;
}

Result<BaselineScores> measure_baseline_scores(const BaselineInputs& in, const Advance& advance) {
  if (const Status ready = in.analysis->calibrate(); !ready)
    return ready.error();  // rounding errors depend on it
  const search::Grouped& grouped = in.space->grouped();
  BaselineScores made{.sizes = {}, .sqnr = {}, .trace = grouped.groups};
  for (std::size_t g = 0; g < grouped.groups.size(); ++g) {
    double size = 0, signal = 0;
    std::vector<Noise> noises(grouped.groups[g].size());
    std::vector<double> traces(grouped.groups[g].size(), 0);
    for (std::size_t m = 0; m < grouped.members[g].size(); ++m) {
      const std::size_t d = grouped.members[g][m];
      const MixSpace::Place& place = in.space->places()[d];
      const Site site{Operand::kWeight, place.weight, place.layers};
      const double square = in.squares[place.weight];
      signal += square;
      size += static_cast<double>(in.engine->graph().weights[place.weight].size());
      for (std::size_t j = 0; j < noises.size(); ++j) {
        const MixSpace::Setting& setting =
            in.space->setting(in.space->space().decisions[d].labels[grouped.option_of[g][j][m]]);
        auto noise = noise_of(in, place, setting);
        if (!noise) return noise.error();
        const sensitivity::Candidate candidate{setting.weight, {.format = setting.weight.format}};
        auto gain = in.analysis->gain_of(site, candidate);
        if (!gain) return gain.error();
        auto error = in.analysis->error_of(site, candidate, false);
        if (!error) return error.error();
        noises[j].weight += noise->weight;
        noises[j].inputs += noise->inputs;
        traces[j] += square > 0 ? *gain * error->signal / square * noise->weight : 0;
      }
      if (const Status going = advance(1); !going) return going.error();
    }
    made.sizes.push_back(size);
    made.sqnr.emplace_back();
    for (std::size_t j = 0; j < noises.size(); ++j) {
      made.sqnr.back().push_back(
          decibel(1, (signal > 0 ? noises[j].weight / signal : 0) + noises[j].inputs));
      made.trace[g][j].loss = traces[j] + noises[j].inputs;
    }
  }
  return made;
}

Result<std::vector<Plan>> rule_plans(const BaselineInputs& in, const BaselineScores& scores,
                                     double limit, const std::string& budget) {
  const search::Groups& groups = in.space->grouped().groups;
  std::vector<Plan> plans;
  const search::RuleInputs rule_inputs{.groups = groups,
                                       .budget = limit,
                                       .sizes = scores.sizes,
                                       .sqnr = scores.sqnr,
                                       .trace = scores.trace,
                                       .seed = in.seed};
  for (const search::Rule& rule : search::rules()) {
    auto choice = rule.choose(rule_inputs);
    if (!choice) return choice.error();
    plans.push_back(plan_of(*in.space, std::string(rule.name), budget, *choice));
  }
  return plans;
}

FlexPosit flexposit_scheme(Cost cost) {
  FlexPosit scheme;
  for (const int bits : {4, 5}) {
    quant::WeightSetting setting;
    setting.format = *formats::parse_format("posit<" + std::to_string(bits) + ",1>");
    setting.rule = quant::ScaleRule::kMsePow2;
    setting.granularity = quant::Granularity::kChannel;
    scheme.choices.weights.push_back(setting);
  }
  scheme.options.costs = {cost};
  scheme.options.window = kFlexPositWindow;
  return scheme;
}

Plan flexposit_plan(const MixSpace& windows, double limit, const std::string& budget) {
  const search::Groups& groups = windows.grouped().groups;
  std::vector<search::Change> order;
  for (std::size_t g = 0; g < groups.size(); ++g) order.push_back({g, 1});
  std::ranges::stable_sort(order, [&](const auto& a, const auto& b) {
    return groups[a.group][0].loss > groups[b.group][0].loss;
  });
  Plan plan =
      plan_of(windows, "FlexPosit scheme", budget,
              search::choice_by_order(groups, 0, limit, search::Choice(groups.size(), 0), order));
  plan.choice.clear();
  return plan;
}

}  // namespace posittune::tuning

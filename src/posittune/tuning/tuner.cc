#include "posittune/tuning/tuner.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

#include "posittune/records/journal.h"
#include "posittune/search/contest.h"
#include "posittune/search/refine.h"
#include "posittune/tuning/baselines.h"
#include "posittune/tuning/report_once.h"
#include "posittune/tuning/row_maker.h"

namespace posittune::tuning {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
// Half width, in standard errors, of decisions that may be taken early; see sensitivity/measured.h.
constexpr double kSequential = 2.56;
constexpr std::size_t kCheapEntrants = 2;  // uniform formats that are measured beside each search
constexpr std::size_t kDropPoints = 65;    // of the front in which an allowed drop is searched

// The costs that the budgets name, each once, the first of each list first.
std::vector<Cost> costs_of(const Options& options) {
  std::vector<Cost> costs;
  const auto add = [&costs](Cost cost) {
    if (std::ranges::find(costs, cost) == costs.end()) costs.push_back(cost);
  };
  for (const auto& budgets : options.budgets) {
    for (const Budget& budget : budgets) add(budget.cost);
  }
  if (options.pareto > 0 || options.max_drop || costs.empty()) add(options.cost);
  return costs;
}

class Tuner {
 public:
  Tuner(const Inputs& in, const Options& options)
      : in_(in),
        options_(options),
        costs_(costs_of(options)),
        analysis_(analysis_inputs(), options.analysis),
        rows_(in, options, analysis_) {}

  Result<Outcome> run() {
    if (const Status built = build(); !built) return built.error();
    for (const auto& budgets : options_.budgets) {
      if (const Status done = search_within(budgets); !done) return done.error();
    }
    if (options_.pareto > 0) {
      if (const Status done = search_front(); !done) return done.error();
    }
    if (options_.max_drop) {
      if (const Status done = search_drop(); !done) return done.error();
    }
    if (options_.baselines) {
      if (const Status done = add_baselines(); !done) return done.error();
    }
    for (const Searched& each : searched_) {
      if (const Status done = contest(each); !done) return done.error();
    }
    if (const Status done = measure(); !done) return done.error();
    outcome_.result.costs = analysis_.costs();
    add_scores();
    return std::move(outcome_);
  }

 private:
  sensitivity::Inputs analysis_inputs() const {
    return {.engine = in_.engine,
            .calibrate = in_.calibrate,
            .search = in_.search,
            .journal = in_.journal,
            .identity = in_.identity,
            .report = in_.progress,
            .figures = in_.figures};
  }

  Status build() {
    SpaceOptions space = options_.space;
    space.costs = costs_;
    constexpr sensitivity::Operand kWeights[] = {sensitivity::Operand::kWeight};
    const auto advance =
        in_.progress("scores", sensitivity::list_sites(*in_.engine, kWeights).size());
    auto built =
        MixSpace::build(analysis_, *in_.engine, *in_.model, options_.choices, space, advance);
    if (!built) return built.error();
    space_.emplace(std::move(*built));
    return success();
  }

  const search::Groups& groups() const { return space_->grouped().groups; }

  std::size_t index_of(Cost cost) const {
    return static_cast<std::size_t>(std::ranges::find(costs_, cost) - costs_.begin());
  }

  // Shares of the whole model in one format.
  Result<double> shares_of(Cost cost, const formats::Format& format) {
    auto sum = in_.model->fixed_cost();
    if (!sum) return sum.error();
    std::optional<quant::WeightSetting> weight;
    std::optional<quant::ActivationSetting> activation;
    if (format != formats::fp32()) {
      weight = options_.choices.weights.front();
      weight->format = format;
      weight->alternatives.clear();
      activation = quant::ActivationSetting{.format = format};
    }
    for (std::size_t w = 0; w < in_.engine->graph().weights.size(); ++w) {
      auto part = in_.model->site_cost(
          w, weight, options_.choices.activations.empty() ? std::nullopt : activation);
      if (!part) return part.error();
      *sum += *part;
    }
    return share(cost, *sum);
  }

  // The most that decisions may take of a cost.
  Result<double> limit_of(const Budget& budget) {
    double limit = limit_of_shares(budget, in_.size);
    if (budget.relative_to) {
      auto whole = shares_of(budget.cost, *budget.relative_to);
      if (!whole) return whole.error();
      limit = budget.amount * *whole;
    }
    return limit - space_->fixed_shares()[index_of(budget.cost)];
  }

  Plan plan_of(std::string method, std::string budget, const search::Choice& choice,
               double gap) const {
    Plan plan{.method = std::move(method),
              .budget = std::move(budget),
              .recipe = space_->recipe(choice),
              .predicted = 0,
              .gap = gap,
              .choice = choice};
    for (std::size_t g = 0; g < choice.size(); ++g) plan.predicted += groups()[g][choice[g]].loss;
    if (plan.predicted >= MixSpace::kRuledOut)
      plan.predicted = std::numeric_limits<double>::infinity();
    return plan;
  }

  Status search_within(const std::vector<Budget>& budgets) {
    std::vector<double> limits(costs_.size(), std::numeric_limits<double>::infinity());
    for (const Budget& budget : budgets) {
      auto limit = limit_of(budget);
      if (!limit) return limit.error();
      double& of = limits[index_of(budget.cost)];
      of = std::min(of, *limit);
    }
    const std::string text = to_text(budgets);
    auto solved = search::solve({groups(), limits}, options_.solve);
    if (!solved) {
      if (solved.error().kind != ErrorKind::kUsage) return solved.error();
      return take_nearest(budgets, limits);
    }
    search::Choice choice = solved->choice;
    plans_.push_back(plan_of("search", text, choice, solved->gap()));
    if (options_.refine > 0) {
      if (const Status done = refine(choice, limits, text, solved->gap()); !done) return done;
    }
    searched_.push_back({plans_.size() - 1, limits});
    return success();
  }

  // No assignment keeps to the budgets: the cheapest of the first one that is broken.
  Status take_nearest(const std::vector<Budget>& budgets, const std::vector<double>& limits) {
    Error missed{.kind = ErrorKind::kUsage,
                 .what = "a budget that no assignment meets",
                 .where = to_text(budgets)};
    std::size_t broken = index_of(budgets.front().cost);
    bool alone = false;
    for (const Budget& budget : budgets) {
      const std::size_t k = index_of(budget.cost);
      double least = 0;
      for (const auto& options : groups())
        least += std::ranges::min_element(options, {}, [k](const auto& o) {
                   return o.costs[k];
                 })->costs[k];
      if (least <= limits[k] || alone) continue;
      alone = true;
      broken = k;
      missed.where = to_text({budget});
      const Cost cost = budget.cost;
      missed.expected =
          "at least " +
          tuning::amount_text(cost,
                              amount_of_shares(cost, least + space_->fixed_shares()[k], in_.size));
      missed.found = tuning::amount_text(
          cost, amount_of_shares(cost, limits[k] + space_->fixed_shares()[k], in_.size));
      missed.hint = traits(cost).inputs_alone && options_.choices.activations.empty()
                        ? "`what=wa`: inputs are in FP32 now"
                        : "cheaper `formats`; layers that are not quantized count in FP32";
    }
    if (!alone) missed.what = "budgets that no assignment meets together";
    outcome_.missed.push_back(missed);
    plans_.push_back(
        plan_of("search", to_text(budgets), search::cheapest_choice(groups(), broken), kUnknown));
    return success();
  }

  static std::string fmt_number(double value) {
    std::string text = std::to_string(value);
    while (text.find('.') != std::string::npos && (text.back() == '0' || text.back() == '.')) {
      const bool point = text.back() == '.';
      text.pop_back();
      if (point) break;
    }
    return text;
  }

  static std::string short_number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
  }

  std::string describe(const std::vector<search::Change>& changes,
                       const search::Choice& from) const {
    std::string text;
    for (const search::Change& change : changes) {
      const std::size_t d = space_->grouped().members[change.group].front();
      const auto& decision = space_->space().decisions[d];
      const auto label = [&](std::size_t option) {
        return decision.labels[space_->grouped().option_of[change.group][option].front()];
      };
      text += (text.empty() ? "" : "; ") + decision.names.front() + ": " +
              label(from[change.group]) + " -> " + label(change.option);
    }
    return text;
  }

  Status refine(const search::Choice& start, const std::vector<double>& limits,
                const std::string& budget, double gap) {
    const auto advance = in_.progress("refine " + budget, options_.refine);
    const search::Compare compare = [&](const search::Choice& candidate,
                                        const search::Choice& current) -> Result<search::Verdict> {
      auto before = analysis_.kl_of(space_->recipe(current));
      if (!before) return before.error();
      auto after = analysis_.kl_beside(space_->recipe(candidate), space_->recipe(current));
      if (!after) return after.error();
      if (const Status going = advance(1); !going) return going.error();
      // Differences say nothing then: what has NaN or infinities is never taken, and given up for
      // anything without.
      if (before->nonfinite() > 0 || after->nonfinite() > 0) {
        return search::Verdict{after->mean() - before->mean(), kUnknown, after->nonfinite() == 0};
      }
      const auto apart = evaluation::paired(*after, *before, kSequential);
      return search::Verdict{apart.mean, apart.half_width / kSequential,
                             apart.mean + apart.half_width < 0};
    };
    search::RefineOptions how;
    how.trials = options_.refine;
    auto refined = search::refine(groups(), limits, start, compare, how);
    if (!refined) return refined.error();
    search::Choice current = start;
    for (const search::RefineStep& step : refined->steps) {
      const search::Verdict& verdict = step.verdict;
      const double half = kSequential * verdict.deviation;
      outcome_.result.refinement.push_back({describe(step.changes, current), step.predicted,
                                            verdict.difference, verdict.difference - half,
                                            verdict.difference + half,
                                            verdict.better ? "better" : "not better"});
      for (const search::Change& change : step.changes) {
        if (verdict.better) current[change.group] = change.option;
      }
    }
    if (refined->choice != start)
      plans_.push_back(plan_of("search, refined", budget, refined->choice, gap));
    return success();
  }

  Result<std::vector<search::Solution>> front(std::size_t points) const {
    return search::pareto_front(groups(), index_of(options_.cost), points, options_.solve);
  }

  std::string cost_text(const search::Solution& solution) const {
    const std::size_t k = index_of(options_.cost);
    return std::string(name(options_.cost)) + " " +
           fmt_number(
               std::round(1e3 * amount_of_shares(options_.cost,
                                                 solution.costs[k] + space_->fixed_shares()[k],
                                                 in_.size)) /
               1e3);
  }

  Status search_front() {
    auto points = front(options_.pareto);
    if (!points) return points.error();
    for (const search::Solution& each : *points)
      plans_.push_back(plan_of("front", cost_text(each), each.choice, each.gap()));
    return success();
  }

  // The first point of the front, from cheap to dear, whose measured drop on the search split is
  // allowed. The drop is taken to fall with the cost, so that few points are measured.
  Status search_drop() {
    auto points = front(kDropPoints);
    if (!points) return points.error();
    auto evaluator = rows_.evaluate_on(*in_.search, "FP32, for the drop");
    if (!evaluator) return evaluator.error();
    std::size_t low = 0, high = points->size();  // high: the cheapest known to be good
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      auto metrics =
          rows_.metrics_of(*evaluator, *in_.search, space_->recipe((*points)[middle].choice),
                           "drop at " + cost_text((*points)[middle]));
      if (!metrics) return metrics.error();
      if (drop_of(metrics->at(records::primary_metric(*metrics))) <= *options_.max_drop) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    const std::string text = "max-drop " + fmt_number(100 * *options_.max_drop) + "%";
    const bool none = high == points->size();
    if (none) {
      outcome_.missed.push_back({.kind = ErrorKind::kUsage,
                                 .what = "no assignment loses that little on the search split",
                                 .where = text,
                                 .hint = "`formats` of more bits, or a larger `max_drop`"});
    }
    const search::Solution& found = (*points)[none ? points->size() - 1 : high];
    plans_.push_back(plan_of("search", text, found.choice, found.gap()));
    return success();
  }

  Status add_baselines() {
    for (Plan& plan : uniform_plans(*space_)) plans_.push_back(std::move(plan));
    if (options_.budgets.empty()) return success();
    const BaselineInputs with{&analysis_, in_.engine, &*space_, in_.squares, options_.seed};
    auto scores = measure_baseline_scores(with, in_.progress("baselines", groups().size()));
    if (!scores) return scores.error();
    std::optional<MixSpace> windows;
    const Cost first = options_.budgets.front().front().cost;
    if (traits(first).stored && options_.choices.activations.empty()) {
      const FlexPosit scheme = flexposit_scheme(first);
      auto built =
          MixSpace::build(analysis_, *in_.engine, *in_.model, scheme.choices, scheme.options,
                          in_.progress("FlexPosit scheme", groups().size()));
      if (!built) return built.error();
      windows.emplace(std::move(*built));
    }
    for (const auto& budgets : options_.budgets) {
      if (budgets.size() > 1 || index_of(budgets.front().cost) != 0)
        continue;  // rules of thumb know one budget
      auto limit = limit_of(budgets.front());
      if (!limit) return limit.error();
      auto rules = rule_plans(with, *scores, *limit, to_text(budgets));
      if (!rules && rules.error().kind == ErrorKind::kUsage)
        continue;  // said already: the budget cannot be met
      if (!rules) return rules.error();
      for (Plan& plan : *rules) plans_.push_back(std::move(plan));
      if (windows) plans_.push_back(flexposit_plan(*windows, *limit, to_text(budgets)));
    }
    return success();
  }

  void add_scores() {
    std::map<std::pair<std::size_t, std::string>, double> sums;
    for (std::size_t d = 0; d < space_->places().size(); ++d) {
      const search::Decision& decision = space_->space().decisions[d];
      for (std::size_t o = 0; o < decision.labels.size(); ++o)
        sums[{space_->places()[d].weight, decision.labels[o]}] += decision.options[o].loss;
    }
    for (const auto& [place, loss] : sums)
      outcome_.scores.push_back(
          {place.first, place.second, loss >= MixSpace::kRuledOut ? kUnknown : loss});
  }

  // A search that ended, and what it had to keep to.
  struct Searched {
    std::size_t plan = 0;
    std::vector<double> limits;
  };

  // Alternatives within the budgets: with `baselines` all of them, else the kCheapEntrants uniform
  // formats of least predicted loss and AIMET's list.
  std::vector<Plan> entrants(const Searched& searched) const {
    const Plan& found = plans_[searched.plan];
    std::vector<Plan> uniform = uniform_plans(*space_), taken;
    std::erase_if(uniform, [&](const Plan& plan) {
      return !search::fits(groups(), plan.choice, searched.limits) || plan.recipe == found.recipe;
    });
    std::vector<double> forecasts;
    for (const Plan& plan : uniform) forecasts.push_back(plan.predicted);
    for (const std::size_t i :
         search::most_promising(forecasts, options_.baselines ? uniform.size() : kCheapEntrants))
      taken.push_back(uniform[i]);
    const bool one = std::ranges::count_if(searched.limits,
                                           [](double limit) { return std::isfinite(limit); }) == 1;
    if (one && std::isfinite(searched.limits.front()) && !options_.baselines) {
      const search::Choice listed =
          search::choice_by_pareto_list(groups(), 0, searched.limits.front());
      if (search::fits(groups(), listed, searched.limits) && listed != found.choice)
        taken.push_back(plan_of("AIMET list", found.budget, listed, kUnknown));
    }
    for (const Plan& plan : plans_) {
      const bool rule = std::isnan(plan.gap) && plan.budget == found.budget && &plan != &found;
      if (rule && (plan.choice.empty() || search::fits(groups(), plan.choice, searched.limits)))
        taken.push_back(plan);
    }
    return taken;
  }

  // The other way to choose the scales of inputs that calibration chooses; nothing where there are
  // none.
  static std::optional<quant::Recipe> other_scales(const quant::Recipe& recipe) {
    using quant::ActivationScale;
    quant::Recipe other = recipe;
    for (auto& [layer, setting] : other.activations) {
      if (!quant::entry(setting.rule).of_data() || setting.scale == ActivationScale::kToken)
        continue;
      setting.scale = setting.scale == ActivationScale::kStatic ? ActivationScale::kOutput
                                                                : ActivationScale::kStatic;
    }
    return other == recipe ? std::nullopt : std::optional(std::move(other));
  }

  // Takes the entrant if it is measured to be better than what the search ends with, and says which
  // it was.
  Status enter(Plan& found, Plan entrant, const std::string& text) {
    auto before = analysis_.kl_of(found.recipe);
    if (!before) return before.error();
    auto after = analysis_.kl_of(entrant.recipe);
    if (!after) return after.error();
    const auto apart = evaluation::paired(*after, *before, kSequential);
    const double losses[] = {before->mean(), after->mean()};
    const bool better = search::winner(losses) == 1;
    outcome_.result.refinement.push_back(
        {text, entrant.predicted - found.predicted, apart.mean, apart.mean - apart.half_width,
         apart.mean + apart.half_width, better ? "taken" : "not taken"});
    if (!better) return success();
    found.recipe = std::move(entrant.recipe);
    found.predicted = entrant.predicted;
    found.choice = std::move(entrant.choice);
    found.gap = kUnknown;
    return success();
  }

  // What a search ends with is the best measured of its own proposal and the baselines that keep to
  // its budgets; more choices, which may fool the scores, then never end worse.
  Status contest(const Searched& searched) {
    Plan found = plans_[searched.plan];
    auto measured = analysis_.kl_of(found.recipe);
    if (!measured) return measured.error();
    const auto other = other_scales(found.recipe);
    const double forecast = found.predicted;
    if (other && search::off_forecast(forecast, measured->mean())) {
      Plan entrant = found;
      entrant.recipe = *other;
      const std::string text = found.budget + ": loss " + short_number(measured->mean()) +
                               " for a forecast of " + short_number(forecast) +
                               ": scales of inputs static for output and output for static";
      if (const Status done = enter(found, std::move(entrant), text); !done) return done;
    }
    for (Plan& entrant : entrants(searched)) {
      const std::string text = found.budget + ": " + entrant.method;
      if (const Status done = enter(found, std::move(entrant), text); !done) return done;
    }
    plans_[searched.plan] = std::move(found);
    return success();
  }

  Status measure() {
    const auto advance =
        in_.progress(metrics::loss_of(options_.evaluation.task).name + " on search", plans_.size());
    for (const Plan& plan : plans_) {
      auto row = rows_.describe(plan);
      if (!row) return row.error();
      auto divergence = analysis_.kl_of(plan.recipe);
      if (!divergence) return divergence.error();
      row->search_loss = interval_of(*divergence);
      row->nonfinite = divergence->nonfinite();
      outcome_.result.rows.push_back(std::move(*row));
      outcome_.recipes.push_back(plan.recipe);
      if (const Status going = advance(1); !going) return going.error();
    }
    outcome_.item_losses.resize(plans_.size());
    if (!options_.report || in_.report == nullptr) return success();
    if (const Status free = claim_report(*in_.journal, plans_); !free) return free.error();
    for (std::size_t i = 0; i < plans_.size(); ++i) {
      const std::string title = "[" + std::to_string(i + 1) + "/" + std::to_string(plans_.size()) +
                                "] " + plans_[i].method + " " + plans_[i].budget;
      if (const Status done = rows_.add_report_metrics(
              outcome_.result.rows[i], outcome_.item_losses[i], plans_[i].recipe, title);
          !done)
        return done.error();
    }
    return success();
  }

  const Inputs& in_;
  const Options& options_;
  std::vector<Cost> costs_;
  sensitivity::Analysis analysis_;
  std::optional<MixSpace> space_;
  RowMaker rows_;
  std::vector<Plan> plans_;
  std::vector<Searched> searched_;
  Outcome outcome_;
};

}  // namespace

double drop_of(const records::MetricResult& result) {
  const double delta = result.delta ? result.delta->value : 0, fp32 = result.value.value - delta;
  const double lost = result.lower_is_better ? delta : -delta;
  return fp32 != 0 ? lost / std::abs(fp32) : lost;
}

Result<Outcome> tune(const Inputs& inputs, const Options& options) {
  return Tuner(inputs, options).run();
}

}  // namespace posittune::tuning

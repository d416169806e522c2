#include "posittune/report/plan_text.h"

#include <fmt/format.h>

#include "posittune/base/printable.h"

namespace posittune::report {

std::string plan_text(const records::ComparePlan& plan) {
  std::string text = fmt::format(
      "model    {} ({} weights)\nlayers   {} of {} quantized\ntask     {}\nreport   {} items, {} "
      "{}s\ntrials   {}\n",
      printable(plan.model), plan.weights, plan.quantized, plan.layers, plan.task, plan.items,
      plan.units, plan.unit, plan.trials.size());
  for (const std::string& trial : plan.trials) text += "  " + printable(trial) + "\n";
  return text +
         fmt::format("estimate {:.0f} s ({:.3f} s an item)\n", plan.seconds, plan.seconds_per_item);
}

std::string plan_text(const records::SensitivityPlan& plan) {
  return fmt::format(
      "model    {}\ntask     {}\nsites    {} x {} formats\nsegments {}\ntier     {}\nestimate "
      "{:.0f} s, {:.0f} FP32 evaluations of {} items\n",
      printable(plan.model), plan.task, plan.sites, plan.formats, plan.segments, plan.tier,
      plan.seconds, plan.evaluations, plan.items);
}

std::string plan_text(const records::SearchPlan& plan) {
  return fmt::format(
      "model    {}\ntask     {}\nweights  {}\nchoices  {} for each\nrecipes  {} to measure\ngains "
      "   on {} of {} items\nestimate {:.0f} s of runs, beside scores\n",
      printable(plan.model), plan.task, plan.weights, plan.choices, plan.recipes, plan.gain_items,
      plan.items, plan.seconds);
}

}  // namespace posittune::report

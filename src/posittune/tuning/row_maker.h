#pragma once

// RowMaker: makes rows of results for chosen recipes: costs, and metrics on the report split, which
// are kept in the journal.

#include <map>
#include <optional>
#include <string>

#include "posittune/base/result.h"
#include "posittune/evaluation/evaluator.h"
#include "posittune/records/entries.h"
#include "posittune/records/search.h"
#include "posittune/tuning/mix_space.h"
#include "posittune/tuning/tuner.h"

namespace posittune::tuning {

// The estimate of a divergence: its mean with the 95 % interval.
records::Estimate interval_of(const evaluation::Divergence& divergence);

class RowMaker {
 public:
  using Metrics = std::map<std::string, records::MetricResult>;

  // The arguments outlive this.
  RowMaker(const Inputs& in, const Options& options, sensitivity::Analysis& analysis)
      : in_(in), options_(options), analysis_(analysis) {}

  // Describes a plan: all of a row but its metrics and search_loss.
  Result<records::SearchRow> describe(const Plan& plan) const;
  // Adds metrics on the report split, their time, and the losses of its items: from the journal, or
  // measured now.
  Status add_report_metrics(records::SearchRow& row, records::ItemsEntry& items,
                            const quant::Recipe& recipe, const std::string& title);

  // An evaluator on the data, after calibration.
  Result<evaluation::Evaluator> evaluate_on(const data::Dataset& data, const std::string& title);
  Result<Metrics> metrics_of(evaluation::Evaluator& evaluator, const data::Dataset& data,
                             const quant::Recipe& recipe, const std::string& title);

 private:
  std::string report_key(const quant::Recipe& recipe) const;
  Result<double> mean_input_bits(const quant::Recipe& recipe) const;

  const Inputs& in_;
  const Options& options_;
  sensitivity::Analysis& analysis_;
  std::optional<evaluation::Evaluator> evaluator_;  // on the report split
};

}  // namespace posittune::tuning

#pragma once

// Sensitivity analysis: what each format costs at each site, in three tiers:
//
//   proxy   error / signal at the layer's own output, from one calibration pass: for weights
//           tr(dW S dW^T) / tr(W S W^T), S = E[x x^T]; for inputs on a sample, through the weights.
//   gain    KL = gain x error, one gain for each site: KL / error of a reference format, for which
//           the model runs once from the site on: for a weight, and for an input once for each kind
//           of scale (an input has a gain of its own: its error comes from few large values, and
//           may cost a hundred times more or less KL for its size than that of a weight).
//   exact   KL of the model with that one change, run from the site on; it ends early when its
//           interval is tight enough, or when another format of no more bits is surely better at
//           the same site.
//
// Every measurement goes to a journal under a key of all it depends on, and is never repeated.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/records/sensitivity.h"
#include "posittune/sensitivity/figures.h"
#include "posittune/sensitivity/request.h"
#include "posittune/sensitivity/sites.h"

namespace posittune::records {
class Journal;
}

namespace posittune::sensitivity {

struct Options {
  std::vector<Operand> operands = {Operand::kWeight};
  std::vector<Candidate> candidates;
  Candidate reference;  // the format that gains are measured with
  Tier tier = Tier::kGain;
  double precision = 0.1;  // an exact score is tight within +- this part of it; 0: use all data
  bool stop_dominated = true;
  std::size_t spot_checks = 8;  // random pairs that the gain tier also measures exactly
  std::size_t naive = 0;  // random pairs to measure by whole runs, for their time (and the same KL)
  std::uint64_t seed = 1;
  std::size_t gain_items = 0;  // items of the search split for gains; 0: all
  std::size_t batch = 0;       // items to a run; 0: chosen
  evaluation::ProberOptions prober;
};

// Inputs of an analysis; all must live longer than it.
struct Inputs {
  engine::Engine* engine = nullptr;          // with covariance_bytes, for proxies
  const data::Dataset* calibrate = nullptr;  // null: no proxies, no static scales
  const data::Dataset* search = nullptr;     // null: proxies only
  records::Journal* journal = nullptr;
  std::map<std::string, std::string> identity;  // parts of every key: model, task ...
  Reporter report;
  Figures* figures = nullptr;  // null: the engine's, on these data
};

// The error of one site and candidate at the layer's output (proxy).
struct SiteError {
  double error = 0, signal = 0;
  std::vector<double> channels;  // the weight's part, by output channel
};

class Analysis {
 public:
  Analysis(Inputs inputs, Options options);
  ~Analysis();

  const std::vector<Site>& sites() const { return sites_; }

  // Runs the analysis: rows, costs, agreement and cuts of the options' tier and those below.
  Result<records::Sensitivity> run();

  // Writes the costs of everything measured so far, in place of those of run().
  void set_costs(records::Sensitivity& to) const;
  std::vector<records::TierCost> costs() const;

  // The KL that the gain tier predicts: gain x error; for a weight with its inputs, the sum of
  // both. Sites need not be those of the options. kUnsupported for a product of two inputs.
  Result<double> predicted(const Site& site, const Candidate& candidate);
  // The error at the layer's own output; with `channels`, of each output channel too.
  Result<SiteError> error_of(const Site& site, const Candidate& candidate, bool channels);
  // The gain of a site: KL over error of the reference format. Weights have a gain for each
  // rounding, and inputs one for each kind of scale; those of `like` are taken. (The error that
  // compensated rounding leaves costs more KL for its size: the error of nearest rounding is
  // largest where inputs are, and often the same for all tokens.)
  Result<double> gain_of(const Site& site, const Candidate& like);

  // |dW|^2 of each row of a weight.
  Result<std::vector<double>> rounding_error(std::size_t weight,
                                             const quant::WeightSetting& setting);

  // Runs the calibration split, unless that is done. For callers that then ask the engine
  // themselves.
  Status calibrate();

  // The KL of a whole recipe on the search split.
  Result<evaluation::Divergence> kl_of(const quant::Recipe& recipe);
  // The KL of a recipe, measured until it is surely smaller or larger than that of `other`.
  Result<evaluation::Divergence> kl_beside(const quant::Recipe& recipe, const quant::Recipe& other);
  // The seconds of one run of FP32 over the search split.
  Result<double> fp32_seconds();

  // Adds scores of windows of `window` output channels, for every weight and candidate; the `exact`
  // highest of each candidate are measured too. kUsage for windows of no channels.
  Status add_channels(std::size_t window, std::size_t exact, records::Sensitivity& to);

  // Adds `count` random mixes of the candidates of 4 to 8 bits, weights only: the sum of their
  // scores by the gain tier, and the measured loss.
  Status add_mixes(std::size_t count, records::Sensitivity& to);

  // Adds upgrades: from all weights in `from`, windows of channels change to `into` in three orders
  // (score per bit, |dW|^2 per bit, random); the loss is measured at `points` places. See
  // records::UpgradeRecord.
  Status add_upgrades(const Candidate& from, const Candidate& into, std::size_t window,
                      std::size_t points, records::Sensitivity& to);

 private:
  struct Measured;

  std::string key(const std::string& kind, const quant::Recipe& recipe, bool on_search) const;
  Status run_fp32();
  bool has_proxy(const Site& site) const;
  Error no_proxy(const Site& site) const;
  std::size_t search_items() const;  // 0: there are none
  Result<Measured> measure(const quant::Recipe& recipe, bool whole,
                           const std::vector<Measured>& rivals, Tier tier, const Advance& advance,
                           const std::string& beside = "");
  Result<Measured> measure(
      const quant::Recipe& recipe, const std::string& rule, Tier tier, const Advance& advance,
      const std::function<std::string(const evaluation::Divergence&)>& reason_to_stop);
  Result<Measured> measure_gain(const quant::Recipe& recipe);
  records::SensitivityRow describe(const Site& site, const Candidate& candidate, Tier tier) const;
  records::SensitivityRow exact_row(const Site& site, const Candidate& candidate,
                                    const Measured& measured) const;
  Status add_proxies(records::Sensitivity& to);
  Status add_gains(records::Sensitivity& to);
  Status add_exact(const std::vector<Site>& sites, records::Sensitivity& to);
  Status add_spot_checks(records::Sensitivity& to);
  Status run_naively(records::Sensitivity& to);
  std::vector<std::pair<const Site*, const Candidate*>> drawn_pairs(std::size_t count) const;
  void add_agreement(records::Sensitivity& to) const;

  Inputs in_;
  Options options_;
  std::vector<Site> sites_;
  std::unique_ptr<Figures> own_figures_;  // used where the inputs bring none
  Figures* figures_;
  bool calibrated_ = false;
  std::optional<Fp32Run> fp32_;
  Candidate reference_for(Operand operand, const Candidate& like) const;
  std::map<std::string, double> gains_;  // key: probed recipe
  std::map<Tier, records::TierCost> costs_;
};

}  // namespace posittune::sensitivity

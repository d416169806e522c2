#pragma once

// Invented figures of a small model: analyses and searches are then tested by numbers that are
// known beforehand.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "posittune/data/dataset.h"
#include "posittune/engine/engine.h"
#include "posittune/records/journal.h"
#include "posittune/sensitivity/figures.h"
#include "tests/base/temporary_folder.h"

namespace posittune::test {

constexpr std::size_t kFakeItems = 16, kFakeBatch = 2;

// Changes add up: the loss of a recipe is the sum of those of its weights and inputs.
class FakeFigures : public sensitivity::Figures {
 public:
  explicit FakeFigures(const engine::Engine& engine) : engine_(engine) {}

  // By a weight's name, or a layer's for its input, and by format. Absent: 0. Of the four rows of
  // a weight, row r has (r + 1) / 10 of its error and loss, and (4 - r) / 10 of its |dW|^2.
  using Table = std::map<std::string, std::map<std::string, double>>;
  Table errors;                                             // at each layer that it is used in
  Table losses;                                             // KL
  Table squares;                                            // |dW|^2
  std::function<double(const quant::Recipe&)> interaction;  // KL beside the sum
  double signal = 2;                                        // of each layer
  std::vector<double> units = std::vector<double>(kFakeItems, 1);  // part of the KL, by item
  double fp32_seconds = 2;

  std::size_t calibrations = 0, fp32_runs = 0, errors_asked = 0, batches = 0;
  std::vector<quant::Recipe> suffix_runs, whole_runs;

  double loss(const quant::Recipe& recipe) const;

  Status calibrate() override;
  Result<engine::OutputError> weight_error(std::size_t layer,
                                           const quant::WeightSetting& setting) override;
  Result<engine::OutputError> activation_error(std::size_t layer,
                                               const quant::ActivationSetting& setting) override;
  Result<std::vector<double>> rounding_error(std::size_t weight,
                                             const quant::WeightSetting& setting) override;
  Result<sensitivity::Fp32Run> run_fp32() override;
  Result<evaluation::Divergence> divergence(const quant::Recipe& recipe, bool whole,
                                            const Advance& advance,
                                            const evaluation::Stop& stop) override;

 private:
  const engine::Engine& engine_;
};

// y = ((x w) w) v times (x w), of 4 x 4 matrices: the layers "first" and "second" share the weight
// "w", "other" has "v", and "scores" is a product of two inputs.
struct InventedModel {
  InventedModel();
  // Instead a chain of `weights` such matrices, "w0", "w1" ...; gains of 1, 2 ...: the loss of a
  // format is that many times its error, so that scores are what is measured.
  explicit InventedModel(std::size_t weights);

  TemporaryFolder folder;
  engine::Engine engine;
  data::Dataset data;
  records::Journal journal;
  FakeFigures figures;

 private:
  explicit InventedModel(engine::Engine made);
};

// Counts what is reported under each title; the `last`-th item of "stopped" ends the work.
struct Progress {
  std::map<std::string, std::size_t> totals, items;
  std::string stopped = "nothing";
  std::size_t last = 1;
  sensitivity::Reporter reporter();
};

}  // namespace posittune::test

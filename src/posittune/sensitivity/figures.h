#pragma once

// Where the numbers of an analysis come from: an engine and its data, or what a test invents.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/data/dataset.h"
#include "posittune/engine/engine.h"
#include "posittune/evaluation/prober.h"

namespace posittune::sensitivity {

// Starts to report progress of `total` items under a title.
using Reporter = std::function<Advance(const std::string& title, std::size_t total)>;

// FP32 on the search split.
struct Fp32Run {
  double seconds = 0;                    // loading and scoring included
  std::vector<std::uint64_t> cut_bytes;  // of each cut, for all data
};

class Figures {
 public:
  virtual ~Figures() = default;

  // Runs the calibration split, which errors at layers and static scales follow from. Asked before
  // any of them, and again only after an error.
  virtual Status calibrate() = 0;
  // As those of Engine.
  virtual Result<engine::OutputError> weight_error(std::size_t layer,
                                                   const quant::WeightSetting& setting) = 0;
  virtual Result<engine::OutputError> activation_error(std::size_t layer,
                                                       const quant::ActivationSetting& setting) = 0;
  virtual Result<std::vector<double>> rounding_error(std::size_t weight,
                                                     const quant::WeightSetting& setting) = 0;

  // What recipes are measured beside. Asked before the first of them, and again only after an
  // error.
  virtual Result<Fp32Run> run_fp32() = 0;
  // KL of a recipe to FP32 on the search split. `whole`: by a run of the whole model, else from
  // the first segment that changes on: the same, sooner.
  virtual Result<evaluation::Divergence> divergence(const quant::Recipe& recipe, bool whole,
                                                    const Advance& advance,
                                                    const evaluation::Stop& stop) = 0;
};

// A model that runs; all must live longer. The splits may be null: what needs them is then kUsage.
struct FiguresOf {
  engine::Engine* engine = nullptr;
  const data::Dataset* calibrate = nullptr;
  const data::Dataset* search = nullptr;
  std::size_t batch = 0;       // items to a run of calibration; 0: chosen
  bool check_outputs = false;  // of FP32 on the calibration split, where no other run sees them
  evaluation::ProberOptions prober;
  Reporter report;
};
std::unique_ptr<Figures> figures_of(FiguresOf from);

}  // namespace posittune::sensitivity

#pragma once

// Figures: the numbers that an analysis works on. They come from an engine and its data; tests
// invent them.

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

// Reporter begins a report of progress: what is done, and the number of its items. It returns what
// is to be called as items are done.
using Reporter = std::function<Advance(const std::string& title, std::size_t total)>;

// Fp32Run: FP32 on the search split.
struct Fp32Run {
  double seconds = 0;                    // time, loading and scoring included
  std::vector<std::uint64_t> cut_bytes;  // bytes that cross each cut, for all data
};

class Figures {
 public:
  virtual ~Figures() = default;

  // Runs the calibration split, from which errors at layers and static scales follow. It is called
  // before any of them is asked for, and again only after an error.
  virtual Status calibrate() = 0;
  // The three errors of Engine that have these names.
  virtual Result<engine::OutputError> weight_error(std::size_t layer,
                                                   const quant::WeightSetting& setting) = 0;
  virtual Result<engine::OutputError> activation_error(std::size_t layer,
                                                       const quant::ActivationSetting& setting) = 0;
  virtual Result<std::vector<double>> rounding_error(std::size_t weight,
                                                     const quant::WeightSetting& setting) = 0;

  // Runs FP32, with which recipes are compared. It is called before the first recipe, and again
  // only after an error.
  virtual Result<Fp32Run> run_fp32() = 0;
  // Measures the KL of a recipe to FP32 on the search split. `whole`: by a run of the whole model;
  // otherwise from the first segment that changes on, which gives the same and takes less time.
  virtual Result<evaluation::Divergence> divergence(const quant::Recipe& recipe, bool whole,
                                                    const Advance& advance,
                                                    const evaluation::Stop& stop) = 0;
};

// FiguresOf: an engine and its data, all of which must live longer. The splits may be null; what
// needs them is then kUsage.
struct FiguresOf {
  engine::Engine* engine = nullptr;
  const data::Dataset* calibrate = nullptr;
  const data::Dataset* search = nullptr;
  std::size_t batch = 0;       // items to a run of calibration; 0: chosen
  bool check_outputs = false;  // FP32's on the calibration split, where no other run does
  evaluation::ProberOptions prober;
  Reporter report;
};
std::unique_ptr<Figures> figures_of(FiguresOf from);

}  // namespace posittune::sensitivity

#include "posittune/sensitivity/figures.h"

#include <optional>
#include <utility>

#include "posittune/data/splits.h"
#include "posittune/evaluation/batches.h"
#include "posittune/evaluation/scored_output.h"

namespace posittune::sensitivity {
namespace {

class EngineFigures : public Figures {
 public:
  explicit EngineFigures(FiguresOf from) : from_(std::move(from)) {}

  Status calibrate() override {
    if (from_.calibrate == nullptr) {
      return data::missing_split("calibrate",
                                 "proxies, gains and static scales need calibration data",
                                 "or `tier=exact` with `what=w`");
    }
    engine::Engine& engine = *from_.engine;
    const data::Dataset& data = *from_.calibrate;
    if (const Status plain = engine.apply({}); !plain) return plain.error();
    // What an engine was calibrated on before is not added to.
    if (engine.calibrated()) engine.forget_calibration();
    const std::string& asked = from_.prober.scorer.output;
    const std::string output = asked.empty() ? evaluation::default_output(engine.graph()) : asked;
    auto batch = evaluation::choose_batch(engine, data, from_.batch, output);
    if (!batch) return batch.error();
    if (from_.check_outputs) {
      if (const Status good = evaluation::check_first_batch(engine, data, *batch, output); !good)
        return evaluation::of_data(good.error(), data);
    }
    const auto advance = from_.report("calibrate", data.items());
    return evaluation::calibrate(engine, data, batch->items, output, advance);
  }

  Result<engine::OutputError> weight_error(std::size_t layer,
                                           const quant::WeightSetting& setting) override {
    return from_.engine->weight_error(layer, setting);
  }
  Result<engine::OutputError> activation_error(std::size_t layer,
                                               const quant::ActivationSetting& setting) override {
    return from_.engine->activation_error(layer, setting);
  }
  Result<std::vector<double>> rounding_error(std::size_t weight,
                                             const quant::WeightSetting& setting) override {
    return from_.engine->rounding_error(weight, setting);
  }

  Result<Fp32Run> run_fp32() override {
    if (from_.search == nullptr) {
      return data::missing_split("search", "KL is measured on search data, and there are none",
                                 "or `tier=proxy`");
    }
    auto made = evaluation::Prober::create(*from_.engine, *from_.search, from_.prober,
                                           from_.report("FP32", from_.search->items()));
    if (!made) return made.error();
    prober_.emplace(std::move(*made));
    return Fp32Run{prober_->fp32_seconds(), prober_->cut_bytes()};
  }

  Result<evaluation::Divergence> divergence(const quant::Recipe& recipe, bool whole,
                                            const Advance& advance,
                                            const evaluation::Stop& stop) override {
    if (!prober_) return Error{.what = "a recipe is measured before FP32"};
    return prober_->measure(recipe, whole ? 0 : prober_->first_segment(recipe), advance, stop);
  }

 private:
  FiguresOf from_;
  std::optional<evaluation::Prober> prober_;
};

}  // namespace

std::unique_ptr<Figures> figures_of(FiguresOf from) {
  return std::make_unique<EngineFigures>(std::move(from));
}

}  // namespace posittune::sensitivity

#pragma once

// Prepares weights under a setting. Where the setting asks for compensated rounding: by whose
// inputs, and whether that pays on what was held out.

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "posittune/engine/calibration.h"
#include "posittune/engine/chosen_layers.h"

namespace posittune::engine {

// Compensated rounding of one weight beside nearest rounding.
struct Validation {
  quant::WeightSetting setting;
  bool back = false;  // to nearest rounding
  // tr(dW S dW^T) by row of what was taken (of embeddings times the uses of the row), on what was
  // held out, for each of Calibration::fully_known; empty when nothing was compared.
  std::vector<std::vector<double>> errors;
};

class Compensator {
 public:
  // Both outlive this.
  Compensator(ChosenLayers& layers, Calibration& calibration)
      : layers_(layers), calibration_(calibration) {}

  // A weight that a chosen layer reads; no setting: in FP32. Errors are those of the kernels.
  Result<std::shared_ptr<const PreparedWeight>> prepare(
      std::size_t weight, const std::optional<quant::WeightSetting>& setting, const Forms& needed);

  // The same as codes, scales and formats.
  Result<QuantizedWeight> quantized(std::size_t weight, const quant::WeightSetting& setting);

  // Computed once for each setting, the latest 1024 of a weight. The pointer holds until the next
  // call. Without held-out data nothing is compared and compensated rounding is taken.
  Result<const Validation*> validation(std::size_t weight, const quant::WeightSetting& setting);

  // As Engine::fell_back.
  std::optional<bool> fell_back(std::size_t weight, const quant::WeightSetting& setting) const;

  // How a setting quantizes the rows of a weight, from the first to the last.
  Result<std::vector<RowRun>> rows(std::size_t weight, const quant::WeightSetting& setting);

  // kUsage where a setting needs calibration data, or covariances, that are not there.
  Status check(std::size_t weight, const quant::WeightSetting& setting) const;

  void forget();  // what followed from older calibration data

 private:
  Result<std::shared_ptr<const CompensationFactor>> factor_for(std::size_t weight,
                                                               const quant::WeightSetting& setting);
  std::vector<float> squares_for(std::size_t weight, const quant::WeightSetting& setting) const;
  std::shared_ptr<const CompensationFactor> factor(std::size_t weight);
  std::vector<std::vector<double>> holdout_errors(std::size_t weight,
                                                  const std::vector<float>& values);
  Result<Validation> validate(std::size_t weight, const quant::WeightSetting& setting,
                              const CompensationFactor& factor);

  ChosenLayers& layers_;
  Calibration& calibration_;
  // By the layers whose S is summed; null where H is not positive definite.
  std::map<std::vector<std::size_t>, std::shared_ptr<const CompensationFactor>> factors_;
  std::map<std::size_t, std::vector<Validation>> validations_;  // by weight
};

}  // namespace posittune::engine

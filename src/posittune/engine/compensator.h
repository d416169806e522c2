#pragma once

// Compensator: prepares weights under a setting. For compensated rounding it decides by which
// layers' inputs, and validates it on held-out calibration data.

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "posittune/engine/calibration.h"
#include "posittune/engine/chosen_layers.h"

namespace posittune::engine {

// Validation: compensated rounding of one weight compared with nearest rounding.
struct Validation {
  quant::WeightSetting setting;
  bool fell_back = false;  // rounded to nearest after all
  // Errors of the rounding that was taken, tr(dW S dW^T) on held-out data, by row (for embeddings
  // times the uses of the row), for each layer of Calibration::fully_known. Empty when nothing was
  // compared.
  std::vector<std::vector<double>> errors;
};

class Compensator {
 public:
  // The arguments outlive this.
  Compensator(ChosenLayers& layers, Calibration& calibration)
      : layers_(layers), calibration_(calibration) {}

  // Prepares a weight that a chosen layer reads; no setting: in FP32. Errors are those of the
  // kernels.
  Result<std::shared_ptr<const PreparedWeight>> prepare(
      std::size_t weight, const std::optional<quant::WeightSetting>& setting, const Forms& needed);

  // The prepared weight as codes, scales and formats.
  Result<QuantizedWeight> quantized(std::size_t weight, const quant::WeightSetting& setting);

  // The validation of a setting, computed once; the latest 1024 of a weight are kept. The pointer
  // is valid until the next call. Without held-out data nothing is compared and compensated
  // rounding is taken.
  Result<const Validation*> validation(std::size_t weight, const quant::WeightSetting& setting);

  // Whether nearest rounding took the place of compensated rounding, see Engine::fell_back.
  std::optional<bool> fell_back(std::size_t weight, const quant::WeightSetting& setting) const;

  // Rows of a weight as a setting quantizes them, from the first to the last.
  Result<std::vector<RowRun>> rows(std::size_t weight, const quant::WeightSetting& setting);

  // Checks that the calibration data and covariances that a setting needs are there: kUsage.
  Status check(std::size_t weight, const quant::WeightSetting& setting) const;

  void forget();  // forgets results of older calibration data

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
  // Factors by the layers whose S is summed; null where H is not positive definite.
  std::map<std::vector<std::size_t>, std::shared_ptr<const CompensationFactor>> factors_;
  std::map<std::size_t, std::vector<Validation>> validations_;  // key: weight
};

}  // namespace posittune::engine

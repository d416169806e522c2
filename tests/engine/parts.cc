#include "tests/engine/parts.h"

#include <gtest/gtest.h>

#include "tests/engine/faults.h"
#include "tests/model/models.h"

namespace posittune::test {

Parts::Parts(const engine::Calibration::Plan& plan, const std::vector<bool>& chosen) {
  layers.graph = load_ir(model_of_all_kinds());
  layers.chosen = chosen.empty() ? std::vector<bool>(layers.graph.layers.size(), true) : chosen;
  layers.threads = 1;
  EXPECT_TRUE(engine::load_weights(layers, 0).ok());
  calibration.plan(plan);
  EXPECT_TRUE(model.compile(1).ok());
  EXPECT_TRUE(recipe.begin().ok());
}

std::size_t Parts::layer(const std::string& name) const {
  for (std::size_t l = 0; l < layers.graph.layers.size(); ++l) {
    if (layers.graph.layers[l].name == name) return l;
  }
  ADD_FAILURE() << name;
  return 0;
}

std::size_t Parts::weight(const std::string& layer_name) const {
  return *layers.graph.layers[layer(layer_name)].weight;
}

Tensors Parts::run(std::size_t items) {
  Tensor ids = Tensor::zeros(ElementType::kI64, {items, 4});
  for (std::size_t i = 0; i < ids.size(); ++i)
    ids.as<std::int64_t>()[i] = static_cast<std::int64_t>(i * i % 9);
  auto outputs = model.run(0, {{"ids", ids}}, {}, {});
  EXPECT_TRUE(outputs.ok());
  return outputs.ok() ? std::move(*outputs) : Tensors{};
}

void Parts::calibrate(std::size_t items) {
  calibration.observe(true);
  run(items);
  calibration.observe(false);
}

}  // namespace posittune::test

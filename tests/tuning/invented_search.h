#pragma once

// Searches of a chain of five 4 x 4 matrices by invented figures.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "posittune/tuning/tuner.h"
#include "tests/engine/engines.h"
#include "tests/sensitivity/fake_figures.h"

namespace posittune::tuning::test {

constexpr std::size_t kWeights = 5;

class InventedSearch : public testing::Test {
 protected:
  // Of each layer: two matrices of 16 elements, and 64 products of them.
  InventedSearch()
      : loads_{.layers = std::vector<cost::LayerLoad>(
                   kWeights, {.macs = 64, .weights = 16, .inputs = 16, .outputs = 16}),
               .products = {},
               .unknown = 0,
               .notes = {}},
        costs_(model_.engine.graph(), loads_, table_, cost::Memory{}) {}

  posittune::test::FakeFigures& figures() { return model_.figures; }

  // A weight of 16 elements takes n bits for each and 16 for its scale and format: n + 1.
  static Choices choices(const std::vector<std::string>& formats) {
    Choices made;
    for (const std::string& each : formats)
      made.weights.push_back(posittune::test::weight_setting(each));
    return made;
  }
  Options options() const {
    Options made;
    made.choices = choices({"int4", "int6", "int8"});
    made.report = false;
    made.analysis.reference = {posittune::test::weight_setting("int5"), {}};
    return made;
  }
  static Budget bits(const std::string& text) { return parse_budget(Cost::kBits, text).value(); }

  Inputs inputs() {
    return {.engine = &model_.engine,
            .calibrate = &model_.data,
            .search = &model_.data,
            .report = nullptr,
            .model = &costs_,
            .size = {.weights = 16.0 * kWeights, .other_bits = 0, .macs = 0, .inputs = 0},
            .squares = std::vector<double>(kWeights, 2),
            .journal = &model_.journal,
            .identity = {},
            .progress = progress_.reporter(),
            .figures = &model_.figures};
  }
  sensitivity::Analysis analysis() {
    sensitivity::Options how;
    how.reference = {posittune::test::weight_setting("int5"), {}};
    return sensitivity::Analysis({.engine = &model_.engine,
                                  .calibrate = &model_.data,
                                  .search = &model_.data,
                                  .journal = &model_.journal,
                                  .identity = {},
                                  .report = progress_.reporter(),
                                  .figures = &model_.figures},
                                 how);
  }
  Outcome tuned(const Options& options) {
    auto made = tune(inputs(), options);
    EXPECT_TRUE(made.ok()) << made.error().message();
    return made.ok() ? std::move(*made) : Outcome{};
  }

  // Calls with each of the 3^5 assignments: bits per weight and loss.
  void for_each_assignment(const std::function<void(double, double)>& visit) const {
    const double bits[] = {5, 7, 9}, errors[] = {1, 0.125, 0.0625};
    for (std::size_t code = 0; code < 243; ++code) {
      std::size_t rest = code;
      double sum = 0, loss = 0;
      for (std::size_t i = 0; i < kWeights; ++i, rest /= 3) {
        sum += bits[rest % 3];
        loss += static_cast<double>(i + 1) * errors[rest % 3];
      }
      visit(sum / kWeights, loss);
    }
  }
  double best(double most_bits) const {
    double least = std::numeric_limits<double>::infinity();
    for_each_assignment([&](double bits, double loss) {
      if (bits <= most_bits * (1 + 1e-12)) least = std::min(least, loss);
    });
    return least;
  }

  posittune::test::InventedModel model_{kWeights};
  posittune::test::Progress progress_;
  cost::Table table_ = cost::Table::placeholder();
  cost::Loads loads_;
  cost::CostModel costs_;
};

}  // namespace posittune::tuning::test

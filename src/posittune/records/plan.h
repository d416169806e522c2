#pragma once

// Plans, results of a dry run: what a job would measure, and how long it may take, from the time of
// one item.
//
// As JSON: {"model": ..., "task": ..., fields by name, "estimated_seconds": 12.5}

#include <cstdint>
#include <string>
#include <vector>

namespace posittune::records {

struct ComparePlan {
  std::string model, task, unit;
  std::uint64_t weights = 0;              // values
  std::size_t layers = 0, quantized = 0;  // all layers of the model; layers that are quantized
  std::size_t items = 0, units = 0;       // size of the report split
  std::vector<std::string> trials{};      // "posit<8,1> wa rms_pow2"
  double seconds_per_item = 0, seconds = 0;
};

struct SensitivityPlan {
  std::string model, task, tier;
  std::size_t sites = 0, formats = 0, segments = 0, items = 0;
  double evaluations = 0;  // its time in FP32 runs over all items
  double seconds = 0;
};

struct SearchPlan {
  std::string model, task;
  std::size_t weights = 0, choices = 0;   // weights of the model; choices for each of them
  std::size_t recipes = 0;                // number of recipes to measure
  std::size_t gain_items = 0, items = 0;  // items of the search split
  double seconds = 0;
};

std::string json_text(const ComparePlan& plan);
std::string json_text(const SensitivityPlan& plan);
std::string json_text(const SearchPlan& plan);

}  // namespace posittune::records

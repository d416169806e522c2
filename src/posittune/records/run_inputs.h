#pragma once

// What a run was opened with: inputs.json in the run folder, so that a later command can open the
// same model and data again.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::records {

// Paths are absolute; empty texts and zeros: not given.
struct RunInputs {
  std::string model;  // file, or zoo:NAME
  std::vector<std::string> include, exclude;
  std::uint64_t attention = 0;  // 1: products of two activations too
  std::map<std::string, std::string> constants;
  std::map<std::string, std::uint64_t> batch_axes;
  std::string data, calibrate, search, report, tokenizer, annotations, labels;
  std::uint64_t sequence = 0, limit = 0;
  // What is scored, resolved.
  std::string task, output, scores, tokens;
  std::string class_axis;  // a number
  std::string blank;       // a number
  std::uint64_t batch = 0;

  bool operator==(const RunInputs&) const = default;
};

std::string json_text(const RunInputs& inputs);  // the JSON document
// kInput for a text that json_text() did not write; the place is a JSON pointer.
Result<RunInputs> run_inputs_from(const std::string& text);

}  // namespace posittune::records

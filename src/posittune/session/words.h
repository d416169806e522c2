#pragma once

// Words: the options of jobs as text, as command lines and scripts give them (names of formats,
// rules, tasks), with the default of each. read() turns them into typed options.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/metrics/scorer.h"
#include "posittune/session/compare.h"
#include "posittune/session/cost.h"
#include "posittune/session/search.h"
#include "posittune/session/sensitivity.h"
#include "posittune/session/settings.h"
#include "posittune/tuning/budgets.h"

namespace posittune::session {

// Lists of formats separated by commas.
inline constexpr const char* kCompareFormats =
    "fp32,fp16,bf16,int16,int8,posit<8,1>,posit<8,0>,posit<6,1>";
inline constexpr const char* kSensitivityFormats =
    "posit<8,1>,posit<8,0>,posit<6,1>,posit<5,1>,posit<4,1>,int8,int6,int5,int4,fp8_e4m3,fp6_e2m3,"
    "fp4_e2m1";
inline constexpr const char* kSearchFormats =
    "posit<3,*>,posit<4,*>,posit<5,*>,posit<6,*>,posit<7,*>,posit<8,*>,int3,int4,int5,int6,int7,"
    "int8,fp4_e2m1,fp6_e2m3,fp8_e4m3";
inline constexpr const char* kSearchActivations =
    "posit<6,1>,posit<7,1>,posit<8,1>,posit<8,2>,int8,int8@token,fp8_e4m3,mxint8,mxfp6";

inline constexpr const char* kCostFormats =
    "fp32,fp16,bf16,int16,int8,int4,fp8_e4m3,fp6_e2m3,fp4_e2m1,posit<16,1>,posit<8,1>,posit<8,0>,"
    "posit<6,1>,posit<4,1>";

// Score words: what is scored. The other members of metrics::ScoreRequest are no words.
struct ScoreWords {
  std::string task = "auto";  // "language_model", "classify" ...
  std::string scores{};       // "logits", "probabilities", "sigmoid"; empty: decided by the model
};

// kUsage: words that are not known, with their field.
Status read(const ScoreWords& words, metrics::ScoreRequest& request);

struct CompareWords {
  std::vector<std::string> formats{};  // see above; with recipes alone: fp32
  std::vector<std::string> what{};     // "w", "wa"; empty: both
  std::vector<std::string> scales{};   // rules; empty: rms_pow2 and mse_pow2, per token absmax and
                                       // rms_pow2
  SettingsText settings{};
  std::string accumulate = "fp32";  // or "quire"
  ScoreWords score{};
};
// Errors (kUsage), each with its field: unknown words; settings of inputs where no input is
// rounded. Fields of `options` that no word names keep their values.
Status read(const CompareWords& words, CompareOptions& options);

struct SensitivityWords {
  std::vector<std::string> formats{}, what{}, scales{};  // what: "w", "a", "wa"; empty: "w"
  SettingsText settings{};
  std::string tier = "gain";  // "proxy", "gain", "exact"
  // Checks the scores: all three tiers, and where these are 0 mixes 20, upgrade_points 8, naive 4.
  bool check = false;
  ScoreWords score{};
};
Status read(const SensitivityWords& words, SensitivityOptions& options);

struct SearchWords {
  std::vector<std::string> formats{}, activations{}, pairs{};
  std::string what = "w";  // or "wa"
  std::string scale = "mse_pow2", activation_rule = "mse_pow2";
  SettingsText settings{};
  std::map<tuning::Cost, std::vector<std::string>> budgets{};  // texts of tuning::parse_budget()
  std::string max_drop{};                                      // text of parse_drop()
  std::string table{};  // "rtl", "placeholder", a file; empty: TableSource::kAny
  ScoreWords score{};
};
Status read(const SearchWords& words, SearchOptions& options);

struct CostWords {
  std::vector<std::string> formats{};
  std::string activations = "same";  // a format; "same": that of the weights
  SettingsText settings{};           // but for the granularity they cost nothing
  std::string table{};               // see above
};
Status read(const CostWords& words, CostOptions& options);

}  // namespace posittune::session

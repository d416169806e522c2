#pragma once

// Session: one model on one set of data, with everything that can be measured, searched and priced,
// for the command line and for other programs alike. Nothing is printed; an Observer gets progress
// and notes.
//
//   auto session = Session::open({.model = "model.onnx"}, {.data = "data.yaml"}, {}, observer);
//   auto table = session->compare(options);
//
// A job starts from a new engine, so that its numbers do not depend on earlier jobs. Its
// measurements go to the journal of its run folder: the same call again, also after an
// interruption, measures only what is missing.

#include <memory>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/records/comparison.h"
#include "posittune/records/cost.h"
#include "posittune/records/inspection.h"
#include "posittune/session/compare.h"
#include "posittune/session/cost.h"
#include "posittune/session/export.h"
#include "posittune/session/inspect.h"
#include "posittune/session/observer.h"
#include "posittune/session/quantized_model.h"
#include "posittune/session/search.h"
#include "posittune/session/sensitivity.h"
#include "posittune/session/spec.h"
#include "posittune/session/verify.h"

namespace posittune::session {

struct Options {
  int threads = 0;                          // 0: all
  std::string run_folder{};                 // for one job; empty: RUNS/JOB-MODEL-HASH
  std::string runs = "runs";                // folder that these are made in
  std::vector<std::string> command_line{};  // for the record of the run
};

class SessionState;

class Session {
 public:
  // Opens a session: loads the model, opens the data (each split that is given) and checks both.
  // The observer outlives the session. Errors: kUsage (specs, layers), kInput, kUnsupported.
  static Result<Session> open(const ModelSpec& model, const DataSpec& data, const Options& options,
                              Observer& observer);
  // Opens a session without data, for inspect() and cost() only.
  static Result<Session> open(const ModelSpec& model, const Options& options, Observer& observer);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // Compares formats, one after the other, on the same items of the `report` split. Writes
  // results.json, results.csv, details.json and recipes into the run folder.
  Result<CompareResult> compare(const CheckedCompare& checked);
  // Analyses what each format costs in each layer, on the `search` split. Writes results.json,
  // results.csv, channels.csv, upgrades.svg.
  Result<SensitivityResult> sensitivity(const CheckedSensitivity& checked);
  // Searches for the best format of each layer within budgets. Writes results.json, results.csv,
  // details.json, recipes, front.svg.
  Result<SearchResult> search(const CheckedSearch& checked);
  // Prices formats or a recipe on a table of MAC units. kInput where a table was chosen and lacks a
  // pair. Where no table was chosen and the default one lacks a pair, the built-in model prices all
  // pairs, and the observer is told.
  Result<records::CostResult> cost(const CostOptions& options);
  // The numbers that the model runs with under a recipe: codes and scales of weights, scales of
  // inputs, corrections of biases. They are those that compare() measures the recipe with. kUsage:
  // names that are not the model's, a recipe that needs calibration data where there are none.
  Result<QuantizedModel> quantized(const QuantizedOptions& options);
  // Writes the model under a recipe for other tools, see export.h. kUsage as quantized(); kInput:
  // an archive of another model; kUnsupported: what the target cannot hold.
  Result<ExportResult> export_to(const ExportOptions& options);
  // Runs the model and its export on the `report` split in one runtime. kUnsupported where that
  // does not run them; kInput: outputs of other names, types or shapes.
  Result<records::Verification> verify(const VerifyOptions& options);
  // Lists what can be quantized, and what cannot and why.
  Result<records::Inspection> inspect(const InspectOptions& options);

  // Estimates what a job would do and how long it takes, by timing one item; runs nothing else.
  Result<ComparePlan> estimate(const CheckedCompare& checked);
  Result<SensitivityPlan> estimate(const CheckedSensitivity& checked);
  Result<SearchPlan> estimate(const CheckedSearch& checked);

  // The same with options as they are: check() and the job.
  Result<CompareResult> compare(const CompareOptions& options);
  Result<SensitivityResult> sensitivity(const SensitivityOptions& options);
  Result<SearchResult> search(const SearchOptions& options);
  Result<ComparePlan> estimate(const CompareOptions& options);
  Result<SensitivityPlan> estimate(const SensitivityOptions& options);
  Result<SearchPlan> estimate(const SearchOptions& options);

 private:
  explicit Session(std::unique_ptr<SessionState> state);

  std::unique_ptr<SessionState> state_;  // never null but after a move
};

}  // namespace posittune::session

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

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/engine/engine.h"
#include "posittune/evaluation/scored_output.h"
#include "posittune/records/comparison.h"
#include "posittune/records/cost.h"
#include "posittune/records/inspection.h"
#include "posittune/session/compare.h"
#include "posittune/session/cost.h"
#include "posittune/session/inspect.h"
#include "posittune/session/model_data.h"
#include "posittune/session/observer.h"
#include "posittune/session/search.h"
#include "posittune/session/sensitivity.h"

namespace posittune::records {
class RunFolder;
}

namespace posittune::session {

struct Options {
  int threads = 0;                          // 0: all
  std::string run_folder;                   // of one job; empty: RUNS/JOB-MODEL-HASH
  std::string runs = "runs";                // folder that these are made in
  std::vector<std::string> command_line{};  // for the record of the run
};

class Session {
 public:
  // Opens a session: loads the model, opens the data (each split that is given) and checks both.
  // The observer outlives the session. Errors: kUsage (specs, layers), kInput, kUnsupported.
  static Result<Session> open(const ModelSpec& model, const DataSpec& data, const Options& options,
                              Observer& observer);
  // Opens a session without data, for inspect() and cost() only.
  static Result<Session> open(const ModelSpec& model, const Options& options, Observer& observer);

  // Compares formats, one after the other, on the same items of the `report` split. Writes
  // results.json, results.csv and recipes into the run folder.
  Result<CompareResult> compare(const CheckedCompare& checked);
  // What each format costs in each layer, on the `search` split. Writes results.json, results.csv,
  // channels.csv, upgrades.svg.
  Result<SensitivityResult> sensitivity(const CheckedSensitivity& checked);
  // The best format for each layer within budgets. Writes results.json, results.csv, recipes,
  // front.svg.
  Result<SearchResult> search(const CheckedSearch& checked);
  // The same with options as they are: check() and the job.
  Result<CompareResult> compare(const CompareOptions& options) {
    return after_check(options, [this](const auto& checked) { return compare(checked); });
  }
  Result<SensitivityResult> sensitivity(const SensitivityOptions& options) {
    return after_check(options, [this](const auto& checked) { return sensitivity(checked); });
  }
  Result<SearchResult> search(const SearchOptions& options) {
    return after_check(options, [this](const auto& checked) { return search(checked); });
  }
  // What formats or a recipe cost on a table of MAC units. An error that cost::is_missing_unit()
  // knows: the table lacks a pair.
  Result<records::CostResult> cost(const CostOptions& options, const cost::Table& table);
  // Lists what can be quantized, and what cannot and why.
  Result<records::Inspection> inspect(const InspectOptions& options);

  // What a job would do, and how long it may take by the time of one item; measures nothing else.
  Result<ComparePlan> estimate(const CheckedCompare& checked);
  Result<SensitivityPlan> estimate(const CheckedSensitivity& checked);
  Result<SearchPlan> estimate(const CheckedSearch& checked);
  Result<ComparePlan> estimate(const CompareOptions& options) {
    return after_check(options, [this](const auto& checked) { return estimate(checked); });
  }
  Result<SensitivityPlan> estimate(const SensitivityOptions& options) {
    return after_check(options, [this](const auto& checked) { return estimate(checked); });
  }
  Result<SearchPlan> estimate(const SearchOptions& options) {
    return after_check(options, [this](const auto& checked) { return estimate(checked); });
  }

 private:
  // The most columns of an embedding that can be compensated: each column takes a run of some
  // calibration data.
  static constexpr std::size_t kEmbeddingColumns = 128;

  // An engine that is ready, and how its output is scored.
  struct Ready {
    engine::Engine engine;
    evaluation::ScoredOutput scored;
  };
  struct CompareJob;
  struct SensitivityJob;
  struct SearchJob;

  Session(const Options& options, Observer& observer) : options_(options), observer_(&observer) {}
  static Result<Session> open_source(Source source, const ModelSpec& model, const Options& options,
                                     Observer& observer);

  // The graph with its nodes, for an engine, which keeps it: the one that open() read; the next
  // call reads the file again.
  Result<model::Graph> take_graph();
  // A copy of the graph; the session keeps its own.
  Result<model::Graph> look_at_graph();
  // Prepares an engine: notes what stays in FP32, settles what is scored on `seen`, and compiles.
  // `look` gets the graph before.
  Result<Ready> prepare(const data::Dataset& seen, const evaluation::ScoreRequest& request,
                        engine::Options options,
                        const std::function<Status(const model::Graph&)>& look = {});
  Status check_chosen() const;
  void note_what_stays(const model::Graph& graph, const data::Dataset& data);
  // Notes inputs whose output scales were asked for, but could not be chosen with so little
  // calibration data.
  void note_undecided(const engine::Engine& engine);

  // Opens the run folder. `config`: what the results depend on besides model and data; `unused`: a
  // split that is not used.
  Result<records::RunFolder> open_folder(const std::string& job, const Ready& ready,
                                         const std::string& config, std::uint64_t seed,
                                         const std::string& unused = "");
  sensitivity::Reporter reporter();
  static records::SplitRecord record_of(const data::Dataset& data);
  records::ModelRecord model_record() const { return {source_.model, sha256_}; }
  // The seconds of one item of `data`, after one to warm up.
  static Result<double> time_item(engine::Engine& engine, const data::Dataset& data);

  template <class Options, class Job>
  static auto after_check(const Options& options, Job job) -> decltype(job(*check(options))) {
    auto checked = check(options);
    if (!checked) return checked.error();
    return job(*checked);
  }
  Result<CompareJob> compare_job(const CheckedCompare& checked);
  Result<SensitivityJob> sensitivity_job(const CheckedSensitivity& checked);
  Result<SearchJob> search_job(const CheckedSearch& checked);

  Options options_;
  Observer* observer_;
  Source source_;
  model::Selection selection_;
  std::string sha256_, identity_, inputs_config_;  // identity_: names the model in journals
  std::optional<model::Graph> graph_;
  std::vector<bool> chosen_;
  bool has_weights_ = false;
  data::Splits splits_;
};

}  // namespace posittune::session

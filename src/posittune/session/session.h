#pragma once

// One model on one set of data: everything that can be measured, searched and priced, for the
// command line and for other programs alike. Nothing is printed; an Observer hears of progress and
// notes.
//
//   auto session = Session::open({.model = "model.onnx"}, {.data = "data.yaml"}, {}, observer);
//   auto table = session->compare(options);
//
// A job starts from a fresh engine, so that its numbers do not depend on the jobs before it. What
// it measures goes to the journal of its run folder: the same call again, after an interruption
// too, measures only what is missing there.

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
  std::string run_folder;                   // empty: runs/JOB-MODEL-HASH below the current folder
  std::vector<std::string> command_line{};  // for the record of the run
};

class Session {
 public:
  // Loads the model, opens the data (each split that is named) and checks both. The observer
  // outlives the session. Errors: kUsage (specs, layers), kInput, kUnsupported.
  static Result<Session> open(const ModelSpec& model, const DataSpec& data, const Options& options,
                              Observer& observer);
  // Without data: inspect() and cost() alone.
  static Result<Session> open(const ModelSpec& model, const Options& options, Observer& observer);

  // Every format, one after the other, on the same items of the `report` split. Writes
  // results.json, results.csv and recipes into the run folder.
  Result<CompareResult> compare(const CompareOptions& options);
  // What each format costs in each layer, on the `search` split. Writes results.json, results.csv,
  // channels.csv, upgrades.svg.
  Result<SensitivityResult> sensitivity(const SensitivityOptions& options);
  // The best format for each layer within budgets. Writes results.json, results.csv, recipes,
  // front.svg.
  Result<SearchResult> search(const SearchOptions& options);
  // What formats or a recipe cost on a table of MAC units. An error that cost::is_missing_unit()
  // knows: the table lacks a pair.
  Result<records::CostResult> cost(const CostOptions& options, const cost::Table& table);
  // What can be quantized, and what cannot and why.
  Result<records::Inspection> inspect(const InspectOptions& options);

  // What a job would do, and how long it may take by the time of one item; measures nothing else.
  Result<ComparePlan> estimate(const CompareOptions& options);
  Result<SensitivityPlan> estimate(const SensitivityOptions& options);
  Result<SearchPlan> estimate(const SearchOptions& options);

 private:
  // Embeddings of at most so many columns can be compensated: each column costs a run of some
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

  // The graph with its nodes: the one that open() read, then, since an engine takes it, another
  // one.
  Result<model::Graph> take_graph();
  // Another look at it: the session keeps its own.
  Result<model::Graph> look_at_graph();
  // Notes what stays as it is, settles what is scored on `seen`, and compiles. `look` sees the
  // graph before.
  Result<Ready> prepare(const data::Dataset& seen, const evaluation::ScoreRequest& request,
                        engine::Options options,
                        const std::function<Status(const model::Graph&)>& look = {});
  Status check_chosen() const;
  void note_what_stays(const model::Graph& graph, const data::Dataset& data);
  // Where output scales were asked for and too little was calibrated on to choose them.
  void note_undecided(const engine::Engine& engine);

  // `config`: what the results depend on besides model and data; `unused`: a split that plays no
  // part.
  Result<records::RunFolder> open_folder(const std::string& job, const Ready& ready,
                                         const std::string& config, std::uint64_t seed,
                                         const std::string& unused = "");
  sensitivity::Reporter reporter();
  static records::SplitRecord record_of(const data::Dataset& data);
  records::ModelRecord model_record() const { return {source_.model, sha256_}; }
  // Seconds of one item of `data`, after one to warm up.
  static Result<double> time_item(engine::Engine& engine, const data::Dataset& data);

  Result<CompareJob> compare_job(const CompareOptions& options);
  Result<SensitivityJob> sensitivity_job(const SensitivityOptions& options);
  Result<SearchJob> search_job(const SearchOptions& options);

  Options options_;
  Observer* observer_;
  Source source_;
  model::Selection selection_;
  std::string sha256_, identity_, inputs_config_;  // identity_: what journals know the model by
  std::optional<model::Graph> graph_;
  std::vector<bool> chosen_;
  bool has_weights_ = false;
  data::Splits splits_;
};

}  // namespace posittune::session

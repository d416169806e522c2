#pragma once

// The state of a session behind session.h, which shows no room of the engine: graph, splits,
// engine and run folder, and the jobs on them (a file each: compare.cc, sensitivity.cc, search.cc,
// cost.cc, inspect.cc).

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/engine/engine.h"
#include "posittune/evaluation/scored_output.h"
#include "posittune/records/comparison.h"
#include "posittune/records/run_inputs.h"
#include "posittune/sensitivity/figures.h"
#include "posittune/session/model_data.h"
#include "posittune/session/session.h"
#include "posittune/session/write_details.h"

namespace posittune::tuning {
struct Outcome;
}

namespace posittune::session {

class SessionState {
 public:
  using State = Result<std::unique_ptr<SessionState>>;
  static State open(const ModelSpec& model, const DataSpec& data, const Options& options,
                    Observer& observer);
  static State open(const ModelSpec& model, const Options& options, Observer& observer);

  Observer& observer() const { return *observer_; }

  // As Session.
  Result<CompareResult> compare(const CheckedCompare& checked);
  Result<SensitivityResult> sensitivity(const CheckedSensitivity& checked);
  Result<SearchResult> search(const CheckedSearch& checked);
  Result<records::CostResult> cost(const CostOptions& options);
  Result<QuantizedModel> quantized(const QuantizedOptions& options);
  Result<exporter::PortableModel> portable(const QuantizedOptions& options);
  Result<ExportResult> export_to(const ExportOptions& options);
  Result<records::Verification> verify(const VerifyOptions& options);
  Result<records::Inspection> inspect(const InspectOptions& options);
  Result<ComparePlan> estimate(const CheckedCompare& checked);
  Result<SensitivityPlan> estimate(const CheckedSensitivity& checked);
  Result<SearchPlan> estimate(const CheckedSearch& checked);

 private:
  // The most columns of an embedding that can be compensated: each column takes a run of some
  // calibration data.
  static constexpr std::size_t kEmbeddingColumns = 128;
  // The most bytes of covariances of inputs. One limit for all jobs: a layer beyond it is rounded
  // to nearest, and a recipe has to mean the same in each.
  static constexpr std::size_t kCovarianceBytes = std::size_t{2} << 30;
  // An engine that runs whole recipes; `compensated`: some of them round weights so.
  static engine::Options recipe_options(bool compensated) {
    return {.covariance_bytes = compensated ? kCovarianceBytes : 0,
            .held_out = compensated,
            .embedding_columns = compensated ? kEmbeddingColumns : 0};
  }

  // An engine that is ready, and how its output is scored.
  struct Ready {
    engine::Engine engine;
    evaluation::ScoredOutput scored;
  };
  struct CompareJob;
  struct SensitivityJob;
  struct SearchJob;
  struct VerifyJob;

  SessionState(const Options& options, Observer& observer)
      : options_(options), observer_(&observer) {}
  // Opens the model of a source.
  Status open_model_of(Source source, const ModelSpec& model);

  // The graph with its nodes, for an engine, which keeps it: the one that open() read; the next
  // call reads the file again.
  Result<model::Graph> take_graph();
  // A copy of the graph; the session keeps its own.
  Result<model::Graph> look_at_graph();
  // Prepares an engine: notes what stays in FP32, settles what is scored on `seen`, and compiles.
  // `look` gets the graph before.
  Result<Ready> prepare(const data::Dataset& seen, const metrics::ScoreRequest& request,
                        engine::Options options,
                        const std::function<Status(const model::Graph&)>& look = {});
  // An engine for the numbers of a recipe, which fits it; calibrated as compare() does it, where
  // the recipe needs that.
  Result<engine::Engine> engine_for(const QuantizedOptions& options);
  Result<engine::Engine> calibrated_for(const QuantizedOptions& options);
  Status check_chosen() const;
  void note_what_stays(const model::Graph& graph, const data::Dataset& data);
  // Notes inputs whose output scales were asked for, but could not be chosen with so little
  // calibration data.
  void note_undecided(const engine::Engine& engine);

  Result<exporter::PortableModel> archived(const std::string& path);
  // Opens the run folder. `config`: what the results depend on besides model and data; `unused`: a
  // split that is not used.
  Result<records::RunFolder> open_folder(const std::string& job, const Ready& ready,
                                         const std::string& config, const Measuring& measuring,
                                         const std::string& unused = "");
  records::RunInputs inputs_of(const evaluation::ScoredOutput& scored, std::size_t batch) const;
  sensitivity::Reporter reporter();
  // Writes details.json. `calibrated`: makes the engine ready for a closer look; it is called when
  // the journal does not have that look.
  Status write_details(const DetailSources& from, records::RunFolder& folder,
                       const std::string& results_text, const std::function<Status()>& calibrated);
  Result<records::CloseLook> closer_look(const DetailSources& from, records::Journal& journal,
                                         const std::function<Status()>& calibrated);
  // Calibrates an engine that is not, where there are data; `wanted`: Measuring::batch.
  Status calibrate_once(engine::Engine& engine, const std::string& output, std::size_t wanted);
  static records::SplitRecord record_of(const data::Dataset& data);
  records::ModelRecord model_record() const { return {source_.model, sha256_}; }
  Status know_hash();  // fills sha256_
  // kInput where a recipe was made for another model: quant::check_model().
  Status check_made_for(const std::string& recipes_sha256, const std::string& where);
  // The seconds of one item of `data`, after one to warm up.
  static Result<double> time_item(engine::Engine& engine, const data::Dataset& data);

  Result<CompareJob> compare_job(const CheckedCompare& checked);
  Result<SensitivityJob> sensitivity_job(const CheckedSensitivity& checked);
  Result<VerifyJob> verify_job(const VerifyOptions& options);
  Result<SearchJob> search_job(const CheckedSearch& checked);
  Status write_details(SearchJob& job, const tuning::Outcome& outcome, records::RunFolder& folder);

  Options options_;
  Observer* observer_;
  Source source_;
  records::RunInputs inputs_;
  Tensors constants_;
  model::Selection selection_;
  // identity_: names the model in journals; without data, sha256_ is empty until it is asked for
  std::string sha256_, identity_, inputs_config_;
  std::optional<model::Graph> graph_;
  std::vector<bool> chosen_;
  bool has_weights_ = false;
  data::Splits splits_;
};

}  // namespace posittune::session

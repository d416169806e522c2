#include "posittune/session/verify.h"

#include <chrono>
#include <cmath>
#include <map>
#include <utility>

#include "posittune/engine/fixed_batch.h"
#include "posittune/evaluation/batches.h"
#include "posittune/evaluation/evaluator.h"
#include "posittune/session/session_state.h"

namespace posittune::session {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Sums over all items of an output.
class DifferenceSum {
 public:
  Status add(const std::string& name, const Tensor& reference, const Tensor& other) {
    if (reference.shape != other.shape || other.type != ElementType::kF32) {
      return Error{
          .kind = ErrorKind::kInput,
          .what = "an output of the export is not that of the model",
          .where = "output '" + name + "'",
          .expected = "float32 " + to_string(reference.shape),
          .found = std::string(posittune::name(other.type)) + " " + to_string(other.shape)};
    }
    const auto x = reference.as<float>(), y = other.as<float>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i] == y[i]) continue;  // infinities of masks too
      const double d = double{y[i]} - x[i];
      largest_ = std::max(largest_, std::isnan(d) ? HUGE_VAL : std::abs(d));
      squares_ += d * d;
    }
    for (const float each : x) all_ += std::isfinite(each) ? double{each} * each : 0;
    return success();
  }
  records::OutputDifference result(const std::string& name) const {
    return {name, largest_, squares_ == 0 ? 0 : std::sqrt(squares_ / all_)};
  }

 private:
  double largest_ = 0, squares_ = 0, all_ = 0;
};

// A runtime's outputs for a batch; a model with a fixed batch gets a whole one.
Result<Tensors> run(ModelRunner& runner, const std::vector<TensorInfo>& infos,
                    const Tensors& inputs, double& seconds) {
  const engine::FilledBatch filled = engine::fill_batch(infos, inputs);
  const auto start = Clock::now();
  auto outputs = runner.run(filled.batch > 0 ? filled.inputs : inputs);
  seconds += seconds_since(start);
  if (outputs && filled.batch > 0) engine::leave_out_filling(filled, *outputs);
  return outputs;
}

}  // namespace

Result<Runtime> parse_runtime(std::string_view text) {
  if (text == "onnxruntime") return Runtime::kOnnxRuntime;
  if (text == "openvino") return Runtime::kOpenVino;
  return Error{.kind = ErrorKind::kUsage,
               .what = "unknown runtime",
               .where = "`runtime`",
               .expected = "onnxruntime, openvino",
               .found = std::string(text)};
}

struct SessionState::VerifyJob {
  Ready ready;
  std::unique_ptr<ModelRunner> model, exported;
  std::map<std::string, DifferenceSum> differences{};
  double seconds = 0, exported_seconds = 0;
};

Result<SessionState::VerifyJob> SessionState::verify_job(const VerifyOptions& options) {
  if (!splits_.report) return data::missing_split("report", "no data to verify with");
  for (const auto& [name, axis] : source_.splits.batch_axes) {
    if (axis == 0) continue;
    return Error{.kind = ErrorKind::kUnsupported,
                 .what = "a model whose items are not on the first axis cannot be verified",
                 .where = "`batch_axes=" + name + "`"};
  }
  auto ready = prepare(*splits_.report, options.scores, {});
  if (!ready) return ready.error();
  const auto open = [&](const std::string& path) {
    return options.runtime == Runtime::kOnnxRuntime ? in_onnxruntime(path, options.runner)
                                                    : in_openvino(path, options.runner);
  };
  auto model = open(source_.model);
  if (!model) return model.error();
  auto exported = open(options.exported);
  if (!exported) return exported.error();
  return VerifyJob{std::move(*ready), std::move(*model), std::move(*exported)};
}

Result<records::Verification> SessionState::verify(const VerifyOptions& options) {
  auto job = verify_job(options);
  if (!job) return job.error();
  const data::Dataset& data = *splits_.report;
  const std::vector<TensorInfo> infos = job->ready.engine.graph().inputs;
  auto batch = evaluation::choose_batch(job->ready.engine, data, options.batch, "");
  if (!batch) return batch.error();
  std::vector<std::int64_t> units;
  for (const std::size_t unit : data.units()) units.push_back(static_cast<std::int64_t>(unit));
  const auto& scored = job->ready.scored;
  metrics::Scorer plain(scored.task, scored.scorer, data.annotations(), units);
  metrics::Scorer scorer(scored.task, scored.scorer, data.annotations(), units);
  const Advance advance = observer_->step("verify", data.items(), "items");
  const Status ran = evaluation::for_each_batch(
      data, batch->items, [&](std::size_t, std::size_t first, Tensors inputs) -> Status {
        for (const auto& [name, tensor] : constants_) inputs[name] = tensor;
        auto reference = run(*job->model, infos, inputs, job->seconds);
        if (!reference) return reference.error();
        auto outputs = run(*job->exported, infos, inputs, job->exported_seconds);
        if (!outputs) return outputs.error();
        for (const auto& [name, tensor] : *reference) {
          if (tensor.type != ElementType::kF32) continue;
          if (const Status added = job->differences[name].add(name, tensor, (*outputs)[name]);
              !added)
            return added;
        }
        if (const Status added = plain.add(first, inputs, *reference, *reference); !added)
          return added;
        if (const Status added = scorer.add(first, inputs, *reference, *outputs); !added)
          return added;
        return advance(std::min(batch->items, data.items() - first));
      });
  if (!ran) return ran.error();
  records::ComparisonRow row{.format = "exported",
                             .what = "",
                             .scale = "",
                             .granularity = "",
                             .metrics = {},
                             .seconds = job->exported_seconds};
  row.nonfinite = scorer.nonfinite();
  auto before = plain.finish(), after = scorer.finish();
  if (!before) return before.error();
  if (!after) return after.error();
  const metrics::BootstrapOptions bootstrap{.resamples = options.resamples, .seed = options.seed};
  auto metrics = evaluation::to_results(metrics::measure_all(*before, bootstrap),
                                        metrics::measure_all(*after, bootstrap));
  if (!metrics) return metrics.error();
  row.metrics = std::move(*metrics);
  records::Verification result{
      .comparison = {.model = model_record(),
                     .scored = evaluation::to_record(scored),
                     .data = {{"report", record_of(data)}},
                     .rows = {std::move(row)}},
      .exported = options.exported,
      .runtime = options.runtime == Runtime::kOnnxRuntime ? "onnxruntime" : "openvino",
      .units = data.unit_count(),
      .differences = {},
      .seconds = job->seconds,
      .exported_seconds = job->exported_seconds};
  for (const auto& [name, sum] : job->differences) result.differences.push_back(sum.result(name));
  return result;
}

}  // namespace posittune::session

// session.h: jobs on a model. Arguments come as dicts of words, results go as JSON documents, which
// python/posittune/session.py makes dataclasses of.

#include "posittune/session.h"

#include <nanobind/nanobind.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "bindings.h"
#include "custom_metrics.h"
#include "options.h"
#include "posittune/base/version.h"
#include "posittune/evaluation/batches.h"
#include "posittune/quant/recipe_file.h"
#include "posittune/records/cost.h"
#include "posittune/session/words.h"
#include "quantized_model.h"

namespace posittune::python {
namespace nb = nanobind;
using namespace nb::literals;

namespace {

// Tells a Python object: note(text), step(title, total, unit) -> advance(count) or None. The job
// runs without the interpreter's lock; each call takes it. What Python raises, KeyboardInterrupt
// too, ends the job at the next look, and is raised from it.
class PythonObserver : public session::Observer {
 public:
  explicit PythonObserver(nb::object target) : target_(std::move(target)) {}

  // Runs a call with the lock; false where Python raised, then or before.
  bool guarded(const std::function<void()>& call) {
    const nb::gil_scoped_acquire lock;
    if (raised_ || !target_.is_valid()) return false;
    try {
      call();
    } catch (nb::python_error& error) {
      raised_.emplace(std::move(error));
    }
    return !raised_;
  }

  void note(const std::string& text) override {
    guarded([&] { target_.attr("note")(text); });
  }

  Advance step(const std::string& title, std::size_t total, const std::string& unit) override {
    // Destroyed with the lock held: the last copy may go where the job runs.
    auto advance = std::shared_ptr<nb::object>(new nb::object, [](nb::object* object) {
      const nb::gil_scoped_acquire lock;
      delete object;
    });
    guarded([&] { *advance = target_.attr("step")(title, total, unit); });
    return [this, advance](std::size_t count) -> Status {
      guarded([&] {
        if (advance->is_valid() && !advance->is_none()) (*advance)(count);
      });
      return go_on();
    };
  }

  bool cancelled() override {
    guarded([] {
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
    });
    return raised_.has_value();
  }

  // For Python's search for cycles: the object may know the session that tells it.
  const nb::object& target() const { return target_; }
  void forget() { target_.reset(); }

  // With the lock: what Python raised while the job ran.
  void raise() {
    if (!raised_) return;
    nb::python_error error = std::move(*raised_);
    raised_.reset();
    throw error;
  }

 private:
  nb::object target_;
  std::optional<nb::python_error> raised_;
};

session::ModelSpec model_spec(const std::string& model, Arguments& arguments) {
  session::ModelSpec spec{.model = model};
  arguments.take_list("include", spec.selection.include);
  arguments.take_list("exclude", spec.selection.exclude);
  arguments.take("attention", spec.selection.attention);
  arguments.take("constants", spec.constants);
  arguments.take("batch_axes", spec.batch_axes);
  return spec;
}

session::DataSpec data_spec(Arguments& arguments) {
  session::DataSpec spec;
  arguments.take("data", spec.data);
  arguments.take("calibrate", spec.calibrate);
  arguments.take("search", spec.search);
  arguments.take("report", spec.report);
  arguments.take("tokenizer", spec.tokenizer);
  arguments.take("annotations", spec.annotations);
  arguments.take("labels", spec.labels);
  arguments.take("sequence", spec.sequence);
  arguments.take("limit", spec.limit);
  return spec;
}

void take_scores(Arguments& arguments, session::ScoreWords& words, metrics::ScoreRequest& scores) {
  arguments.take("task", words.task);
  arguments.take("output", scores.output);
  arguments.take("scores", words.scores);
  arguments.take("tokens", scores.tokens);
  arguments.take("class_axis", scores.class_axis);
  arguments.take("blank", scores.blank);
}

// A number of items, or "alone".
void take_items(Arguments& arguments, const char* name, std::size_t& items) {
  if (arguments.is_text(name, "alone"))
    items = evaluation::kAlone;
  else
    arguments.take(name, items);
}

void take_measuring(Arguments& arguments, session::Measuring& measuring, session::Job job) {
  for (const session::MeasuringEntry& entry : session::measuring_entries()) {
    if ((entry.jobs & job) == 0) continue;
    if (entry.kind == session::MeasuringEntry::Kind::kFormat) {
      arguments.take(entry.name,
                     measuring.*std::get<std::string session::Measuring::*>(entry.field));
      continue;
    }
    std::size_t& value = measuring.*std::get<std::size_t session::Measuring::*>(entry.field);
    if (entry.kind == session::MeasuringEntry::Kind::kItems)
      take_items(arguments, entry.name, value);
    else
      arguments.take(entry.name, value);
  }
}

void take_settings(Arguments& arguments, session::SettingsText& settings) {
  for (const session::SettingEntry& entry : session::setting_entries()) {
    if (entry.flag != nullptr)
      arguments.take(entry.name, settings.*entry.flag);
    else
      arguments.take(entry.name, settings.*entry.text);
  }
}

void take_metrics(Arguments& arguments, const Guarded& guarded, metrics::ScoreRequest& scores) {
  nb::list metrics;
  arguments.take("metrics", metrics);
  scores.custom = to_metrics(metrics, guarded);
}

session::CompareOptions compare_options(nb::dict dict, const Guarded& guarded) {
  Arguments arguments(std::move(dict));
  session::CompareWords words;
  session::CompareOptions options;
  arguments.take_list("formats", words.formats);
  arguments.take_list("what", words.what);
  arguments.take_list("scales", words.scales);
  arguments.take("accumulate", words.accumulate);
  take_settings(arguments, words.settings);
  arguments.take_list("recipes", options.recipes);
  take_scores(arguments, words.score, options.scores);
  take_metrics(arguments, guarded, options.scores);
  arguments.take("save_outputs", options.save_outputs);
  take_measuring(arguments, options.measuring, session::kCompareJob);
  arguments.end();
  check(session::read(words, options));
  return options;
}

session::SensitivityOptions sensitivity_options(nb::dict dict) {
  Arguments arguments(std::move(dict));
  session::SensitivityWords words;
  session::SensitivityOptions options;
  arguments.take_list("formats", words.formats);
  arguments.take_list("what", words.what);
  arguments.take_list("scales", words.scales);
  arguments.take("tier", words.tier);
  arguments.take("check", words.check);
  take_settings(arguments, words.settings);
  take_scores(arguments, words.score, options.scores);
  arguments.take("precision", options.precision);
  arguments.take("no_early_stop", options.no_early_stop);
  arguments.take("spot_checks", options.spot_checks);
  arguments.take("naive", options.naive);
  arguments.take("channels", options.channels);
  arguments.take("exact_channels", options.exact_channels);
  arguments.take("mixes", options.mixes);
  arguments.take("upgrade_points", options.upgrade_points);
  arguments.take("upgrade_from", options.upgrade_from);
  arguments.take("upgrade_to", options.upgrade_to);
  take_measuring(arguments, options.measuring, session::kSensitivityJob);
  arguments.end();
  check(session::read(words, options));
  return options;
}

void take_table(Arguments& arguments, std::string& table, session::TableChoice& choice) {
  arguments.take("table", table);
  arguments.take("accumulator", choice.accumulator);
  arguments.take("pipeline", choice.pipeline);
  arguments.take("memory_pj_per_bit", choice.memory_pj_per_bit);
  arguments.take("activation_pj_per_bit", choice.activation_pj_per_bit);
}

// "bits" and "activation_bits" as `--bits` and `--activation-bits`.
void take_budgets(Arguments& arguments, session::SearchWords& words) {
  for (const tuning::Cost cost : tuning::all_costs()) {
    std::vector<std::string> texts;
    arguments.take_list(tuning::field(cost).c_str(), texts);
    if (!texts.empty()) words.budgets[cost] = std::move(texts);
  }
}

session::SearchOptions search_options(nb::dict dict, const Guarded& guarded) {
  Arguments arguments(std::move(dict));
  session::SearchWords words;
  session::SearchOptions options;
  arguments.take_list("formats", words.formats);
  arguments.take_list("activations", words.activations);
  arguments.take_list("pairs", words.pairs);
  arguments.take("what", words.what);
  arguments.take("scale", words.scale);
  arguments.take("activation_rule", words.activation_rule);
  take_settings(arguments, words.settings);
  take_budgets(arguments, words);
  arguments.take("max_drop", words.max_drop);
  arguments.take_list("assign", options.assign);
  arguments.take_list("ties", options.ties);
  arguments.take("tie_inputs", options.tie_inputs);
  arguments.take("windows", options.windows);
  arguments.take("pareto", options.pareto);
  arguments.take("refine", options.refine);
  arguments.take("baselines", options.baselines);
  arguments.take("no_report", options.no_report);
  arguments.take("gap", options.gap);
  arguments.take("solver_seconds", options.solver_seconds);
  take_table(arguments, words.table, options.table);
  take_scores(arguments, words.score, options.scores);
  take_metrics(arguments, guarded, options.scores);
  arguments.take("gain_items", options.gain_items);
  take_measuring(arguments, options.measuring, session::kSearchJob);
  arguments.end();
  check(session::read(words, options));
  return options;
}

void take_recipe(Arguments& arguments, const std::string& recipe,
                 session::QuantizedOptions& options) {
  auto file = unwrap(quant::recipe_file_from_yaml(recipe, "recipe"));
  options.recipe = std::move(file.recipe);
  options.model_sha256 = std::move(file.model_sha256);
  session::ScoreWords words;
  take_scores(arguments, words, options.scores);
  take_items(arguments, "batch", options.batch);
  check(session::read(words, options.scores));
}

session::QuantizedOptions quantized_options(const std::string& recipe, nb::dict dict) {
  Arguments arguments(std::move(dict));
  session::QuantizedOptions options;
  take_recipe(arguments, recipe, options);
  arguments.end();
  return options;
}

session::ExportOptions export_options(const std::string& recipe, const std::string& to,
                                      nb::dict dict) {
  Arguments arguments(std::move(dict));
  session::ExportOptions options{.target = unwrap(session::parse_export_target(to))};
  take_recipe(arguments, recipe, options.numbers);
  arguments.take("archive", options.archive);
  arguments.take("resident", options.resident);
  arguments.take("hub", options.hub);
  arguments.take("snap", options.snap);
  arguments.take("path", options.output);
  arguments.end();
  return options;
}

session::VerifyOptions verify_options(const std::string& exported, nb::dict dict) {
  Arguments arguments(std::move(dict));
  session::VerifyOptions options{.exported = exported};
  session::ScoreWords words;
  std::string runtime = "onnxruntime";
  take_scores(arguments, words, options.scores);
  arguments.take("runtime", runtime);
  arguments.take("python", options.runner.python);
  arguments.take("exact", options.runner.exact);
  arguments.take("batch", options.batch);
  arguments.take("resamples", options.resamples);
  arguments.take("seed", options.seed);
  arguments.end();
  check(session::read(words, options.scores));
  options.runtime = unwrap(session::parse_runtime(runtime));
  return options;
}

std::map<std::string, TensorShape> take_shapes(Arguments& arguments) {
  std::map<std::string, std::vector<std::size_t>> shapes;
  arguments.take("shapes", shapes);
  std::map<std::string, TensorShape> found;
  for (auto& [name, dims] : shapes) found[name] = TensorShape(dims.begin(), dims.end());
  return found;
}

session::CostOptions cost_options(nb::dict dict) {
  Arguments arguments(std::move(dict));
  session::CostWords words;
  session::CostOptions options;
  arguments.take_list("formats", words.formats);
  arguments.take("activations", words.activations);
  arguments.take("granularity", words.settings.granularity);
  arguments.take("recipe", options.recipe);
  arguments.take("attention", options.attention);
  options.shapes = take_shapes(arguments);
  take_table(arguments, words.table, options.table);
  arguments.end();
  check(session::read(words, options));
  return options;
}

nb::str text_of(std::string_view text) { return nb::str(text.data(), text.size()); }

// The fields of quant/recipe.h as a recipe's YAML names them.
nb::list names_of(const std::vector<formats::Format>& formats) {
  nb::list names;
  for (const formats::Format& format : formats) names.append(formats::name(format));
  return names;
}

nb::dict to_dict(const quant::WeightSetting& setting) {
  nb::dict dict;
  dict["format"] = formats::name(setting.format);
  if (!setting.alternatives.empty()) dict["alternatives"] = names_of(setting.alternatives);
  dict["scale"] = text_of(quant::name(setting.rule));
  dict["granularity"] = quant::granularity_text(setting);
  if (setting.input_weighted) dict["input_weighted"] = true;
  if (setting.rounding != quant::Rounding::kNearest)
    dict["rounding"] = text_of(quant::name(setting.rounding));
  if (setting.bias_correction) dict["bias_correction"] = true;
  nb::list windows;
  for (const quant::RowWindow& window : setting.windows) {
    nb::dict part;
    part["first"] = window.first;
    part["count"] = window.count;
    part["format"] = formats::name(window.format);
    if (!window.alternatives.empty()) part["alternatives"] = names_of(window.alternatives);
    part["scale"] = text_of(quant::name(window.rule));
    windows.append(part);
  }
  if (!setting.windows.empty()) dict["windows"] = windows;
  return dict;
}

nb::dict to_dict(const quant::ActivationSetting& setting) {
  nb::dict dict;
  dict["format"] = formats::name(setting.format);
  dict["scale"] = text_of(quant::name(setting.rule));
  dict["chosen"] = text_of(quant::name(setting.scale));
  return dict;
}

nb::dict to_dict(const quant::RecipeFile& file) {
  const quant::Recipe& recipe = file.recipe;
  nb::dict weights, activations, dict;
  for (const auto& [name, setting] : recipe.weights) weights[name.c_str()] = to_dict(setting);
  for (const auto& [name, setting] : recipe.activations)
    activations[name.c_str()] = to_dict(setting);
  dict["weights"] = weights;
  dict["activations"] = activations;
  dict["accumulate"] = recipe.accumulate == quant::Accumulate::kQuire ? "quire" : "fp32";
  dict["model_sha256"] = file.model_sha256;
  return dict;
}

class PythonSession {
 private:
  // Runs a job without the interpreter's lock.
  template <class Job>
  auto job(const Job& run) {
    auto result = [&] {
      const nb::gil_scoped_release release;
      return run();
    }();
    observer_->raise();
    return unwrap(std::move(result));
  }
  Guarded guard() {
    return [observer = observer_.get()](const std::function<void()>& call) {
      return observer->guarded(call);
    };
  }
  template <class Options>
  std::string plan(const Options& options) {
    return records::json_text(job([&] { return session_->estimate(options); }));
  }

 public:
  PythonSession(const std::string& model, nb::dict dict, nb::object observer)
      : observer_(std::make_unique<PythonObserver>(std::move(observer))) {
    Arguments arguments(std::move(dict));
    const session::ModelSpec spec = model_spec(model, arguments);
    const session::DataSpec data = data_spec(arguments);
    session::Options options;
    arguments.take("threads", options.threads);
    arguments.take("runs", options.runs);
    arguments.take("command_line", options.command_line);
    bool with_data = true;
    arguments.take("with_data", with_data);
    arguments.end();
    session_.emplace(job([&] {
      return with_data ? session::Session::open(spec, data, options, *observer_)
                       : session::Session::open(spec, options, *observer_);
    }));
  }

  // The document and the run folder.
  nb::tuple compare(const nb::dict& dict) {
    const auto options = compare_options(dict, guard());
    const auto result = job([&] { return session_->compare(options); });
    return nb::make_tuple(records::json_text(result.comparison), result.run_folder);
  }
  nb::tuple sensitivity(const nb::dict& dict) {
    const auto options = sensitivity_options(dict);
    const auto result = job([&] { return session_->sensitivity(options); });
    return nb::make_tuple(records::json_text(result.sensitivity), result.run_folder);
  }
  // And the budgets that cannot be met, as exceptions' arguments.
  nb::tuple search(const nb::dict& dict) {
    const auto options = search_options(dict, guard());
    const auto result = job([&] { return session_->search(options); });
    nb::list missed;
    for (const Error& error : result.missed)
      missed.append(
          nb::make_tuple(error.what, error.where, error.expected, error.found, error.hint));
    return nb::make_tuple(records::json_text(result.result), result.run_folder, missed);
  }
  std::string cost(const nb::dict& dict) {
    const auto options = cost_options(dict);
    return records::json_text(job([&] { return session_->cost(options); }), true);
  }
  // As to_python() has it.
  nb::dict quantized(const std::string& recipe, const nb::dict& dict) {
    const auto options = quantized_options(recipe, dict);
    return to_python(job([&] { return session_->quantized(options); }));
  }
  // Files, bytes of all, of weights and as promised, notes, seconds.
  nb::tuple export_to(const std::string& recipe, const std::string& to, const nb::dict& dict) {
    const auto options = export_options(recipe, to, dict);
    const auto made = job([&] { return session_->export_to(options); });
    return nb::make_tuple(made.files, made.bytes, made.weight_bytes, made.promised_bytes,
                          made.notes, made.seconds);
  }
  std::string verify(const std::string& exported, const nb::dict& dict) {
    const auto options = verify_options(exported, dict);
    return records::json_text(job([&] { return session_->verify(options); }));
  }
  std::string inspect(const nb::dict& dict) {
    Arguments arguments(dict);
    const session::InspectOptions options{.shapes = take_shapes(arguments)};
    arguments.end();
    return records::json_text(job([&] { return session_->inspect(options); }));
  }
  std::string estimate(const std::string& of, const nb::dict& dict) {
    if (of == "compare") return plan(compare_options(dict, guard()));
    if (of == "sensitivity") return plan(sensitivity_options(dict));
    if (of == "search") return plan(search_options(dict, guard()));
    throw Failed(Error{.kind = ErrorKind::kUsage,
                       .what = "there is no estimate of this job",
                       .where = "job",
                       .expected = "compare, sensitivity, search",
                       .found = of.substr(0, 80)});
  }

  PythonObserver& observer() { return *observer_; }

 private:
  std::unique_ptr<PythonObserver> observer_;  // outlives the session
  std::optional<session::Session> session_;
};

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (nb::inst_ready(self)) Py_VISIT(nb::inst_ptr<PythonSession>(self)->observer().target().ptr());
  return 0;
}

int clear(PyObject* self) {
  nb::inst_ptr<PythonSession>(self)->observer().forget();
  return 0;
}

PyType_Slot kSessionSlots[] = {{Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                               {Py_tp_clear, reinterpret_cast<void*>(clear)},
                               {0, nullptr}};

}  // namespace

void bind_session(nb::module_& module) {
  nb::class_<PythonSession>(module, "_Session", nb::type_slots(kSessionSlots))
      .def(nb::init<const std::string&, nb::dict, nb::object>(), "model"_a, "options"_a,
           "observer"_a)
      .def("compare", &PythonSession::compare)
      .def("sensitivity", &PythonSession::sensitivity)
      .def("search", &PythonSession::search)
      .def("cost", &PythonSession::cost)
      .def("quantized", &PythonSession::quantized)
      .def("export_to", &PythonSession::export_to)
      .def("verify", &PythonSession::verify)
      .def("inspect", &PythonSession::inspect)
      .def("estimate", &PythonSession::estimate);
  module.def("_recipe_yaml", [](const std::string& text, const std::string& where) {
    return quant::recipe_file_to_yaml(unwrap(quant::recipe_file_from_yaml(text, where)));
  });
  module.def("_recipe_dict", [](const std::string& text, const std::string& where) {
    return to_dict(unwrap(quant::recipe_file_from_yaml(text, where)));
  });
  module.def("_version", [] { return std::string(kVersion); });
}

}  // namespace posittune::python

// posittune export: a model under a recipe, for other tools.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/common_options.h"
#include "posittune/cli/errors.h"
#include "posittune/cli/model_data_options.h"
#include "posittune/cli/terminal.h"
#include "posittune/quant/recipe_file.h"
#include "posittune/report/number_text.h"
#include "posittune/session/run_source.h"
#include "posittune/session/session.h"
#include "posittune/session/words.h"

namespace posittune::cli {
namespace {

// As they are written on the command line.
struct Options {
  std::string from, recipe, to = "onnx", style = "foldable";
  ModelDataOptions model_data;  // without a model: those of the run
  session::ScoreWords words;
  session::ExportOptions job;
};

// The file of a recipe, and what its numbers are of.
struct Chosen {
  std::string recipe;
  session::RunSource source;
};

Result<Chosen> choose(const Options& options) {
  Chosen chosen{.recipe = options.from, .source = {}};
  std::error_code ignored;
  if (!std::filesystem::exists(options.from, ignored)) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "there is no such run folder, recipe or archive",
                 .where = options.from};
  }
  const auto run = session::run_of(options.from);
  if (run && std::filesystem::is_directory(options.from)) {
    auto recipe = session::recipe_of_run(*run, options.recipe);
    if (!recipe) return recipe.error();
    chosen.recipe = *recipe;
  }
  if (!options.model_data.model.model.empty()) {
    chosen.source = {.model = options.model_data.model,
                     .data = options.model_data.data,
                     .scores = options.job.numbers.scores,
                     .batch = options.job.numbers.batch};
    const Status added = add_run_inputs(options.model_data.run_inputs, chosen.source.model);
    if (!added) return added.error();
    return chosen;
  }
  if (!run) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the model is not known: this is neither a run folder nor a recipe in one",
                 .where = options.from,
                 .hint =
                     "name the model, and its data where scales need them: --model FILE --data "
                     "FILE"};
  }
  auto source = session::run_source(*run);
  if (!source) return source.error();
  chosen.source = std::move(*source);
  return chosen;
}

// MODEL.posit8_w.onnx: beside nothing of the user's, in the folder where the command runs.
std::string default_output(const Chosen& chosen, const session::ExportTarget& target) {
  return std::filesystem::path(chosen.recipe).stem().string() + std::string(target.ending);
}

void say(const session::ExportResult& result, Streams streams) {
  for (const std::string& note : result.notes)
    say_note(streams, with_flags(note, *streams.command));
  for (const std::string& file : result.files) streams.out << file << "\n";
  streams.out << fmt::format("{:.2f} MB", static_cast<double>(result.bytes) / 1e6);
  if (result.weight_bytes > 0 && result.promised_bytes > 0) {
    streams.out << fmt::format(
        ", of which {:.2f} MB are weights of the recipe ({:+.2f} % of what it promised)",
        static_cast<double>(result.weight_bytes) / 1e6,
        100 * (static_cast<double>(result.weight_bytes) / result.promised_bytes - 1));
  }
  streams.out << fmt::format(", in {:.1f} s\n", result.seconds);
}

Status run_export(Options options, Streams streams) {
  if (const Status read = session::read(options.words, options.job.numbers.scores); !read)
    return read;
  auto target = session::parse_export_target(options.to);
  if (!target) return target.error();
  options.job.target = *target;
  options.job.resident = options.style == "resident";
  auto chosen = choose(options);
  if (!chosen) return chosen.error();
  if (chosen->recipe.ends_with(".safetensors")) {
    options.job.archive = chosen->recipe;
  } else {
    auto recipe = quant::read_recipe_file(chosen->recipe);
    if (!recipe) return recipe.error();
    options.job.numbers.recipe = std::move(recipe->recipe);
    options.job.numbers.model_sha256 = std::move(recipe->model_sha256);
  }
  options.job.numbers.scores = chosen->source.scores;
  options.job.numbers.batch = chosen->source.batch;
  if (options.job.output.empty()) options.job.output = default_output(*chosen, **target);
  Terminal terminal(streams);
  const session::Options with{.threads = options.model_data.threads};
  // Numbers of an archive, and scales of weights by themselves, need no data.
  const session::DataSpec& data = chosen->source.data;
  const bool no_data = data.data.empty() && data.calibrate.empty() && data.search.empty() &&
                       data.report.empty() && !chosen->source.model.model.starts_with("zoo:");
  auto session = no_data || !options.job.archive.empty()
                     ? session::Session::open(chosen->source.model, with, terminal)
                     : session::Session::open(chosen->source.model, data, with, terminal);
  if (!session) return session.error();
  auto result = session->export_to(options.job);
  if (!result) return result.error();
  say(*result, streams);
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  app.add_option("FROM", options->from,
                 "run folder of compare or search, a recipe (YAML or JSON), or an archive "
                 "(.safetensors)")
      ->required();
  std::string targets;
  std::vector<std::string> names;
  for (const session::ExportTarget& entry : session::export_targets()) {
    targets += fmt::format("{}{}: {}", targets.empty() ? "" : "; ", entry.name, entry.help);
    names.emplace_back(entry.name);
  }
  app.add_option("--to", options->to, targets)->check(CLI::IsMember(names))->capture_default_str();
  app.add_option("--recipe", options->recipe,
                 "of a run with several recipes: the name of the file in its folder `recipes`, "
                 "without .yaml");
  app.add_option("-o,--file", options->job.output,
                 "file to write (default: the recipe's name, in this folder)");
  app.add_option("--lut-style", options->style,
                 "for onnx. foldable: onnxruntime turns codes into FP32 when it loads the model, "
                 "and runs as fast as FP32; resident: codes stay in memory, runs are slower")
      ->check(CLI::IsMember({"foldable", "resident"}))
      ->capture_default_str();
  app.add_option("--hub", options->job.hub,
                 "for targets that take transformers' names: the folder with config.json that the "
                 "model was made from")
      ->option_text("FOLDER");
  app.add_flag("--snap", options->job.snap,
               "for gguf and compressed-tensors: weights in formats that they do not have become "
               "FP16 or FP32 numbers of these formats; otherwise they are refused");
  app.add_option("--model", options->model_data.model.model,
                 "the model, where FROM is not of a run: ONNX file or zoo:NAME");
  declare_data(app, options->model_data);
  declare_scores(app, options->words, options->job.numbers.scores, "Data");
  return [options, streams] { return run_export(*options, streams); };
}

}  // namespace

extern const Command kExport = {"export", "write a model under a recipe for other tools", declare};

}  // namespace posittune::cli

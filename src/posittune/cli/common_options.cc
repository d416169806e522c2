#include "posittune/cli/common_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include "posittune/cli/command_tree.h"
#include "posittune/cli/errors.h"
#include "posittune/evaluation/batches.h"
#include "posittune/quant/scale_rules.h"
#include "posittune/session/zoo_models.h"

namespace posittune::cli {
namespace {

std::string items_of_a_batch(std::string& text) {
  if (text == "alone") {
    text = std::to_string(evaluation::kAlone);
    return {};
  }
  if (CLI::Range(0, 1 << 20)(text).empty()) return {};
  return "'" + text + "' is neither a number of items from 0 to 1048576 nor `alone`";
}

std::string what_help(const std::string& allowed) {
  std::string help = "what is rounded. w: weights; ";
  if (allowed.find(",a") != std::string::npos) help += "a: inputs of layers; ";
  return help + "wa: weights and the inputs of layers";
}

std::string scale_help(const std::string& each) {
  return "how scales" + each + " are chosen. " + quant::scale_rules_help();
}

}  // namespace

std::string is_number(const std::string& text) {
  return std::isnan(std::strtod(text.c_str(), nullptr)) ? "not a number: " + text : std::string();
}

CLI::Option* offer_models(CLI::Option* option) {
  std::vector<std::string> names;
  for (const session::ZooModel& model : session::zoo_models()) names.push_back("zoo:" + model.name);
  return offer(option->type_name("FILE"), names);
}

CLI::Option* declare_json(CLI::App& app, bool& json) {
  return app.add_flag("--json", json, "print the results as one JSON document on stdout");
}

void declare_threads(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "processor threads to use (0: all)")
      ->check(CLI::Range(0, 1024));
}

void declare_attention(CLI::App& app, bool& attention, const std::string& group) {
  CLI::Option* option =
      app.add_flag("--attention", attention,
                   "quantize the products of attention too (MatMuls of two activations)");
  if (!group.empty()) option->group(group);
}

void declare_selection(CLI::App& app, model::Selection& selection, const std::string& group) {
  CLI::Option* const options[] = {
      app.add_option("--include", selection.include,
                     "quantize only layers whose name, or whose weight's name, matches one of "
                     "these")
          ->option_text("REGEX")
          ->allow_extra_args(false),
      app.add_option("--exclude", selection.exclude, "keep layers that match one of these in FP32")
          ->option_text("REGEX")
          ->allow_extra_args(false)};
  for (CLI::Option* option : options) {
    if (!group.empty()) option->group(group);
  }
  declare_attention(app, selection.attention, group);
}

CLI::Option* declare_list(CLI::App& app, const char* name, std::vector<std::string>& to,
                          const std::string& help, const std::string& group, char delimiter) {
  return app.add_option(name, to, help)
      ->delimiter(delimiter)
      ->allow_extra_args(false)
      ->group(group);
}

void declare_formats(CLI::App& app, std::vector<std::string>& formats, const std::string& role,
                     const char* usual, bool alternatives, const std::string& group) {
  std::string help = role + ", see `posittune formats`";
  if (alternatives) {
    help +=
        ". posit<6,*>: each output channel of a weight takes the es that suits it; "
        "posit<6,0>|int6: one of these (inputs of layers: the first)";
  }
  offer(declare_list(app, "--formats", formats, help, group, ';')->default_str(usual),
        format_words());
}

void declare_what(CLI::App& app, std::vector<std::string>& what, const std::string& allowed,
                  const char* usual, const std::string& group) {
  declare_list(app, "--what", what, what_help(allowed), group)->default_str(usual);
}

void declare_what(CLI::App& app, std::string& what, const std::string& allowed,
                  const std::string& group) {
  app.add_option("--what", what, what_help(allowed))->default_val(what)->group(group);
}

void declare_scales(CLI::App& app, std::vector<std::string>& scales, const char* usual,
                    const std::string& group) {
  declare_list(app, "--scale", scales, scale_help(", each for all formats,"), group)
      ->default_str(usual);
}

void declare_scale(CLI::App& app, std::string& scale, const std::string& group) {
  app.add_option("--scale", scale, scale_help(" of weights"))->default_val(scale)->group(group);
}

void declare_measuring(CLI::App& app, session::Measuring& measuring, session::Job job,
                       const std::string& group) {
  using Kind = session::MeasuringEntry::Kind;
  for (const session::MeasuringEntry& entry : session::measuring_entries()) {
    if ((entry.jobs & job) == 0) continue;
    const std::string flag = flag_of(entry.name);
    if (entry.kind == Kind::kFormat) {
      std::string& text = measuring.*std::get<std::string session::Measuring::*>(entry.field);
      offer(app.add_option(flag, text, entry.help)->default_val(text)->group(group),
            format_words());
      continue;
    }
    std::size_t& value = measuring.*std::get<std::size_t session::Measuring::*>(entry.field);
    CLI::Option* option = app.add_option(flag, value, entry.help)->group(group);
    if (entry.kind == Kind::kBytes) {
      option->transform(CLI::AsSizeValue(false))->default_str("1GiB");
    } else if (entry.kind == Kind::kItems) {
      option->transform(CLI::Validator(items_of_a_batch, ""))->option_text("ITEMS|alone");
      offer(option, {"alone"});
    } else {
      option->check(CLI::Range(entry.least, entry.most))->default_val(value);
    }
  }
}

void declare_table(CLI::App& app, std::string& table, session::TableChoice& choice,
                   const std::string& group) {
  CLI::Option* tables =
      app.add_option(
             "--table", table,
             "MAC units: rtl (this project's, synthesised), placeholder (a model for every "
             "pair of formats), or a CSV as `posittune cost --table-csv` writes it (default: "
             "rtl; the placeholder where rtl lacks a pair)")
          ->option_text("NAME|FILE")
          ->group(group);
  offer(tables, {"rtl", "placeholder"});
  app.add_option("--accumulator", choice.accumulator,
                 "use units with this accumulator, where the table has one (default: the unit of "
                 "least energy)")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--pipeline", choice.pipeline,
                 "use units with this pipeline, where the table has one")
      ->type_name("NAME")
      ->group(group);
  const auto energy = CLI::Range(0.0, 1e9, "0 to 1e9");
  app.add_option("--memory-pj-per-bit", choice.memory_pj_per_bit,
                 "energy to read a bit of a weight (default: DRAM, 20 at 45 nm, 755 at 180 nm)")
      ->check(energy)
      ->check(is_number)
      ->group(group);
  app.add_option("--activation-pj-per-bit", choice.activation_pj_per_bit,
                 "energy to read a bit of a layer's input (default: on-chip memory, 0.156 at 45 "
                 "nm, 5.9 at 180 nm)")
      ->check(energy)
      ->check(is_number)
      ->group(group);
}

void declare_scores(CLI::App& app, session::ScoreWords& words, metrics::ScoreRequest& request,
                    const std::string& group) {
  CLI::Option* task =
      app.add_option(
             "--task", words.task,
             "what the output is, and so how it is scored: language_model; classify; detect "
             "(boxes in YOLOv8's layout); ctc (symbols at each step); segment (classes at each "
             "pixel); generic (plain numbers); agreement (integers); auto: what model and data "
             "suggest")
          ->default_val(words.task)
          ->group(group);
  offer(task,
        {"auto", "language_model", "classify", "detect", "ctc", "segment", "generic", "agreement"});
  app.add_option(
         "--output", request.output,
         "name of the model's output that is scored (default: the first one of float numbers)")
      ->type_name("NAME")
      ->group(group);
  CLI::Option* scores =
      app.add_option(
             "--scores", words.scores,
             "what the numbers of the output are, where they score classes: logits; probabilities; "
             "sigmoid: one probability for each class by itself. docs/compare.md says how KL is "
             "computed from each. Default: by the last operator of the graph; else probabilities "
             "where "
             "FP32's rows are not negative and sum to 1, logits elsewhere")
          ->group(group);
  offer(scores, {"logits", "probabilities", "sigmoid"});
  app.add_option("--tokens", request.tokens,
                 "language_model: the input that holds the tokens (default: input_ids, else the "
                 "only input of integers (items, tokens))")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--class-axis", request.class_axis,
                 "axis of the output that holds the classes (default: ctc the last, segment 1)")
      ->check(CLI::Range(-16, 16))
      ->group(group);
  app.add_option("--blank", request.blank, "ctc: the class that is no symbol; -1: the last")
      ->check(CLI::Range(-(1 << 20), 1 << 20))
      ->default_val("0")
      ->group(group);
}

void declare_setting(CLI::App& app, std::string_view name, session::SettingsText& text,
                     const std::string& group) {
  for (const session::SettingEntry& entry : session::setting_entries()) {
    if (entry.name != name) continue;
    const std::string flag = flag_of(name);
    if (entry.flag != nullptr)
      app.add_flag(flag, text.*entry.flag, entry.help)->group(group);
    else
      app.add_option(flag, text.*entry.text, entry.help)
          ->default_val(text.*entry.text)
          ->group(group);
  }
}

void declare_settings(CLI::App& app, session::SettingsText& text, const std::string& group) {
  for (const session::SettingEntry& entry : session::setting_entries())
    declare_setting(app, entry.name, text, group);
}

}  // namespace posittune::cli

#include "posittune/session/words.h"

#include <algorithm>
#include <utility>

#include "posittune/quant/weight_format.h"

namespace posittune::session {
namespace {

using sensitivity::Operand;

std::vector<std::string> or_default(const std::vector<std::string>& words, const char* otherwise) {
  return quant::split_formats(words.empty() ? std::vector<std::string>{otherwise} : words);
}

Error unknown(const std::string& field, const std::string& expected, const std::string& found) {
  return {.kind = ErrorKind::kUsage,
          .what = "unknown `" + field + "`",
          .expected = expected,
          .found = found};
}

// Reads one word of `what`. `inputs`: whether inputs alone ("a") are possible.
Result<Operand> read_what(const std::string& word, bool inputs) {
  auto what = sensitivity::parse_operand(word);
  if (what && (inputs || *what != Operand::kActivation)) return what;
  return Error{.kind = ErrorKind::kUsage,
               .what = "unknown operands",
               .where = "`what`",
               .expected = inputs ? "w, a or wa" : "w or wa",
               .found = word};
}

// Reads `what`, each word once; without words `to` stays.
Status read_what(const std::vector<std::string>& words, bool inputs, std::vector<Operand>& to) {
  if (!words.empty()) to.clear();
  for (const std::string& text : words) {
    auto what = read_what(text, inputs);
    if (!what) return what.error();
    if (std::ranges::count(to, *what) == 0) to.push_back(*what);
  }
  return success();
}

// Refuses a setting of inputs, other than its default, where no input is rounded.
Error changes_nothing(const std::string& field, const std::string& value) {
  return {.kind = ErrorKind::kUsage,
          .what = "inputs stay in FP32, so that this changes nothing",
          .where = "`" + field + "=" + value + "`",
          .hint = "`what=wa`"};
}

Status read_settings(const SettingsText& text, std::span<const Operand> what, Settings& settings) {
  auto parsed = parse_settings(text);
  if (!parsed) return parsed.error();
  settings = std::move(*parsed);
  const bool inputs = std::ranges::any_of(what, [](Operand o) { return o != Operand::kWeight; });
  if (inputs || settings.activation_scale == Settings{}.activation_scale) return success();
  return changes_nothing("activation_scale", text.activation_scale);
}

Status read_rules(const std::vector<std::string>& words, std::vector<quant::ScaleRule>& rules) {
  if (words.empty()) return success();
  auto parsed = parse_rules(words);
  if (!parsed) return parsed.error();
  rules = std::move(*parsed);
  return success();
}

void read_table(const std::string& text, TableChoice& choice) {
  choice.source = text.empty()            ? TableSource::kAny
                  : text == "rtl"         ? TableSource::kRtl
                  : text == "placeholder" ? TableSource::kPlaceholder
                                          : TableSource::kFile;
  if (choice.source == TableSource::kFile) choice.file = text;
}

// Choices and rules of inputs, where they stay in FP32.
Status check_inputs_unused(const SearchWords& words) {
  if (!words.activations.empty()) return changes_nothing("activations", words.activations.front());
  if (!words.pairs.empty()) return changes_nothing("pairs", words.pairs.front());
  const std::string usual = SearchWords{}.activation_rule;
  if (words.activation_rule != usual)
    return changes_nothing("activation_rule", words.activation_rule);
  const auto bits = words.budgets.find(tuning::Cost::kActivationBits);
  if (bits == words.budgets.end() || bits->second.empty()) return success();
  return changes_nothing("activation_bits", bits->second.front());
}

}  // namespace

Status read(const ScoreWords& words, metrics::ScoreRequest& request) {
  if (words.task != "auto" && !words.task.empty()) {
    auto task = metrics::parse_task(words.task);
    if (!task) return of_field(task.error(), "task");
    request.task = *task;
  }
  if (words.scores.empty()) return success();
  auto scores = metrics::parse_score_kind(words.scores);
  if (!scores) return of_field(scores.error(), "scores");
  request.scores = *scores;
  return success();
}

Status read(const CompareWords& words, CompareOptions& options) {
  const bool recipes_alone = words.formats.empty() && !options.recipes.empty();
  options.formats = or_default(words.formats, recipes_alone ? "fp32" : kCompareFormats);
  if (words.accumulate != "fp32" && words.accumulate != "quire")
    return unknown("accumulate", "fp32 or quire", words.accumulate);
  options.accumulate =
      words.accumulate == "quire" ? quant::Accumulate::kQuire : quant::Accumulate::kFp32;
  if (const Status ok = read_what(words.what, false, options.what); !ok) return ok;
  // Per token nothing is searched for.
  std::vector<std::string> scales = words.scales;
  if (scales.empty() && words.settings.activation_scale == "token") scales = {"absmax", "rms_pow2"};
  if (const Status ok = read_rules(scales, options.scales); !ok) return ok;
  if (const Status ok = read(words.score, options.scores); !ok) return ok;
  return read_settings(words.settings, options.what, options.settings);
}

Status read(const SensitivityWords& words, SensitivityOptions& options) {
  options.formats = or_default(words.formats, kSensitivityFormats);
  if (const Status ok = read_what(words.what, true, options.what); !ok) return ok;
  auto tier = sensitivity::parse_tier(words.tier);
  if (!tier) return of_field(tier.error(), "tier");
  options.tier = *tier;
  if (words.check) {
    const auto unless_given = [](std::size_t& field, std::size_t value) {
      if (field == 0) field = value;
    };
    options.tier = sensitivity::Tier::kExact;
    unless_given(options.mixes, 20);
    unless_given(options.upgrade_points, 8);
    unless_given(options.naive, 4);
  }
  if (const Status ok = read_rules(words.scales, options.scales); !ok) return ok;
  if (const Status ok = read(words.score, options.scores); !ok) return ok;
  return read_settings(words.settings, options.what, options.settings);
}

Status read(const SearchWords& words, SearchOptions& options) {
  options.formats = or_default(words.formats, kSearchFormats);
  options.activations = or_default(words.activations, kSearchActivations);
  options.pairs = quant::split_formats(words.pairs);
  auto what = read_what(words.what, false);
  if (!what) return what.error();
  options.what = *what;
  if (*what == Operand::kWeight) {
    if (const Status ok = check_inputs_unused(words); !ok) return ok;
  }
  if (const Status ok = read_settings(words.settings, {&*what, 1}, options.settings); !ok)
    return ok;
  if (const Status ok = read(words.score, options.scores); !ok) return ok;
  auto rule = quant::parse_scale_rule(words.scale);
  if (!rule) return of_field(rule.error(), "scale");
  options.scale = *rule;
  auto activation_rule = quant::parse_scale_rule(words.activation_rule);
  if (!activation_rule) return of_field(activation_rule.error(), "activation_rule");
  options.activation_rule = *activation_rule;
  read_table(words.table, options.table);
  for (const auto& [cost, texts] : words.budgets) {
    for (const std::string& text : texts) {
      auto budget = tuning::parse_budget(cost, text);
      if (!budget) return budget.error();
      options.budgets.push_back(std::move(*budget));
    }
  }
  if (words.max_drop.empty()) return success();
  auto drop = parse_drop(words.max_drop);
  if (!drop) return drop.error();
  options.max_drop = *drop;
  return success();
}

Status read(const CostWords& words, CostOptions& options) {
  const bool recipe = !options.recipe.empty();
  if (recipe && !words.formats.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "`recipe` and `formats` name two things to cost",
                 .hint = "give one of them"};
  }
  if (recipe && words.activations != CostWords{}.activations) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "`activations` is for `formats`; a recipe has its own",
                 .hint = "leave it out"};
  }
  options.formats.clear();
  for (const std::string& text : or_default(words.formats, kCostFormats)) {
    auto format = formats::parse_format(text);
    if (!format) return of_field(format.error(), "formats");
    options.formats.push_back(*format);
  }
  options.activations.reset();
  if (words.activations != "same") {
    auto format = formats::parse_format(words.activations);
    if (!format) return of_field(format.error(), "activations");
    options.activations = *format;
  }
  auto settings = parse_settings(words.settings);
  if (!settings) return settings.error();
  options.settings = std::move(*settings);
  read_table(words.table, options.table);
  return success();
}

}  // namespace posittune::session

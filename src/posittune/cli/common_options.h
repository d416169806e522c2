#pragma once

// Common options, which several commands have: declared once, with one help text.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/metrics/scorer.h"
#include "posittune/model/select.h"
#include "posittune/session/words.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace posittune::cli {

// A check for CLI11, whose ranges let NaN through: empty for a number.
std::string is_number(const std::string& text);

// A model argument: a file, or one of the zoo's, which completion offers.
CLI::Option* offer_models(CLI::Option* option);

CLI::Option* declare_json(CLI::App& app, bool& json);
void declare_threads(CLI::App& app, int& threads);

// Declares --attention. `group`: of the help page; empty: with the other options.
void declare_attention(CLI::App& app, bool& attention, const std::string& group = {});
// Declares --include, --exclude and --attention.
void declare_selection(CLI::App& app, model::Selection& selection, const std::string& group = {});

// Declares an option that takes a list and may be given several times. `delimiter`: names of
// formats hold commas, so quant::split_formats() splits those lists.
CLI::Option* declare_list(CLI::App& app, const char* name, std::vector<std::string>& to,
                          const std::string& help, const std::string& group, char delimiter = ',');
// Declares --formats. `role`: what they are, for the help page. With `alternatives` those of
// weights may be "posit<6,*>" and "posit<6,0>|int6" too.
void declare_formats(CLI::App& app, std::vector<std::string>& formats, const std::string& role,
                     const char* usual, bool alternatives, const std::string& group);
// Declares --what, as one or several of the words of `allowed`: "w,a,wa". `usual`: the default.
void declare_what(CLI::App& app, std::vector<std::string>& what, const std::string& allowed,
                  const char* usual, const std::string& group);
void declare_what(CLI::App& app, std::string& what, const std::string& allowed,
                  const std::string& group);
// Declares --scale: rules for all formats, or one.
void declare_scales(CLI::App& app, std::vector<std::string>& scales, const char* usual,
                    const std::string& group);
void declare_scale(CLI::App& app, std::string& scale, const std::string& group);

// Declares how a job measures, as far as it has that.
void declare_measuring(CLI::App& app, session::Measuring& measuring, session::Job job,
                       const std::string& group);

// Declares --table, of MAC units, and which of its units and what energies of memory are costed.
void declare_table(CLI::App& app, std::string& table, session::TableChoice& choice,
                   const std::string& group);

// Declares which output is scored, by which task, and what its numbers are.
void declare_scores(CLI::App& app, session::ScoreWords& words, metrics::ScoreRequest& request,
                    const std::string& group);

// Declares a setting by the name of its entry: "granularity".
void declare_setting(CLI::App& app, std::string_view name, session::SettingsText& text,
                     const std::string& group);
// Declares all of them: how weights are rounded, when scales of inputs are chosen.
void declare_settings(CLI::App& app, session::SettingsText& text, const std::string& group);

}  // namespace posittune::cli

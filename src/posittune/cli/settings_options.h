#pragma once

// Options of every command that applies formats: which elements share a scale, how weights are
// rounded, when scales of inputs are chosen.

#include <string>
#include <vector>

#include "posittune/session/settings.h"

namespace CLI {
class App;
}

namespace posittune::cli {

// `text` holds the command's defaults.
void declare_settings(CLI::App& app, session::SettingsText& text, const std::string& group);

// Rules stay as they are where `scales` names none. kUsage for words that are not known.
Status read_settings(const session::SettingsText& text, const std::vector<std::string>& scales,
                     session::Settings& settings, std::vector<quant::ScaleRule>& rules);

}  // namespace posittune::cli

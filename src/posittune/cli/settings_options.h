#pragma once

// Options of every command that applies formats: which elements share a scale, how weights are rounded, when scales of inputs
// are chosen.

#include <string>

#include "posittune/session/settings.h"

namespace CLI {
class App;
}

namespace posittune::cli {

// `text` holds the command's defaults.
void declare_settings(CLI::App& app, session::SettingsText& text, const std::string& group);

}  // namespace posittune::cli

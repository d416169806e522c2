#pragma once

#include <string>

namespace posittune {

// The processor: name, family, model and stepping as the system shows them, "AMD EPYC (family 26,
// model 2, stepping 1)": virtual machines give one name to several generations. "unknown" where it
// shows none.
std::string processor();

}  // namespace posittune

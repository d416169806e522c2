#pragma once

#include <map>
#include <string>

namespace posittune::engine {

// versions(): what the last digits of results depend on, besides model, data and options. Keys of
// journals hold all of it.
//   sources   fingerprint()
//   openvino, onednn
//   products  product_paths(): this machine's
std::map<std::string, std::string> versions();

// 16 hex digits of a hash of the sources that decide results (cmake/PosittuneFingerprint.cmake):
// two builds with the same one measure the same.
const char* fingerprint();

// The version of oneDNN in use: "2.6.3".
std::string onednn_version();

}  // namespace posittune::engine

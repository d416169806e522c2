#pragma once

#include <map>
#include <string>

namespace posittune::engine {

// What results depend on, in their last digits at least, besides model, data and options. Keys of
// journals hold all of it.
//   sources   fingerprint()
//   openvino, onednn
//   products  product_paths(): this machine's
std::map<std::string, std::string> versions();

// 16 hex digits of a hash of the sources that decide results (cmake/PosittuneFingerprint.cmake):
// two builds with the same one measure the same.
const char* fingerprint();

// "2.6.3", of the library in use.
std::string onednn_version();

}  // namespace posittune::engine

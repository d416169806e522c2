# Writes the file OUTPUT with a hash of all sources that decide results, comments and white space left out:
#   cmake -DSOURCE=src/posittune -DOUTPUT=file -P this.
# Journals keep it in their keys: what another version measured is not served. Left out are the rooms that only price,
# draw, print or write models, and the kernels of devices, which no journal is written with.
file(GLOB_RECURSE files RELATIVE ${SOURCE} ${SOURCE}/*.cc ${SOURCE}/*.h)
list(FILTER files EXCLUDE REGEX "^(cli|report|exporter|hardware|cost|cuda)/|^[^/]*$")
list(SORT files)
if(NOT files)
  message(FATAL_ERROR "no sources in ${SOURCE}")
endif()
set(all "")
foreach(file IN LISTS files)
  file(READ ${SOURCE}/${file} text)
  string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  string(REGEX REPLACE "[ \t\r\n]+" "" text "${text}")
  string(SHA256 hash "${text}")
  string(APPEND all "${file} ${hash}\n")
endforeach()
string(SHA256 hash "${all}")
string(SUBSTRING ${hash} 0 16 hash)
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#include \"posittune/engine/versions.h\"

namespace posittune::engine {

const char* fingerprint() { return \"@hash@\"; }

}  // namespace posittune::engine
" @ONLY)

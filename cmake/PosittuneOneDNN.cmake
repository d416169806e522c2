# oneDNN. Debian's package is found by hand: its CMake file asks for OpenCL, which the CPU engine does not need.
find_path(DNNL_INCLUDE_DIR dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(posittune_onednn INTERFACE)
target_include_directories(posittune_onednn SYSTEM INTERFACE ${DNNL_INCLUDE_DIR})
# Debian's build runs on GNU OpenMP; the engine keeps it at one thread for each of its own.
target_link_libraries(posittune_onednn INTERFACE ${DNNL_LIBRARY} gomp)

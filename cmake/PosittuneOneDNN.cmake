# oneDNN. Debian's package is found by hand: its CMake file asks for OpenCL, which the CPU engine does not need.
# Imported targets, as in PosittuneOpenVINO: the installed package (cmake/posittuneConfig.cmake.in) makes them in the same way.
find_path(DNNL_INCLUDE_DIR dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(posittune::onednn INTERFACE IMPORTED)
target_include_directories(posittune::onednn SYSTEM INTERFACE ${DNNL_INCLUDE_DIR})
# Debian's build runs on GNU OpenMP; the engine keeps it at one thread for each of its own.
target_link_libraries(posittune::onednn INTERFACE ${DNNL_LIBRARY} gomp)

# OpenVINO comes as a Python wheel that holds headers, libraries and CMake files. OpenVINO_DIR may name another one.
if(NOT OpenVINO_DIR)
  execute_process(
    COMMAND ${Python3_EXECUTABLE} -c "import openvino.utils as u; print(u.get_cmake_path())"
    OUTPUT_VARIABLE OpenVINO_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
find_package(OpenVINO REQUIRED COMPONENTS Runtime)

# OpenVINO comes as a Python wheel that holds headers, libraries and CMake files. OpenVINO_DIR may name another one.
if(NOT OpenVINO_DIR)
  # Found without an import, which runs code of the package: on Python 3.13 the second such run printed the path twice.
  execute_process(
    COMMAND ${Python3_EXECUTABLE} -c "import importlib.util as u, os; print(os.path.join(os.path.dirname(u.find_spec('openvino').origin), 'cmake'))"
    OUTPUT_VARIABLE OpenVINO_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_VARIABLE reason RESULT_VARIABLE status)
  if(NOT status EQUAL 0 OR NOT EXISTS ${OpenVINO_DIR}/OpenVINOConfig.cmake)
    message(FATAL_ERROR "${Python3_EXECUTABLE} has no OpenVINO: ${reason} (status ${status}, looked in '${OpenVINO_DIR}')\n"
      "  do: pip install -r scripts/requirements.txt and -DPython3_EXECUTABLE=that Python, or -DOpenVINO_DIR=its cmake folder")
  endif()
endif()
find_package(OpenVINO REQUIRED COMPONENTS Runtime)

# One oneTBB per process: the one that OpenVINO brings, with the system's headers, which may be older (its ABI is stable).
find_package(TBB REQUIRED)
add_library(posittune::tbb INTERFACE IMPORTED)
target_include_directories(posittune::tbb SYSTEM INTERFACE $<TARGET_PROPERTY:TBB::tbb,INTERFACE_INCLUDE_DIRECTORIES>)
if(EXISTS ${OpenVINO_DIR}/../libs/libtbb.so.12)
  get_filename_component(posittune_openvino_libs ${OpenVINO_DIR}/../libs REALPATH)
  target_link_libraries(posittune::tbb INTERFACE ${posittune_openvino_libs}/libtbb.so.12)
  set_property(TARGET openvino::runtime PROPERTY IMPORTED_LINK_DEPENDENT_LIBRARIES_RELEASE "")
else()
  target_link_libraries(posittune::tbb INTERFACE TBB::tbb)
endif()

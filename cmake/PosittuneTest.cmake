find_package(GTest REQUIRED)

# Zero tests run is a failure: see tests/main.cc.
add_library(posittune_test_main STATIC ${PROJECT_SOURCE_DIR}/tests/main.cc)
target_link_libraries(posittune_test_main PUBLIC posittune_compile GTest::gtest)
target_include_directories(posittune_test_main PUBLIC ${PROJECT_SOURCE_DIR})

# A test's own code compiles longer than it runs, so that it is optimized less: sweeps are the exception.
# posittune_add_test(NAME SOURCES files LIBS libraries LABELS labels TIMEOUT seconds)
function(posittune_add_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE posittune_test_main ${TEST_LIBS})
  if(NOT TEST_LABELS MATCHES "sweep|kernels|formats|quant")
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 600)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT ${TEST_TIMEOUT})
  set_property(GLOBAL APPEND PROPERTY posittune_tests ${name})
  set_property(TARGET ${name} PROPERTY posittune_labels "${TEST_LABELS}")
endfunction()

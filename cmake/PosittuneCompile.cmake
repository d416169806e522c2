# Flags of everything we compile.

add_library(posittune_compile INTERFACE)
target_include_directories(posittune_compile INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(posittune_compile INTERFACE
  -Wall -Wextra -Wconversion -Wshadow
  # A contracted multiply-add would differ between targets; results are promised to the bit.
  -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Nobody replaces our functions: without this g++ inlines none of those that a shared library shows.
  target_compile_options(posittune_compile INTERFACE -fno-semantic-interposition)
endif()
if(POSITTUNE_WERROR)
  target_compile_options(posittune_compile INTERFACE -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
    # g++ 12 and 13 see overlapping copies inside std::string where there are none (GCC bug 105329).
    target_compile_options(posittune_compile INTERFACE -Wno-restrict)
  endif()
endif()
if(POSITTUNE_SANITIZE)
  target_compile_options(posittune_compile INTERFACE
    -fsanitize=${POSITTUNE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(posittune_compile INTERFACE -fsanitize=${POSITTUNE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code makes g++ 12 find std::regex's own members uninitialized (GCC bug 105562).
    target_compile_options(posittune_compile INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
if(POSITTUNE_SIMD)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_definitions(posittune_compile INTERFACE POSITTUNE_SIMD=1)
  else()
    message(STATUS "no vector kernels for ${CMAKE_SYSTEM_PROCESSOR}: scalar only")
    set(POSITTUNE_SIMD OFF)
  endif()
endif()
set(POSITTUNE_AVX2_FLAGS -mavx2 -mbmi2)
set(POSITTUNE_AVX512_FLAGS -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mbmi2)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 finds the _mm512_undefined_* of its own header uninitialized (GCC bug 105593).
  list(APPEND POSITTUNE_AVX512_FLAGS -Wno-maybe-uninitialized -Wno-uninitialized)
  if(POSITTUNE_SANITIZE MATCHES address)
    # The fake frames in which g++ 13 and later look for uses after return are aligned to less than the 64 bytes that
    # their code for vectors takes for granted (seen with 14.2: SIGSEGV in a vmovaps).
    list(APPEND POSITTUNE_AVX512_FLAGS --param=asan-use-after-return=0)
  endif()
endif()

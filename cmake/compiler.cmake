# One compiler for every build. g++ 12 miscompiles common coroutine forms (docs/decisions/0001-clang.md).
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Sallyport is built with clang 19 or newer (found ${CMAKE_CXX_COMPILER_ID} "
    "${CMAKE_CXX_COMPILER_VERSION}): g++ 12 miscompiles coroutines. Use ./dev build, or -DCMAKE_CXX_COMPILER=clang++-19.")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(SP_ASAN "address and undefined behaviour sanitizers, the fuzz targets, and which lines of codec/ and policy/ are run" OFF)
option(SP_TSAN "thread sanitizer" OFF)
option(SP_PROFILE "count what is run how often, for the profile by which releases are laid out" OFF)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Wunused -Wno-missing-designated-field-initializers -Werror -fno-omit-frame-pointer -fstack-protector-strong -fcolor-diagnostics)
add_compile_options(-pthread)
add_link_options(-fuse-ld=lld-19 -Wl,-z,relro,-z,now)
# Plain Release is what people run: hardened where it costs nothing that was measured.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS")
# Link-time optimisation (ThinLTO) for the same: calls between the layers are short and many. What was generated before is
# kept, so that a change of one file does not generate the program anew.
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION_RELEASE ON)
add_link_options($<$<CONFIG:Release>:-Wl,--thinlto-cache-dir=${CMAKE_BINARY_DIR}/lto>)
# And by a profile of what is run how often (docs/decisions/0011-profile.md). A function that has changed since it was
# taken is compiled without; ./dev profile takes a new one. Names in it are those of files, not of where the checkout is.
add_compile_options("$<$<CONFIG:Release>:SHELL:-mllvm -static-func-full-module-prefix=false>")
if(SP_PROFILE)
  add_compile_options(-fprofile-generate)
  add_link_options(-fprofile-generate)
elseif(CMAKE_BUILD_TYPE STREQUAL Release)
  include(profile)
endif()
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -gline-tables-only -D_GLIBCXX_ASSERTIONS")
if(SP_ASAN)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  # Programs whose lines nobody asks for say nothing of them.
  add_link_options(-fsanitize=address,undefined -fprofile-instr-generate=/dev/null)
endif()
if(SP_TSAN)
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
endif()
# What nearly every file includes, compiled once. Not for debug: there a file has to include what it uses.
if(SP_ASAN OR SP_TSAN OR CMAKE_BUILD_TYPE STREQUAL Release)
  set(SP_PRECOMPILE ON)
endif()

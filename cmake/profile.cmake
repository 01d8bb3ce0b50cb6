# Compiles by the profile in release.proftext: text in the repository, so that it can be read; the compiler wants it
# indexed. The name has its hash, so that a new profile makes everything anew.
set(SP_PROFILE_TEXT ${CMAKE_SOURCE_DIR}/cmake/release.proftext)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${SP_PROFILE_TEXT})
file(SHA1 ${SP_PROFILE_TEXT} SP_PROFILE_HASH)
set(SP_PROFILE_DATA ${CMAKE_BINARY_DIR}/profile-${SP_PROFILE_HASH}.profdata)
find_program(SP_PROFDATA NAMES llvm-profdata-19 llvm-profdata REQUIRED)
execute_process(COMMAND ${SP_PROFDATA} merge -o ${SP_PROFILE_DATA} ${SP_PROFILE_TEXT} COMMAND_ERROR_IS_FATAL ANY)
add_compile_options(-fprofile-use=${SP_PROFILE_DATA})
# It may be older than a function, or may not have it.
add_compile_options(-Wno-profile-instr-out-of-date -Wno-profile-instr-unprofiled -Wno-backend-plugin)

# Options that make bugs in C harder to exploit, as in distributions' builds. They are off under
# sanitizers, whose checks the checked string functions would bypass.
#   quern_hardening         compile options of all sources
#   quern_harden(<target>)  linker options of a program or a shared library
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckLinkerFlag)
include(CheckPIESupported)
include(CMakePushCheckState)
add_library(quern_hardening INTERFACE)
# format strings must be literals
target_compile_options(quern_hardening INTERFACE -Wformat=2)
if(NOT QUERN_HARDEN OR QUERN_SANITIZE)
  function(quern_harden target)
  endfunction()
  return()
endif()

# quern_add_if_known(<option>...): adds the options that the compiler accepts without a warning.
function(quern_add_if_known)
  foreach(option IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "QUERN_HAS${option}" known)
    cmake_push_check_state(RESET)
    set(CMAKE_REQUIRED_FLAGS -Werror)
    check_c_compiler_flag(${option} ${known})
    cmake_pop_check_state()
    if(${known})
      target_compile_options(quern_hardening INTERFACE ${option})
    endif()
  endforeach()
endfunction()
# Stack canaries; no stack frame that skips the guard page; indirect jumps to functions only.
quern_add_if_known(-fstack-protector-strong -fstack-clash-protection -fcf-protection)

# String and memory functions that check their destination's size. Without optimization they have
# no effect, and glibc warns.
cmake_push_check_state(RESET)
set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
check_c_source_compiles("#include <string.h>\nint main(void) { return 0; }" QUERN_HAS_FORTIFY_3)
cmake_pop_check_state()
set(fortify -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$<IF:$<BOOL:${QUERN_HAS_FORTIFY_3}>,3,2>)
target_compile_options(quern_hardening INTERFACE
                       "$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:${fortify}>")

# Position-independent code; relocations are read-only once the loader has finished.
if(QUERN_BUILD_CLI)
  check_pie_supported()
endif()
set(quern_hard_link)
foreach(keyword IN ITEMS relro now noexecstack)
  check_linker_flag(C LINKER:-z,${keyword} QUERN_HAS_z_${keyword})
  if(QUERN_HAS_z_${keyword})
    list(APPEND quern_hard_link LINKER:-z,${keyword})
  endif()
endforeach()
function(quern_harden target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_options(${target} PRIVATE ${quern_hard_link})
endfunction()

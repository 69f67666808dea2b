# quern_warnings: the warnings of which all targets are free, and the sanitizers if enabled.
add_library(quern_warnings INTERFACE)
target_compile_options(quern_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
target_compile_definitions(quern_warnings INTERFACE QUERN_CHECK_STATUS)
if(QUERN_WERROR)
  target_compile_options(quern_warnings INTERFACE -Werror)
endif()
if(QUERN_SANITIZE)
  set(sanitizers "${QUERN_SANITIZE}")
  if(sanitizers MATCHES "undefined")
    # "undefined" does not include these two. Converting a double that does not fit, or a NaN, to a
    # count gives any number.
    string(APPEND sanitizers ",float-cast-overflow,float-divide-by-zero")
  endif()
  target_compile_options(quern_warnings INTERFACE -fsanitize=${sanitizers} -fno-omit-frame-pointer
                                                  -fno-sanitize-recover=all)
  target_link_options(quern_warnings INTERFACE -fsanitize=${sanitizers})
endif()
# The address sanitizer searches for __cxa_throw when a program starts, and without it ends the
# program at the first exception. Mesa's Clover throws one when the OpenCL loader opens it, so the
# C++ library is linked from the start, by its file, because quern does not need g++.
if(QUERN_SANITIZE MATCHES "address")
  find_library(QUERN_STDCXX NAMES libstdc++.so.6 stdc++)
  mark_as_advanced(QUERN_STDCXX)
  if(QUERN_STDCXX)
    target_link_options(quern_warnings INTERFACE
                        "SHELL:-Wl,--push-state,--no-as-needed ${QUERN_STDCXX} -Wl,--pop-state")
  endif()
endif()
